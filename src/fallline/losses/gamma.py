"""The gamma loss for positive amounts, with a log link: half the deviance."""

from __future__ import annotations

from ..allowed import POSITIVE
from ..scalar import exp, log, maximum
from .loss import Loss


def gamma(score: float, target: float) -> tuple[float, float]:
    ratio = target * exp(-score)
    return (score - log(target)) + (ratio - 1.0), 1.0 - ratio


def gamma_second(score: float, target: float) -> float:
    return target * exp(-score)


def gamma_bound(score: float, target: float) -> float:
    """Twice the second derivative here or where the prediction is the target, whichever is larger: the exponential
    grows where a descent overshoots."""
    return 2.0 * maximum(target * exp(-score), 1.0)


class Gamma(Loss):
    """score - log(target) + target * exp(-score) - 1, for targets above 0: half the deviance.

    The prediction is exp(score). The loss is 0 for a perfect prediction, and never negative. scikit-learn's
    `GammaRegressor` minimizes the same half deviance; its `HalfGammaLoss` leaves out -log(target) - 1.
    McCullagh and Nelder (1989), "Generalized Linear Models". The intercept starts at the log of the mean target.
    """

    name = "gamma"
    formula = "score - log(target) + target * exp(-score) - 1"
    other_names = ("half_gamma", "half_gamma_loss")
    row = staticmethod(gamma)
    second = staticmethod(gamma_second)
    bound = staticmethod(gamma_bound)
    inverse_link = staticmethod(exp)
    link = staticmethod(log)
    domain = POSITIVE
    starts_at_mean = True
    score_name = "log"
