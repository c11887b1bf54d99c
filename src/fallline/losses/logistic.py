"""The logistic loss for a target of 0 or 1: the negative log-likelihood of a Bernoulli trial."""

from __future__ import annotations

from ..scalar import exp, log1p, maximum, where
from .loss import Loss


def share(score: float, e: float) -> float:
    """1 / (1 + exp(-score)), from e = exp(-|score|), which cannot overflow."""
    return where(score < 0.0, e, 1.0) / (1.0 + e)


def logistic(score: float, target: float) -> tuple[float, float]:
    e = exp(-abs(score))
    return maximum(score, 0.0) - score * target + log1p(e), share(score, e) - target


def sigmoid(score: float) -> float:
    return share(score, exp(-abs(score)))


def logistic_second(score: float, target: float) -> float:
    probability = sigmoid(-abs(score))
    return probability * (1.0 - probability)


class Logistic(Loss):
    """log(1 + exp(score)) - score * target, for two classes: the target is 1 for the second and 0 for the first.

    Its value is scikit-learn's `log_loss` and torch's `binary_cross_entropy_with_logits`.
    """

    name = "logistic"
    formula = "log(1 + exp(score)) - score * target"
    other_names = ("log_loss", "binary_cross_entropy", "bce", "binary_crossentropy", "half_binomial")
    row = staticmethod(logistic)
    second = staticmethod(logistic_second)
    inverse_link = staticmethod(sigmoid)
    probability = staticmethod(sigmoid)
    classes = True
    score_name = "log-odds"
