"""Adamax: Adam with the largest recent gradient, which fades, in place of the root of the mean square."""

from __future__ import annotations

from ..allowed import SWITCH, Interval, Switch
from ..scalar import maximum
from .bias_corrected import AVERAGES, BiasCorrected
from .rule import Numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar

INSIDE = "u <- max(beta2 * u, |g| + epsilon);  theta <- theta - rate * (m / (1 - beta1^k)) / u"
OUTSIDE = "u <- max(beta2 * u, |g|);  theta <- theta - rate * (m / (1 - beta1^k)) / (u + epsilon)"


def adamax(
    g: float, m: float, u: float, rate: float, beta1: float, beta2: float, epsilon: float, m_correction: float
) -> tuple[float, float, float]:
    m = beta1 * m + (1.0 - beta1) * g
    u = maximum(beta2 * u, abs(g) + epsilon)
    m_hat = m / m_correction
    return rate * m_hat / u, m, u


def adamax_scale(
    m: float, u: float, rate: float, beta1: float, beta2: float, epsilon: float, m_correction: float
) -> float:
    return rate / maximum(u, epsilon)


def adamax_outside(
    g: float, m: float, u: float, rate: float, beta1: float, beta2: float, epsilon: float, m_correction: float
) -> tuple[float, float, float]:
    m = beta1 * m + (1.0 - beta1) * g
    u = maximum(beta2 * u, abs(g))
    m_hat = m / m_correction
    return rate * m_hat / (u + epsilon), m, u


def adamax_outside_scale(
    m: float, u: float, rate: float, beta1: float, beta2: float, epsilon: float, m_correction: float
) -> float:
    return rate / (u + epsilon)


class Adamax(BiasCorrected):
    """m <- beta1 * m + (1 - beta1) * g;  u <- max(beta2 * u, |g| + epsilon);  both start at 0.
    theta <- theta - rate * (m / (1 - beta1^k)) / u.   u needs no correction.

    Epsilon stands inside the maximum (torch, optax), so u is never 0. The rate has the parameter's own unit. Stored
    point: theta itself. First step: rate * g / (|g| + epsilon). Stable while the curvature, divided parameter by
    parameter by u, is below (2 + 2 beta1) / ((1 - beta1) * rate). `epsilon_in_denominator`: u <- max(beta2 * u, |g|)
    and the step is divided by u + epsilon (keras, river). The paper has no epsilon at all.
    """

    name = "adamax"
    products: tuple[str, ...] | None = ("beta1", "beta2")
    paper = "Kingma & Ba (2015), Adam: A Method for Stochastic Optimization, Algorithm 2"
    formula = f"m <- beta1 * m + (1 - beta1) * g;  {INSIDE}"
    ranges: ClassVar[dict[str, Interval | Switch]] = {**AVERAGES, "epsilon_in_denominator": SWITCH}
    defaults: ClassVar[dict[str, float | bool]] = {**BiasCorrected.defaults, "epsilon_in_denominator": False}
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {
        "torch": {"learning_rate": 2e-3},
        "optax": {},
        "keras": {"learning_rate": 1e-3, "epsilon": 1e-7, "epsilon_in_denominator": True},
    }
    step: Callable[..., Any] = staticmethod(adamax)
    scale: Callable[..., float] = staticmethod(adamax_scale)
    state = ("m", "u")

    epsilon_in_denominator: bool

    def __init__(self, learning_rate: float | None = None, **options: Any):
        super().__init__(learning_rate, **options)
        if self.epsilon_in_denominator:
            self.step, self.scale = adamax_outside, adamax_outside_scale
            self.formula = self.formula.replace(INSIDE, OUTSIDE)

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        m_correction, _, carry = self.corrections(carry)
        return (rate, self.beta1, self.beta2, self.epsilon, m_correction), carry
