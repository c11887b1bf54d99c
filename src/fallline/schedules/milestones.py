"""Milestones: the rate falls by a factor at given steps."""

from __future__ import annotations

from ..allowed import FACTOR, Wholes, options
from ..scalar import integer_power
from .schedule import Schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Milestones(Schedule):
    """rate(k) = base * gamma^r, r the number of milestones up to k - 1.

    A milestone m is the number of steps done before the rate falls: step m + 1 is the first of the smaller rate.
    milestones: increasing; open, a half and three quarters of the run (the paper's 32k and 48k of 64k). gamma: (0, 1].
    torch: MultiStepLR(milestones, gamma). optax: piecewise_constant_schedule(base, {m: gamma, ...}).
    """

    name = "milestones"
    formula = "base * gamma^r, r milestones up to t = k - 1"
    paper = "He, Zhang, Ren & Sun (2016), Deep Residual Learning for Image Recognition, §4.2"
    ranges = options(milestones=Wholes(), gamma=FACTOR)
    left_open = ("milestones",)

    milestones: tuple[int, ...]
    gamma: float

    def __init__(self, milestones: Sequence[int] | None = None, gamma: float = 0.1):
        self._set(milestones=milestones, gamma=gamma)

    def _filled(self, option: str, steps: int) -> list[int]:
        return sorted({max(steps // 2, 1), max(3 * steps // 4, 1)})

    def rate(self, k: int, base: float) -> float:
        passed = 0
        for milestone in self.milestones:
            passed += milestone < k
        return base * integer_power(self.gamma, passed)
