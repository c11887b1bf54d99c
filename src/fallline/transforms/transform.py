"""What every transform has in common: its place in a step, and what it takes there."""

from __future__ import annotations

from ..named import Named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar

    from ..rules.rule import Numbers

GRADIENT, STEP, DECAY, AVERAGE, ACCUMULATION = "gradient", "step", "decay", "average", "accumulation"
PLACES = (ACCUMULATION, GRADIENT, STEP, DECAY, AVERAGE)  # in the order of a step


class Transform(Named):
    """A change to every step, at one place of it. `numbers(k, rate)`: what it takes in step k (from 1) at this rate.

    gradient, step: `finish(*sums, *numbers)` -> factor; the sums over all parameters, in the order of the law, are of
    `term(value, theta)` (a number or a tuple; without it there are none), value being the gradient or the step of one
    parameter. `apply(value, factor)` is what becomes of it, and `share(value, factor)` that by which the rule's `scale`
    is multiplied. decay: its one number multiplies theta. average: `average(mean, theta, share)` after each step, with
    its one number as share; the mean, from theta(0), is the answer. accumulation: so many `batches` make one step.
    """

    place: ClassVar[str]
    term: Callable[..., Any] | None = None
    finish: Callable[..., float] | None = None
    apply: Callable[[float, float], float] | None = None
    share: Callable[[float, float], float] | None = None
    average: Callable[[float, float, float], float] | None = None
    batches: int = 1

    def numbers(self, k: int, rate: float) -> Numbers:
        return ()


def whole(value: float, factor: float) -> float:
    """The share of a transform that multiplies every value by one factor."""
    return factor


def scaled(value: float, factor: float) -> float:
    return value * factor


def average(mean: float, theta: float, share: float) -> float:
    return (1.0 - share) * mean + share * theta
