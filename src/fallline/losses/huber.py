"""Huber's loss: squared for small residuals, absolute for large ones."""

from __future__ import annotations

from ..allowed import POSITIVE
from ..scalar import maximum, minimum, sign, where
from .loss import Loss

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from ..allowed import Interval


def huber(score: float, target: float, delta: float) -> tuple[float, float]:
    residual = score - target
    distance = abs(residual)
    near = minimum(distance, delta)
    slope = where(distance < delta, residual, delta * sign(residual))
    return near * (distance - 0.5 * near), slope


def huber_second(score: float, target: float, delta: float) -> float:
    return where(abs(score - target) < delta, 1.0, 0.0)


def huber_bound(score: float, target: float, delta: float) -> float:
    """Twice the curvature of the sharpest parabola that lies above the loss and touches it here, which is slope /
    residual; at most 1. Twice, for residuals become smaller on the way."""
    return minimum(1.0, 2.0 * delta / maximum(abs(score - target), delta))


class Huber(Loss):
    """½ residual² where |residual| < delta, else delta (|residual| - ½ delta), with residual = score - target.

    Huber (1964), "Robust estimation of a location parameter". delta is in the target's units, above 0. The value is
    that of scikit-learn's `HuberLoss` and SGD (its `epsilon`) and of torch's `huber_loss`, the half included.
    The second derivative is 1 inside delta and 0 outside. Planning takes min(1, 2 delta / |residual|): at the start all
    rows may be outside (de Leeuw and Lange (2009), "Sharp quadratic majorization in one dimension"). The intercept
    starts at the mean target: from far away the slope says nothing of the distance.
    """

    name = "huber"
    formula = "½ residual² where |residual| < delta, else delta (|residual| - ½ delta); residual = score - target"
    other_names = ("huber_loss",)
    ranges: ClassVar[dict[str, Interval]] = {"delta": POSITIVE}
    defaults: ClassVar[dict[str, float]] = {"delta": 1.35}
    delta: float
    row = staticmethod(huber)
    second = staticmethod(huber_second)
    bound = staticmethod(huber_bound)
    starts_at_mean = True
