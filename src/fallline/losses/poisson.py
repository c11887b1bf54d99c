"""The Poisson loss for counts, with a log link: half the deviance."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE
from ..scalar import exp, log, maximum, where
from .loss import Loss


def poisson(score: float, target: float) -> tuple[float, float]:
    mean = exp(score)
    best = where(target > 0.0, target * log(where(target > 0.0, target, 1.0)), 0.0) - target
    return (mean - target * score) + best, mean - target


def poisson_second(score: float, target: float) -> float:
    return exp(score)


def poisson_bound(score: float, target: float) -> float:
    """Twice the second derivative here or where the prediction is the target, whichever is larger: the exponential
    grows where a descent overshoots."""
    return 2.0 * maximum(exp(score), target)


class Poisson(Loss):
    """exp(score) - target * score + (target log(target) - target), for targets of at least 0: half the deviance.

    The prediction is exp(score). The constant in brackets makes the loss 0 for a perfect prediction, and never
    negative. scikit-learn's `PoissonRegressor` minimizes the same half deviance; its `HalfPoissonLoss` and torch's
    `poisson_nll_loss` leave the constant out. McCullagh and Nelder (1989), "Generalized Linear Models".
    The intercept starts at the log of the mean target: a start at 0 would mean 1, whatever the target's unit.
    """

    name = "poisson"
    formula = "exp(score) - target * score + target log(target) - target"
    other_names = ("half_poisson", "half_poisson_loss", "poisson_nll_loss")
    row = staticmethod(poisson)
    second = staticmethod(poisson_second)
    bound = staticmethod(poisson_bound)
    inverse_link = staticmethod(exp)
    link = staticmethod(log)
    domain = NOT_NEGATIVE
    starts_at_mean = True
    score_name = "log"
