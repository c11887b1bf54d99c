"""RMSProp: each parameter's step is divided by the running size of its gradient (Tieleman & Hinton 2012)."""

from __future__ import annotations

from ..allowed import FRACTION, POSITIVE, SWITCH, Interval, Switch
from ..scalar import sqrt
from . import rmsprop_centred, rmsprop_forms
from .rule import RATE_INSIDE, Numbers, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar


def rmsprop(g: float, v: float, rate: float, decay: float, epsilon: float) -> tuple[float, float]:
    v = decay * v + (1.0 - decay) * g * g
    return rate * g / (sqrt(v) + epsilon), v


def rmsprop_scale(v: float, rate: float, decay: float, epsilon: float) -> float:
    return rate / (sqrt(v) + epsilon)


VANISHING = "holds gradients constant, and centred with momentum divides by their spread, which then vanishes"


class RMSProp(Rule):
    """v <- decay * v + (1 - decay) * g²;  theta <- theta - rate * g / (sqrt(v) + epsilon).   v starts at 0.

    Epsilon stands outside the root, as in torch. The rate has the parameter's own unit. Stored point: theta itself.
    First step: rate * g / (sqrt((1 - decay)) * |g| + epsilon), so 10 rates at decay 0.99. Options:
    `epsilon_inside`: g / sqrt(v + epsilon) (keras, optax);
    `centred`: v - m² in place of v, m <- decay * m + (1 - decay) * g, from 0; below 0, by rounding, it counts as 0;
    `momentum`: b <- momentum * b + g / (sqrt(v) + epsilon), theta <- theta - rate * b, b from 0;
    `rate_in_velocity`: b <- momentum * b + rate * g / (sqrt(v) + epsilon), theta <- theta - b (keras, optax).
    """

    name = "rmsprop"
    paper = "Tieleman & Hinton (2012), Neural Networks for Machine Learning, lecture 6.5"
    formula = "v <- decay * v + (1 - decay) * g²;  theta <- theta - rate * g / (sqrt(v) + epsilon)"
    ranges: ClassVar[dict[str, Interval | Switch]] = {
        "learning_rate": POSITIVE,
        "decay": FRACTION,
        "epsilon": POSITIVE,
        "epsilon_inside": SWITCH,
        "centred": SWITCH,
        "momentum": FRACTION,
        "rate_in_velocity": SWITCH,
    }
    defaults: ClassVar[dict[str, float | bool]] = {
        "decay": 0.99,
        "epsilon": 1e-8,
        "epsilon_inside": False,
        "centred": False,
        "momentum": 0.0,
        "rate_in_velocity": False,
    }
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {
        "torch": {"learning_rate": 0.01},
        "optax": {"decay": 0.9, "epsilon_inside": True, "rate_in_velocity": True},
        "keras": {
            "learning_rate": 1e-3,
            "decay": 0.9,
            "epsilon": 1e-7,
            "epsilon_inside": True,
            "rate_in_velocity": True,
        },
    }
    step: Callable[..., Any] = staticmethod(rmsprop)
    scale: Callable[..., float] = staticmethod(rmsprop_scale)
    state: tuple[str, ...] = ("v",)
    adaptive = True
    products = ()
    decay: float
    epsilon: float
    epsilon_inside: bool
    centred: bool
    momentum: float
    rate_in_velocity: bool

    def __init__(self, learning_rate: float | None = None, **options: Any):
        super().__init__(learning_rate, **options)
        remembers = self.momentum > 0.0
        form = self.epsilon_inside, remembers, remembers and self.rate_in_velocity
        forms = rmsprop_centred.FORMS if self.centred else rmsprop_forms.FORMS
        if form in forms:
            self.step, self.scale = forms[form]
            self.state = ("v", *(["m"] if self.centred else []), *(["b"] if remembers else []))
            self.formula = rmsprop_forms.formula(self.centred, *form)
        if remembers and (self.centred or self.rate_in_velocity):
            self.no_proximal_step = VANISHING if self.centred else RATE_INSIDE

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        remembered = (self.momentum,) if self.momentum > 0.0 else ()
        return (rate, self.decay, self.epsilon, *remembered), carry

    @property
    def stability(self) -> float:
        return 2.0 * (1.0 + self.momentum) / (1.0 - self.momentum)
