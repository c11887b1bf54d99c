"""Yogi: Adam whose divisor moves by at most a fixed share of g², so it forgets large gradients slowly."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE, SWITCH, Interval, Switch
from ..scalar import sign, sqrt
from .bias_corrected import AVERAGES, BiasCorrected
from .rule import Numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar


def yogi(
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
    v = v - (1.0 - beta2) * sign(v - g * g) * g * g
    m_hat = m / m_correction
    v_hat = v / v_correction
    return rate * m_hat / (sqrt(v_hat) + epsilon), m, v


def yogi_scale(
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


class Yogi(BiasCorrected):
    """m <- beta1 * m + (1 - beta1) * g, from m_start;  v <- v - (1 - beta2) * sign(v - g²) * g², from v_start.
    theta <- theta - rate * m / (sqrt(v) + epsilon).

    The paper's form: no bias is corrected, and m starts at 0; the paper leaves v's start open and optax has 1e-6.
    `bias_correction`: m / (1 - beta1^k) and v / (1 - beta2^k) in their place (optax, whose m starts at 1e-6 too: its
    first steps move even at a gradient of 0). The rate has the parameter's own unit. Stored point: theta itself.
    First step: rate * (1 - beta1) * g / (sqrt(v) + epsilon), v = v_start ± (1 - beta2) * g². Stable while the
    curvature, divided parameter by parameter, is below (2 + 2 beta1) / ((1 - beta1) * rate).
    """

    name = "yogi"
    products: tuple[str, ...] | None = ("beta1", "beta2")
    paper = "Zaheer, Reddi, Sachan, Kale & Kumar (2018), Adaptive Methods for Nonconvex Optimization, Algorithm 2"
    formula = (
        "m <- beta1 * m + (1 - beta1) * g;  v <- v - (1 - beta2) * sign(v - g²) * g²;  "
        "theta <- theta - rate * m / (sqrt(v) + epsilon)"
    )
    ranges: ClassVar[dict[str, Interval | Switch]] = {
        **AVERAGES,
        "v_start": NOT_NEGATIVE,
        "m_start": NOT_NEGATIVE,
        "bias_correction": SWITCH,
    }
    defaults: ClassVar[dict[str, float | bool]] = {
        **BiasCorrected.defaults,
        "epsilon": 1e-3,
        "v_start": 1e-6,
        "m_start": 0.0,
        "bias_correction": False,
    }
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {"optax": {"m_start": 1e-6, "bias_correction": True}}
    step = staticmethod(yogi)
    scale = staticmethod(yogi_scale)

    v_start: float
    m_start: float
    bias_correction: bool

    def first_state(self, theta: float) -> tuple[float, ...]:
        return self.m_start, self.v_start

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        arguments, carry = super().numbers(k, rate, carry)
        return arguments if self.bias_correction else (*arguments[:4], 1.0, 1.0), carry
