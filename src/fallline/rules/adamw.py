"""AdamW: Adam, and beside it a shrinking of every parameter that the gradient's size does not touch."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE, SWITCH, Interval, Switch
from .adam import CORRECTED, Adam
from .rule import Numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

SCALED = "(1 - rate * weight_decay) * theta"
UNSCALED = "(1 - rate / learning_rate * weight_decay) * theta"


class AdamW(Adam):
    """theta <- (1 - rate * weight_decay) * theta - Adam's step, which is that of the gradient alone.

    A preset: Adam with decoupled decay (torch, optax, keras). weight_decay has the unit 1 / rate. Stored point: theta
    itself. First step: rate * sign(g), nearly, and rate * weight_decay * theta. Stable where Adam is.
    `decay_scaled_by_rate=False`, the paper's Algorithm 2: theta shrinks by weight_decay times the schedule's factor
    alone, rate / learning_rate, so weight_decay then has no unit. Where `fit` finds the rate, a weight_decay that was
    not given is divided by the size of the target, in whichever unit that stands. `epsilon_hat`: as in Adam.
    """

    name = "adamw"
    products: tuple[str, ...] | None = ("beta1", "beta2")
    paper = "Loshchilov & Hutter (2019), Decoupled Weight Decay Regularization, Algorithm 2"
    formula = f"m <- beta1 * m + (1 - beta1) * g;  v <- beta2 * v + (1 - beta2) * g²;  theta <- {SCALED} - {CORRECTED}"
    ranges: ClassVar[dict[str, Interval | Switch]] = {
        **Adam.ranges,
        "weight_decay": NOT_NEGATIVE,
        "decay_scaled_by_rate": SWITCH,
    }
    defaults: ClassVar[dict[str, float | bool]] = {
        **Adam.defaults,
        "weight_decay": 0.01,
        "decay_scaled_by_rate": True,
    }
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {
        "torch": {"learning_rate": 1e-3, "weight_decay": 0.01},
        "optax": {"weight_decay": 1e-4},
        "keras": {"learning_rate": 1e-3, "epsilon": 1e-7, "epsilon_hat": True, "weight_decay": 0.004},
    }
    decays = True

    weight_decay: float
    decay_scaled_by_rate: bool

    def __init__(self, learning_rate: float | None = None, **options: Any):
        super().__init__(learning_rate, **options)
        if not self.decay_scaled_by_rate:
            self.formula = self.formula.replace(SCALED, UNSCALED)

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        arguments, carry = super().numbers(k, rate, carry)
        base = 1.0 if self.decay_scaled_by_rate else self.learning_rate or rate
        return (*arguments, 1.0 - rate / base * self.weight_decay), carry
