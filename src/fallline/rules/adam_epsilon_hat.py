"""Adam with the paper's epsilon-hat: the bias is corrected in the rate, and epsilon stands on the uncorrected root."""

from __future__ import annotations

from ..scalar import sqrt


def adam_epsilon_hat(
    g: float, m: float, v: float, rate: float, beta1: float, beta2: float, epsilon: float, correction: float
) -> tuple[float, float, float]:  # correction: sqrt(1 - beta2^k) / (1 - beta1^k)
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    return rate * correction * m / (sqrt(v) + epsilon), m, v


def adam_epsilon_hat_scale(
    m: float, v: float, rate: float, beta1: float, beta2: float, epsilon: float, correction: float
) -> float:
    return rate * correction / (sqrt(v) + epsilon)
