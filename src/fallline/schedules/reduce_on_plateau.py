"""Reduce on plateau: the rate falls by a factor when the loss has not improved for a while."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE, SHARE, SHRINKING, Whole, options
from ..scalar import maximum
from .schedule import Schedule

NEGLIGIBLE = 1e-8  # of base


class ReduceOnPlateau(Schedule):
    """rate(k) = base * product. At the end of an epoch: product <- maximum(product * factor, min_rate) after more than
    `patience` bad epochs in a row, and the `cooldown` epochs after that count none as bad.

    An epoch is bad unless its loss < best * (1 - threshold), best the lowest loss so far that was not bad. The loss is
    the mean training loss over the epoch, each batch's before its update. patience and cooldown: epochs. min_rate: the
    lowest rate as a fraction of base. Where `fit` chooses the epochs, it goes on while the rate is above min_rate, and
    above a 1e-8 of base, from which no further reduction changes anything.
    torch: ReduceLROnPlateau(factor=..., patience=..., threshold=..., cooldown=..., min_lr=min_rate * base, eps=0.0),
    mode "min", threshold_mode "rel". Its eps (1e-8) leaves out reductions smaller than that: here there is none.
    `plateau` is the automatic one of the same kind, with Fallline's own measure of a standstill and an end.
    """

    name = "reduce_on_plateau"
    steady = True
    formula = "base * product; product <- maximum(product * factor, min_rate) after more than patience bad epochs"
    paper = "Bengio (2012), Practical Recommendations for Gradient-Based Training of Deep Architectures; torch"
    ranges = options(
        factor=SHRINKING,
        patience=Whole(0),
        threshold=NOT_NEGATIVE,
        cooldown=Whole(0),
        min_rate=SHARE,
    )
    watches = True
    sees = True

    factor: float
    patience: int
    threshold: float
    cooldown: int
    min_rate: float

    def __init__(
        self,
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        cooldown: int = 0,
        min_rate: float = 0.0,
    ):
        self._set(factor=factor, patience=patience, threshold=threshold, cooldown=cooldown, min_rate=min_rate)
        self.product = 1.0
        self.best = float("inf")
        self.bad = 0
        self.cooling = 0

    def rate(self, k: int, base: float) -> float:
        return base * self.product

    def see(self, loss: float) -> None:
        if loss < self.best * (1.0 - self.threshold):
            self.best, self.bad = loss, 0
        else:
            self.bad += 1
        if self.cooling > 0:
            self.cooling, self.bad = self.cooling - 1, 0
        if self.bad > self.patience:
            self.product = maximum(self.product * self.factor, self.min_rate)
            self.cooling, self.bad = self.cooldown, 0

    def plateau(self, loss: float) -> bool:
        return self.product > maximum(self.min_rate, NEGLIGIBLE)
