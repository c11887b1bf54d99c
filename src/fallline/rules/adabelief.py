"""AdaBelief: Adam divided by how far gradients fall from their average, not by how large they are."""

from __future__ import annotations

from ..scalar import sqrt
from .bias_corrected import BiasCorrected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar


def adabelief(
    g: float,
    m: float,
    s: float,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    m_correction: float,
    s_correction: float,
) -> tuple[float, float, float]:
    m = beta1 * m + (1.0 - beta1) * g
    s = beta2 * s + (1.0 - beta2) * (g - m) * (g - m) + epsilon
    m_hat = m / m_correction
    s_hat = s / s_correction
    return rate * m_hat / (sqrt(s_hat) + epsilon), m, s


def adabelief_scale(
    m: float,
    s: float,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    m_correction: float,
    s_correction: float,
) -> float:
    s_hat = s / s_correction
    return rate / (sqrt(s_hat) + epsilon)


class AdaBelief(BiasCorrected):
    """m <- beta1 * m + (1 - beta1) * g;  s <- beta2 * s + (1 - beta2) * (g - m)² + epsilon;  both start at 0.
    theta <- theta - rate * m_hat / (sqrt(s_hat) + epsilon), m_hat = m / (1 - beta1^k), s_hat = s / (1 - beta2^k).

    Epsilon is added to s in every step and to its root (the paper; optax, whose eps and eps_root are two). Its unit
    is in one place gradient², so it is small: 1e-16 (optax, the authors' later default; the paper's text has 1e-8).
    The rate has the parameter's own unit. Stored point: theta itself. First step: rate * sign(g) / beta1, nearly.
    Stable while the curvature, divided parameter by parameter, is below (2 + 2 beta1) / ((1 - beta1) * rate); since s
    vanishes where gradients do not vary, noiseless descents end in small oscillations.
    """

    name = "adabelief"
    paper = "Zhuang et al. (2020), AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients"
    formula = (
        "m <- beta1 * m + (1 - beta1) * g;  s <- beta2 * s + (1 - beta2) * (g - m)² + epsilon;  "
        "theta <- theta - rate * (m / (1 - beta1^k)) / (sqrt(s / (1 - beta2^k)) + epsilon)"
    )
    defaults: ClassVar[dict[str, float | bool]] = {**BiasCorrected.defaults, "epsilon": 1e-16}
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {"optax": {}}
    step = staticmethod(adabelief)
    scale = staticmethod(adabelief_scale)
    state = ("m", "s")
