"""The squared loss, without a half: its slope is 2 (score - target)."""

from __future__ import annotations

from .loss import Loss


def squared(score: float, target: float) -> tuple[float, float]:
    residual = score - target
    return residual * residual, 2.0 * residual


def squared_second(score: float, target: float) -> float:
    return 2.0


class Squared(Loss):
    """(score - target)², for a target that is a number; what it predicts is the mean.

    scikit-learn's `squared_error` in `SGDRegressor` and in its generalized linear models has a half of it; torch's
    `mse_loss` has not.
    """

    name = "squared"
    formula = "(score - target)²"
    other_names = ("squared_error", "squared_loss", "mse", "mse_loss", "l2_loss")
    row = staticmethod(squared)
    second = staticmethod(squared_second)
