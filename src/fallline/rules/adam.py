"""Adam: momentum divided by the running size of the gradient, both corrected for their start at zero."""

from __future__ import annotations

from ..allowed import SWITCH, Interval, Switch
from ..scalar import sqrt
from .adam_epsilon_hat import adam_epsilon_hat, adam_epsilon_hat_scale
from .bias_corrected import AVERAGES, BiasCorrected
from .rule import Numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar

CORRECTED = "rate * (m / (1 - beta1^k)) / (sqrt(v / (1 - beta2^k)) + epsilon)"
EPSILON_HAT = "rate * sqrt(1 - beta2^k) / (1 - beta1^k) * m / (sqrt(v) + epsilon)"


def adam(
    g: float,
    m: float,
    v: float,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    m_correction: float,
    v_correction: float,
) -> tuple[float, float, float]:
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    m_hat = m / m_correction
    v_hat = v / v_correction
    return rate * m_hat / (sqrt(v_hat) + epsilon), m, v


def adam_scale(
    m: float,
    v: float,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    m_correction: float,
    v_correction: float,
) -> float:
    v_hat = v / v_correction
    return rate / (sqrt(v_hat) + epsilon)


class Adam(BiasCorrected):
    """m <- beta1 * m + (1 - beta1) * g;  v <- beta2 * v + (1 - beta2) * g²;  both start at 0.
    theta <- theta - rate * m_hat / (sqrt(v_hat) + epsilon), m_hat = m / (1 - beta1^k), v_hat = v / (1 - beta2^k).

    Epsilon stands outside the root, on the corrected one (the paper's Algorithm 1, torch, optax). The rate has the
    parameter's own unit. Stored point: theta itself. First step: rate * sign(g), nearly. Stable while the curvature,
    divided parameter by parameter by sqrt(v_hat) + epsilon, is below (2 + 2 beta1) / ((1 - beta1) * rate).
    `epsilon_hat`: epsilon on the uncorrected root, rate * sqrt(1 - beta2^k) / (1 - beta1^k) * m / (sqrt(v) + epsilon)
    (the end of the paper's section 2; keras, scikit-learn, river), so its weight falls from step to step.
    """

    name = "adam"
    products: tuple[str, ...] | None = ("beta1", "beta2")
    paper = "Kingma & Ba (2015), Adam: A Method for Stochastic Optimization, Algorithm 1"
    formula = f"m <- beta1 * m + (1 - beta1) * g;  v <- beta2 * v + (1 - beta2) * g²;  theta <- theta - {CORRECTED}"
    ranges: ClassVar[dict[str, Interval | Switch]] = {**AVERAGES, "epsilon_hat": SWITCH}
    defaults: ClassVar[dict[str, float | bool]] = {**BiasCorrected.defaults, "epsilon_hat": False}
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {
        "torch": {"learning_rate": 1e-3},
        "optax": {},
        "keras": {"learning_rate": 1e-3, "epsilon": 1e-7, "epsilon_hat": True},
        "sklearn": {"learning_rate": 1e-3, "epsilon_hat": True},
    }
    step: Callable[..., Any] = staticmethod(adam)
    scale: Callable[..., float] = staticmethod(adam_scale)

    epsilon_hat: bool

    def __init__(self, learning_rate: float | None = None, **options: Any):
        super().__init__(learning_rate, **options)
        if self.epsilon_hat:
            self.step, self.scale = adam_epsilon_hat, adam_epsilon_hat_scale
            self.products = None  # its numbers need a root
            self.formula = self.formula.replace(CORRECTED, EPSILON_HAT)

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        if not self.epsilon_hat:
            return super().numbers(k, rate, carry)
        m_correction, v_correction, carry = self.corrections(carry)
        return (rate, self.beta1, self.beta2, self.epsilon, sqrt(v_correction) / m_correction), carry
