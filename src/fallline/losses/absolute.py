"""The absolute loss: what it predicts is the median."""

from __future__ import annotations

from ..scalar import sign
from .loss import Loss


def absolute(score: float, target: float) -> tuple[float, float]:
    residual = score - target
    return abs(residual), sign(residual)


class Absolute(Loss):
    """|score - target|, for a target that is a number; what it predicts is the median. Laplace (1774).

    At a residual of 0 the slope is 0, one of the subgradients there (scikit-learn's is -1). It has no second
    derivative that says anything: it is 0 wherever it exists. The intercept starts at the mean target: the slope
    says nothing of the distance. The value is that of scikit-learn's `AbsoluteError` and of torch's `l1_loss`.
    """

    name = "absolute"
    formula = "|score - target|"
    other_names = ("absolute_error", "mae", "l1_loss")
    row = staticmethod(absolute)
    starts_at_mean = True
