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


LOGISTIC = Loss(
    "logistic",
    "log(1 + exp(score)) - score * target",
    logistic,
    logistic_second,
    sigmoid,
    classes=True,
    other_names=("log_loss", "binary_cross_entropy"),
)
