"""Clipping by norm: a gradient that is too long keeps its direction and gets the length of the bound."""

from __future__ import annotations

from ..allowed import POSITIVE, options
from ..scalar import maximum, sqrt
from .transform import GRADIENT, Transform, scaled, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..rules.rule import Numbers


def square_of_gradient(g: float, theta: float) -> float:
    return g * g


def clip_factor(squares: float, bound: float) -> float:
    return bound / maximum(sqrt(squares), bound)


class ClipByNorm(Transform):
    """g <- g * bound / max(|g|, bound), |g| the Euclidean norm over all parameters, the intercept too.

    optax: clip_by_global_norm. torch's clip_grad_norm_ has min(1, bound / (|g| + 1e-6)). The bound has the gradient's
    unit: loss per unit of a scaled coefficient.
    """

    name = "clip_by_norm"
    formula = "g <- g * bound / max(|g|, bound)"
    paper = "Pascanu, Mikolov & Bengio (2013), On the difficulty of training recurrent neural networks, Algorithm 1"
    ranges = options(bound=POSITIVE)
    place = GRADIENT
    term = staticmethod(square_of_gradient)
    finish = staticmethod(clip_factor)
    apply = staticmethod(scaled)
    share = staticmethod(whole)

    bound: float

    def __init__(self, bound: float):
        self._set(bound=bound)

    def numbers(self, k: int, rate: float) -> Numbers:
        return (self.bound,)
