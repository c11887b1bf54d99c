"""Schedule-Free AdamW: AdamW with an average of its path in place of momentum and schedule."""

from __future__ import annotations

from ..allowed import FRACTION, NOT_NEGATIVE, POSITIVE, SWITCH, Interval, Switch
from ..scalar import sqrt
from .rule import Numbers
from .schedule_free import AVERAGING, ScheduleFree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar


def schedule_free_adamw(
    g: float,
    theta: float,
    d: float,
    v: float,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    weight_decay: float,
    c: float,
    v_correction: float,
) -> tuple[float, float, float]:
    y = theta - (1.0 - beta1) * d
    v = beta2 * v + (1.0 - beta2) * g * g
    d = d + rate * (g / (sqrt(v / v_correction) + epsilon) + weight_decay * y)
    return c * d, (1.0 - c) * d, v


def schedule_free_adamw_point(
    theta: float,
    d: float,
    v: float,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    weight_decay: float,
    c: float,
    v_correction: float,
) -> float:
    return theta - (1.0 - beta1) * d


class ScheduleFreeAdamW(ScheduleFree):
    """z <- z - rate_k * (g / (sqrt(v) + epsilon) + weight_decay * y), g at y = (1 - beta1) * z + beta1 * x
    v <- beta2 * v + (1 - beta2) * g²;  x <- (1 - c) * x + c * z;  rate_k and c: see formula.

    Theta is x, which is the answer, and the state is d = x - z and v; gradients and losses are those at y. The rate
    has the parameter's own unit. First step: rate * sign(g), nearly, plus the decay. Stable, at the least, where AdamW
    without momentum is. As in the paper, rate_k includes sqrt(1 - beta2^k), and so does a step's weight in the average.
    `epsilon_hat=False`: v is divided by 1 - beta2^k instead (optax, the authors' later code).
    """

    name = "schedule_free_adamw"
    paper = "Defazio, Yang, Mehta, Mishchenko, Khaled & Cutkosky (2024), The Road Less Scheduled, Algorithm 1"
    formula = (
        "g at y = (1 - beta1) * z + beta1 * x;  v <- beta2 * v + (1 - beta2) * g²;  "
        "z <- z - rate_k * (g / (sqrt(v) + epsilon) + weight_decay * y);  x <- (1 - c) * x + c * z;  theta = x;  "
        "c = w_k / (w_1 + … + w_k), w_k = k^weight_power * max(rate_1, …, rate_k)²;  "
        "rate_k = rate * sqrt(1 - beta2^k) * min(1, k / warmup_steps)"
    )
    ranges: ClassVar[dict[str, Interval | Switch]] = {
        **AVERAGING,
        "beta2": FRACTION,
        "epsilon": POSITIVE,
        "weight_decay": NOT_NEGATIVE,
        "epsilon_hat": SWITCH,
    }
    defaults: ClassVar[dict[str, float | bool]] = {
        **ScheduleFree.defaults,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "weight_decay": 0.0,
        "epsilon_hat": True,
    }
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {"optax": {"epsilon_hat": False}}
    step = staticmethod(schedule_free_adamw)
    point = staticmethod(schedule_free_adamw_point)
    state = ("d", "v")
    adaptive = True
    beta2: float
    epsilon: float
    weight_decay: float
    epsilon_hat: bool

    def start_carry(self) -> Numbers:
        return 0.0, 0.0, 1.0

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        power = carry[2] * self.beta2
        correction, warmed = 1.0 - power, self.warmed(k, rate)
        if self.epsilon_hat:
            correction, warmed = 1.0, warmed * sqrt(correction)
        c, kept = self.averaging(k, warmed, carry[:2])
        return (warmed, self.beta1, self.beta2, self.epsilon, self.weight_decay, c, correction), (*kept, power)
