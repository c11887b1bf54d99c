"""RAdam in optax's form: epsilon stands on the corrected root, as in Adam."""

from __future__ import annotations

from ..scalar import sqrt, where


def radam_corrected(
    g: float,
    m: float,
    v: float,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    m_correction: float,
    v_correction: float,
    rectification: float,
) -> tuple[float, float, float]:
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    m_hat = m / m_correction
    divided = rectification * m_hat / (sqrt(v / v_correction) + epsilon)
    return rate * where(rectification > 0.0, divided, m_hat), m, v


def radam_corrected_scale(
    m: float,
    v: float,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    m_correction: float,
    v_correction: float,
    rectification: float,
) -> float:
    return rate * where(rectification > 0.0, rectification / (sqrt(v / v_correction) + epsilon), 1.0)
