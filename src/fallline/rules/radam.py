"""RAdam: Adam that takes momentum's plain step until it has seen enough gradients to divide by their size."""

from __future__ import annotations

from ..allowed import INFINITY, SWITCH, Interval, Switch
from ..scalar import sqrt, where
from .bias_corrected import AVERAGES, BiasCorrected
from .radam_corrected import radam_corrected, radam_corrected_scale
from .rule import Numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar

HAT, CORRECTED = "sqrt(1 - beta2^k) / (sqrt(v) + epsilon)", "1 / (sqrt(v / (1 - beta2^k)) + epsilon)"


def radam(
    g: float,
    m: float,
    v: float,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    m_correction: float,
    factor: float,
) -> tuple[float, float, float]:  # factor: r * sqrt(1 - beta2^k), or 0
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    m_hat = m / m_correction
    return rate * where(factor > 0.0, factor * m_hat / (sqrt(v) + epsilon), m_hat), m, v


def radam_scale(
    m: float, v: float, rate: float, beta1: float, beta2: float, epsilon: float, m_correction: float, factor: float
) -> float:
    return rate * where(factor > 0.0, factor / (sqrt(v) + epsilon), 1.0)


class RAdam(BiasCorrected):
    """m and v as in Adam;  rho_k = rho - 2 k beta2^k / (1 - beta2^k), rho = 2 / (1 - beta2) - 1.  If rho_k > threshold
    theta <- theta - rate * r * m_hat * sqrt(1 - beta2^k) / (sqrt(v) + epsilon), else theta <- theta - rate * m_hat;
    r² = (rho_k - 4) (rho_k - 2) rho / ((rho - 4) (rho - 2) rho_k).

    Epsilon stands on the uncorrected root, and the threshold is 5 (torch); the paper's is 4 and it has no epsilon.
    The rate has the parameter's own unit once rectified, but parameter² / loss in the first steps (5 with the
    defaults), whose steps grow with the gradient. Stored point: theta itself. First step: rate * g. Stable where Adam
    is, once rectified. `epsilon_hat=False`: r * m_hat / (sqrt(v_hat) + epsilon) (optax, which also takes rho_k = 5).
    """

    name = "radam"
    paper = "Liu, Jiang, He, Chen, Liu, Gao & Han (2020), On the Variance of the Adaptive Learning Rate and Beyond"
    formula = (
        "m <- beta1 * m + (1 - beta1) * g;  v <- beta2 * v + (1 - beta2) * g²;  m_hat = m / (1 - beta1^k);  "
        f"theta <- theta - rate * m_hat * (r * {HAT} if rho_k > threshold, else 1);  "
        "rho_k = rho - 2 * k * beta2^k / (1 - beta2^k), rho = 2 / (1 - beta2) - 1;  "
        "r² = (rho_k - 4) * (rho_k - 2) * rho / ((rho - 4) * (rho - 2) * rho_k)"
    )
    ranges: ClassVar[dict[str, Interval | Switch]] = {
        **AVERAGES,
        "threshold": Interval(4.0, INFINITY),
        "epsilon_hat": SWITCH,
    }
    defaults: ClassVar[dict[str, float | bool]] = {**BiasCorrected.defaults, "threshold": 5.0, "epsilon_hat": True}
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {
        "torch": {"learning_rate": 1e-3},
        "optax": {"epsilon_hat": False},
    }
    step: Callable[..., Any] = staticmethod(radam)
    scale: Callable[..., float] = staticmethod(radam_scale)

    threshold: float
    epsilon_hat: bool

    def __init__(self, learning_rate: float | None = None, **options: Any):
        super().__init__(learning_rate, **options)
        if not self.epsilon_hat:
            self.step, self.scale = radam_corrected, radam_corrected_scale
            self.formula = self.formula.replace(HAT, CORRECTED)
        self.plain_steps = self._plain_steps()  # before the first that is rectified; 0 if none is: all are alike

    def _plain_steps(self) -> int:
        carry = self.start_carry()
        for k in range(1000):
            numbers, carry = self.numbers(k + 1, 1.0, carry)
            if numbers[-1] > 0.0:
                return k
        return 0

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        m_correction, v_correction, carry = self.corrections(carry)
        rho = 2.0 / (1.0 - self.beta2) - 1.0
        rho_k = rho - 2.0 * k * carry[1] / v_correction
        enough = rho_k > self.threshold  # at least 4, and rho is larger still
        square = (rho_k - 4.0) * (rho_k - 2.0) * rho / ((rho - 4.0) * (rho - 2.0) * rho_k) if enough else 0.0
        if self.epsilon_hat:
            return (rate, self.beta1, self.beta2, self.epsilon, m_correction, sqrt(square * v_correction)), carry
        return (rate, self.beta1, self.beta2, self.epsilon, m_correction, v_correction, sqrt(square)), carry
