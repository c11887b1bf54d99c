"""AMSGrad in optax's form: the maximum is that of the corrected v."""

from __future__ import annotations

from ..scalar import maximum, sqrt


def amsgrad_of_corrected(
    g: float,
    m: float,
    v: float,
    top: float,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    m_correction: float,
    v_correction: float,
) -> tuple[float, float, float, float]:
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    m_hat = m / m_correction
    top = maximum(top, v / v_correction)
    return rate * m_hat / (sqrt(top) + epsilon), m, v, top


def amsgrad_of_corrected_scale(
    m: float,
    v: float,
    top: float,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    m_correction: float,
    v_correction: float,
) -> float:
    return rate / (sqrt(top) + epsilon)
