"""The tail's average: the answer is the mean of the parameters over the last part of the run."""

from __future__ import annotations

from ..allowed import Interval, Whole, options
from .transform import AVERAGE, Transform, average

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..rules.rule import Numbers


class TailAverage(Transform):
    """The mean of theta over the last `fraction` of the steps that the run may take; before that, theta itself.

    start: the step after which the tail begins, if it is not to be found from the fraction. A run that ends earlier, by
    its tolerance, answers with the mean as far as it got, or with theta: give epochs, or a start, where that matters.
    """

    name = "tail_average"
    formula = "mean <- mean + (theta - mean) / max(1, k - start), start = (1 - fraction) * steps"
    paper = "Rakhlin, Shamir & Sridharan (2012), Making Gradient Descent Optimal for Strongly Convex …"
    ranges = options(fraction=Interval(0.0, 1.0, low_included=False, high_included=True), start=Whole(0))
    left_open = ("start",)
    place = AVERAGE
    average = staticmethod(average)

    fraction: float
    start: int

    def __init__(self, fraction: float = 0.5, start: int | None = None):
        self._set(fraction=fraction, start=start)

    def _filled(self, option: str, steps: int) -> int:
        return steps - max(int(self.fraction * steps), 1)

    def numbers(self, k: int, rate: float) -> Numbers:
        return (1.0 / max(k - self.start, 1),)
