"""The squared loss, without a half: its slope is 2 (score - target)."""

from __future__ import annotations

from .loss import Loss


def squared(score: float, target: float) -> tuple[float, float]:
    residual = score - target
    return residual * residual, 2.0 * residual


def squared_second(score: float, target: float) -> float:
    return 2.0


def identity(score: float) -> float:
    return score


SQUARED = Loss(
    "squared",
    "(score - target)²",
    squared,
    squared_second,
    identity,
    classes=False,
    other_names=("squared_error", "mse"),
)
