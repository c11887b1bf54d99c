"""Adagrad: each parameter's step is divided by the root of the sum of its squared gradients."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE, POSITIVE, SWITCH, Interval, Switch
from ..scalar import INFINITY, sqrt, where
from .rule import Numbers, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

INSIDE = "v <- v + g²;  theta <- theta - rate * g / sqrt(v + epsilon)"


def adagrad(g: float, v: float, rate: float, epsilon: float) -> tuple[float, float]:
    v = v + g * g
    return rate * g / (sqrt(v) + epsilon), v


def adagrad_scale(v: float, rate: float, epsilon: float) -> float:
    return rate / (sqrt(v) + epsilon)


def adagrad_inside(g: float, v: float, rate: float, epsilon: float) -> tuple[float, float]:
    v = v + g * g
    return rate * g / where(v > 0.0, sqrt(v + epsilon), INFINITY), v


def adagrad_inside_scale(v: float, rate: float, epsilon: float) -> float:
    return rate / sqrt(v + epsilon)


class Adagrad(Rule):
    """v <- v + g²;  theta <- theta - rate * g / (sqrt(v) + epsilon).   v starts at `start`, 0 unless told otherwise.

    Epsilon stands outside the root (torch); `epsilon_inside`: g / sqrt(v + epsilon), 0 where v is 0 (optax, keras).
    `lr_decay`: the rate in step k is rate / (1 + (k - 1) * lr_decay) (torch). The rate has the parameter's own unit.
    Stored point: theta itself. First step: rate * sign(g), nearly, if v starts at 0. A step never gets longer while
    the gradient stays the same, so any rate that is unstable at first may become stable.
    """

    name = "adagrad"
    paper = "Duchi, Hazan & Singer (2011), Adaptive Subgradient Methods for Online Learning, JMLR 12"
    formula = "v <- v + g²;  theta <- theta - rate * g / (sqrt(v) + epsilon)"
    ranges: ClassVar[dict[str, Interval | Switch]] = {
        "learning_rate": POSITIVE,
        "epsilon": POSITIVE,
        "start": NOT_NEGATIVE,
        "epsilon_inside": SWITCH,
        "lr_decay": NOT_NEGATIVE,
    }
    defaults: ClassVar[dict[str, float | bool]] = {
        "epsilon": 1e-10,
        "start": 0.0,
        "epsilon_inside": False,
        "lr_decay": 0.0,
    }
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {
        "torch": {"learning_rate": 0.01},
        "optax": {"epsilon": 1e-7, "start": 0.1, "epsilon_inside": True},
        "keras": {"learning_rate": 1e-3, "epsilon": 1e-7, "start": 0.1, "epsilon_inside": True},
    }
    step = staticmethod(adagrad)
    scale = staticmethod(adagrad_scale)
    state = ("v",)
    adaptive = True
    products = ()
    lazy = True

    epsilon: float
    start: float
    epsilon_inside: bool
    lr_decay: float

    def __init__(self, learning_rate: float | None = None, **options: Any):
        super().__init__(learning_rate, **options)
        if self.epsilon_inside:
            self.step, self.scale, self.formula = adagrad_inside, adagrad_inside_scale, INSIDE

    def first_state(self, theta: float) -> tuple[float, ...]:
        return (0.0 + self.start,)  # a start of -0.0 would become 0.0 in step 1

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        return (rate / (1.0 + (k - 1) * self.lr_decay), self.epsilon), carry
