"""NAdam: Adam with Nesterov's look ahead, and a momentum that grows towards beta1."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE, SWITCH, Interval, Switch
from ..scalar import exp, log, sqrt
from .bias_corrected import AVERAGES, BiasCorrected
from .rule import Numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

LOG_096 = log(0.96)


def nadam(
    g: float,
    m: float,
    v: float,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    g_share: float,
    m_share: float,
    v_correction: float,
) -> tuple[float, float, float]:
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    m_hat = m_share * m + g_share * g  # mu_(k+1) / (1 - mu_1 … mu_(k+1)) and (1 - mu_k) / (1 - mu_1 … mu_k)
    v_hat = v / v_correction
    return rate * m_hat / (sqrt(v_hat) + epsilon), m, v


def nadam_scale(
    m: float,
    v: float,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    g_share: float,
    m_share: float,
    v_correction: float,
) -> float:
    v_hat = v / v_correction
    return rate * (m_share + g_share) / (sqrt(v_hat) + epsilon)


class NAdam(BiasCorrected):
    """m and v as in Adam;  m_hat = mu_(k+1) * m / (1 - mu_1 … mu_(k+1)) + (1 - mu_k) * g / (1 - mu_1 … mu_k)
    theta <- theta - rate * m_hat / (sqrt(v_hat) + epsilon), mu_k = beta1 * (1 - 0.5 * 0.96^(k * momentum_decay)).

    The rate has the parameter's own unit. Stored point: theta itself, which is the point looked ahead to. First step:
    rate * sign(g) * (1 + mu_2 * (1 - beta1) / (1 - mu_1 * mu_2)), nearly. Stable in every step while the curvature,
    divided parameter by parameter, is below (2 + 2 beta1) / ((1 + beta1 - 2 beta1 * mu_1) * rate). momentum_decay is
    0.004 in the paper and torch, 1 in keras. `momentum_schedule=False`: mu_k = beta1 in every step (optax).
    """

    name = "nadam"
    paper = "Dozat (2016), Incorporating Nesterov Momentum into Adam, Algorithm 2 and section 3"
    formula = (
        "m <- beta1 * m + (1 - beta1) * g;  v <- beta2 * v + (1 - beta2) * g²;  "
        "m_hat = mu_(k+1) * m / (1 - mu_1 … mu_(k+1)) + (1 - mu_k) * g / (1 - mu_1 … mu_k);  "
        "theta <- theta - rate * m_hat / (sqrt(v / (1 - beta2^k)) + epsilon);  "
        "mu_k = beta1 * (1 - 0.5 * 0.96^(k * momentum_decay)), or beta1 without momentum_schedule"
    )
    ranges: ClassVar[dict[str, Interval | Switch]] = {
        **AVERAGES,
        "momentum_decay": NOT_NEGATIVE,
        "momentum_schedule": SWITCH,
    }
    defaults: ClassVar[dict[str, float | bool]] = {
        **BiasCorrected.defaults,
        "momentum_decay": 0.004,
        "momentum_schedule": True,
    }
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {
        "torch": {"learning_rate": 2e-3},
        "optax": {"momentum_schedule": False},
        "keras": {"learning_rate": 1e-3, "epsilon": 1e-7, "momentum_decay": 1.0},
    }
    step = staticmethod(nadam)
    scale = staticmethod(nadam_scale)
    momentum_decay: float
    momentum_schedule: bool

    def mu(self, k: int) -> float:
        return self.beta1 * (1.0 - 0.5 * exp(k * self.momentum_decay * LOG_096) * self.momentum_schedule)

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        product, beta2_power = carry[0] * self.mu(k), carry[1] * self.beta2
        g_share = (1.0 - self.mu(k)) / (1.0 - product)
        m_share = self.mu(k + 1) / (1.0 - product * self.mu(k + 1))
        return (rate, self.beta1, self.beta2, self.epsilon, g_share, m_share, 1.0 - beta2_power), (product, beta2_power)

    @property
    def stability(self) -> float:
        return 2.0 * (1.0 + self.beta1) / (1.0 + self.beta1 - 2.0 * self.beta1 * self.mu(1))
