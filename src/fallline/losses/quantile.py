"""The quantile loss: what it predicts is a quantile of the target."""

from __future__ import annotations

from ..allowed import Interval
from ..scalar import where
from .loss import Loss

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

LEVEL = Interval(0.0, 1.0, low_included=False)


def quantile(score: float, target: float, level: float) -> tuple[float, float]:
    residual = score - target
    slope = where(residual > 0.0, 1.0 - level, where(residual < 0.0, -level, residual))
    return slope * residual, slope


class Quantile(Loss):
    """(1 - level) residual above the target, -level residual below it; residual = score - target. Predicts the quantile
    of this level, above 0 and below 1.

    Koenker and Bassett (1978), "Regression quantiles". At a residual of 0 the slope is 0, one of the subgradients there
    (scikit-learn's is -level). It has no second derivative that says anything: it is 0 wherever it exists.
    The intercept starts at the mean target: the slope says nothing of the distance.
    The value is that of scikit-learn's `PinballLoss` and `mean_pinball_loss`; level 0.5 is half the absolute loss.
    """

    name = "quantile"
    formula = "(1 - level) residual above the target, -level residual below it; residual = score - target"
    other_names = ("pinball", "pinball_loss", "quantile_loss")
    ranges: ClassVar[dict[str, Interval]] = {"level": LEVEL}
    defaults: ClassVar[dict[str, float]] = {"level": 0.5}
    level: float
    row = staticmethod(quantile)
    starts_at_mean = True
