"""Reduce on plateau: full rate while the loss falls, then smaller rates for as long as smaller rates help."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE, SHARE, SHRINKING, Whole, options
from .schedule import Schedule


class Plateau(Schedule):
    """rate(k) = base * factor^r, r the number of reductions so far; in the first `warmup` steps `start` times that.

    At a constant rate the loss of mini-batch descent stops falling at a noise floor that is proportional to the
    rate. So whenever it stops, the rate is multiplied by `factor`; when a reduction has lowered the loss by less than
    `tolerance` (relative), noise is no longer what keeps it up, and there is no further rate to try. most: reductions.

    warmup, start: for a rule whose first steps are in another unit than the later ones (RAdam's are plain descent).
    """

    name = "plateau"
    formula = "base * factor^r, r reductions so far; start times that while k <= warmup"
    ranges = options(factor=SHRINKING, tolerance=NOT_NEGATIVE, most=Whole(0), warmup=Whole(0), start=SHARE)
    watches = True

    factor: float
    tolerance: float
    most: int
    warmup: int
    start: float

    def __init__(
        self, factor: float = 0.25, tolerance: float = 1e-4, most: int = 12, warmup: int = 0, start: float = 1.0
    ):
        self._set(factor=factor, tolerance=tolerance, most=most, warmup=warmup, start=start)
        self.steady = self.warmup == 0
        self.product = 1.0
        self.reductions = 0
        self.loss = float("inf")  # at the latest reduction

    def rate(self, k: int, base: float) -> float:
        rate = base * self.product
        return rate * self.start if k <= self.warmup else rate

    def plateau(self, loss: float) -> bool:
        helped = self.loss - loss > self.tolerance * loss
        if not helped or self.reductions == self.most:
            return False
        self.product = self.product * self.factor
        self.reductions += 1
        self.loss = loss
        return True
