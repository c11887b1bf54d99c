"""AMSGrad: Adam with a divisor that never shrinks, so that its steps cannot grow again."""

from __future__ import annotations

from ..allowed import SWITCH, Interval, Switch
from ..scalar import maximum, sqrt
from .amsgrad_of_corrected import amsgrad_of_corrected, amsgrad_of_corrected_scale
from .bias_corrected import AVERAGES, BiasCorrected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar

RAW = "top <- max(top, v);  theta <- theta - rate * (m / (1 - beta1^k)) / (sqrt(top / (1 - beta2^k)) + epsilon)"
CORRECTED = "top <- max(top, v / (1 - beta2^k));  theta <- theta - rate * (m / (1 - beta1^k)) / (sqrt(top) + epsilon)"


def amsgrad(
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
    top = maximum(top, v)
    m_hat = m / m_correction
    v_hat = top / v_correction
    return rate * m_hat / (sqrt(v_hat) + epsilon), m, v, top


def amsgrad_scale(
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
    v_hat = top / v_correction
    return rate / (sqrt(v_hat) + epsilon)


class AMSGrad(BiasCorrected):
    """m and v as in Adam;  top <- max(top, v), from 0;  v_hat = top / (1 - beta2^k)
    theta <- theta - rate * m_hat / (sqrt(v_hat) + epsilon).

    The maximum is that of the raw v, corrected afterwards (torch); the paper itself corrects no bias. The rate has
    the parameter's own unit. Stored point: theta itself. First step: Adam's, rate * sign(g), nearly. Stable where Adam
    with this divisor is. `maximum_of_corrected`: top <- max(top, v / (1 - beta2^k)) and v_hat = top (optax), which
    keeps the size of the first gradients for ever.
    """

    name = "amsgrad"
    paper = "Reddi, Kale & Kumar (2018), On the Convergence of Adam and Beyond, Algorithm 2"
    formula = f"m <- beta1 * m + (1 - beta1) * g;  v <- beta2 * v + (1 - beta2) * g²;  {RAW}"
    ranges: ClassVar[dict[str, Interval | Switch]] = {**AVERAGES, "maximum_of_corrected": SWITCH}
    defaults: ClassVar[dict[str, float | bool]] = {**BiasCorrected.defaults, "maximum_of_corrected": False}
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {
        "torch": {"learning_rate": 1e-3},
        "optax": {"maximum_of_corrected": True},
    }
    step: Callable[..., Any] = staticmethod(amsgrad)
    scale: Callable[..., float] = staticmethod(amsgrad_scale)
    state = ("m", "v", "top")

    maximum_of_corrected: bool

    def __init__(self, learning_rate: float | None = None, **options: Any):
        super().__init__(learning_rate, **options)
        if self.maximum_of_corrected:
            self.step, self.scale = amsgrad_of_corrected, amsgrad_of_corrected_scale
            self.formula = self.formula.replace(RAW, CORRECTED)
