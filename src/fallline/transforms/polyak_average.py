"""Polyak's average: the answer is the mean of all steps' parameters."""

from __future__ import annotations

from ..allowed import Whole, options
from .transform import AVERAGE, Transform, average

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..rules.rule import Numbers


class PolyakAverage(Transform):
    """mean <- mean + (theta - mean) / max(1, k - start): theta up to step start + 1, then the mean of steps since.

    The mean is the model's answer; the descent itself goes on from theta. torch: swa_utils.AveragedModel, updated after
    each step from start + 1 on.
    """

    name = "polyak_average"
    formula = "mean <- mean + (theta - mean) / max(1, k - start)"
    paper = "Polyak & Juditsky (1992), Acceleration of Stochastic Approximation by Averaging"
    ranges = options(start=Whole(0))
    place = AVERAGE
    average = staticmethod(average)

    start: int

    def __init__(self, start: int = 0):
        self._set(start=start)

    def numbers(self, k: int, rate: float) -> Numbers:
        return (1.0 / max(k - self.start, 1),)
