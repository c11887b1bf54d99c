"""Clipping by value: no entry of the gradient is longer than a bound."""

from __future__ import annotations

from ..allowed import POSITIVE, options
from ..scalar import maximum, minimum
from .transform import GRADIENT, Transform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..rules.rule import Numbers


def the_bound(bound: float) -> float:
    return bound


def clip_value(g: float, bound: float) -> float:
    return minimum(maximum(g, -bound), bound)


def clip_value_share(g: float, bound: float) -> float:
    return bound / maximum(abs(g), bound)


class ClipByValue(Transform):
    """g <- min(max(g, -bound), bound), each entry of the gradient by itself. torch: clip_grad_value_. optax: clip.

    The bound has the gradient's unit: loss per unit of a scaled coefficient.
    """

    name = "clip_by_value"
    formula = "g <- min(max(g, -bound), bound)"
    paper = "Mikolov (2012), Statistical Language Models Based on Neural Networks, §3.2"
    ranges = options(bound=POSITIVE)
    place = GRADIENT
    finish = staticmethod(the_bound)
    apply = staticmethod(clip_value)
    share = staticmethod(clip_value_share)

    bound: float

    def __init__(self, bound: float):
        self._set(bound=bound)

    def numbers(self, k: int, rate: float) -> Numbers:
        return (self.bound,)
