"""What a descent is about: rows, targets, weights, how features are scaled, and the loss."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..losses.loss import Loss


class Problem:
    """A table of n rows and d features and a loss of one linear score a row.

    features: n rows of d floats, as they stand in the table. means, inverse_scales: d floats each; a feature enters as
    (x - mean) * inverse_scale, and one that is not scaled has mean 0.0 and inverse scale 1.0.
    warm: theta before step 1, where that is given.
    targets, weights: n floats. theta holds the d coefficients of the scaled features and, with `intercept`, the
    intercept, which starts at start_score; all else starts at 0. Of a loss with K scores a row it holds d * K
    coefficients, that of feature j and class c at j * K + c, and K intercepts.
    """

    def __init__(
        self,
        features: Sequence[Sequence[float]],
        targets: Sequence[float],
        weights: Sequence[float],
        loss: Loss,
        means: Sequence[float],
        inverse_scales: Sequence[float],
        intercept: bool = True,
        start_score: float = 0.0,
    ):
        self.features, self.targets, self.weights = features, targets, weights
        self.loss, self.means, self.inverse_scales, self.intercept = loss, means, inverse_scales, intercept
        self.start_score = start_score
        self.warm: list[float] | None = None

    @property
    def rows(self) -> int:
        return len(self.targets)

    @property
    def columns(self) -> int:
        return len(self.means)

    @property
    def width(self) -> int:
        """How many numbers a step has to read of a row."""
        return self.columns

    @property
    def parameters(self) -> int:
        return (self.columns + self.intercept) * self.scores

    @property
    def scores(self) -> int:
        """How many scores a row has."""
        return self.loss.scores

    @property
    def parameter_scales(self) -> Sequence[float]:
        """The inverse scale that belongs to each coefficient."""
        if self.scores == 1:
            return self.inverse_scales
        return [inverse for inverse in self.inverse_scales for _ in range(self.scores)]

    @property
    def start(self) -> list[float]:
        """theta before step 1."""
        cold = [0.0] * (self.columns * self.scores) + [self.start_score] * (self.scores * self.intercept)
        return cold if self.warm is None else list(self.warm)
