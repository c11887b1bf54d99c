"""Gradient descent: downhill in proportion to the slope (Cauchy 1847; Robbins & Monro 1951 for batches)."""

from __future__ import annotations

from ..allowed import FRACTION, POSITIVE, SWITCH, Interval, Switch
from ..errors import SpecificationError
from . import heavy_ball as forms
from .rule import RATE_INSIDE, Numbers, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar


def descend(g: float, rate: float) -> float:
    return rate * g


def descend_scale(rate: float) -> float:
    return rate


class GradientDescent(Rule):
    """theta <- theta - rate * g.   With momentum (mu > 0): b <- mu * b + g;  theta <- theta - rate * b, b from 0.

    g is the gradient of the batch's mean loss; the rate has the unit parameter² / loss. Stored point: theta itself.
    First step: rate * g. Stable on curvature below (2 + 2 mu) / rate. Options of the momentum:
    `nesterov`: theta <- theta - rate * (g + mu * b), whose theta is the point looked ahead to (see Nesterov);
    `base_point`: the same path, stored where it looks ahead from; g is taken at theta - rate * mu * b (river);
    `rate_in_velocity`: v <- mu * v + rate * g, theta <- theta - v (keras, scikit-learn, river): as the default while
    the rate is constant; `dampening`: b <- mu * b + (1 - dampening) * g, but b <- g in step 1 (torch).
    """

    name = "sgd"
    paper = "Cauchy (1847), Méthode générale pour la résolution des systèmes d'équations simultanées"
    formula = "theta <- theta - rate * g"
    ranges: ClassVar[dict[str, Interval | Switch]] = {
        "learning_rate": POSITIVE,
        "momentum": FRACTION,
        "nesterov": SWITCH,
        "dampening": FRACTION,
        "rate_in_velocity": SWITCH,
        "base_point": SWITCH,
    }
    defaults: ClassVar[dict[str, float | bool]] = {
        **dict.fromkeys(("momentum", "dampening"), 0.0),
        **dict.fromkeys(("nesterov", "rate_in_velocity", "base_point"), False),
    }
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {
        "torch": {"learning_rate": 1e-3},
        "optax": {},
        "keras": {"learning_rate": 0.01, "rate_in_velocity": True},
        "sklearn": {"learning_rate": 1e-3, "momentum": 0.9, "nesterov": True, "rate_in_velocity": True},
    }
    step: Callable[..., Any] = staticmethod(descend)
    scale: Callable[..., float] = staticmethod(descend_scale)
    products: tuple[str, ...] | None = ()

    momentum: float
    nesterov: bool
    dampening: float = 0.0
    rate_in_velocity: bool
    base_point: bool

    def __init__(self, learning_rate: float | None = None, **options: Any):
        super().__init__(learning_rate, **options)
        for option, needed, there in (
            ("nesterov", "momentum above 0", self.momentum > 0.0),
            ("dampening", "momentum above 0", self.momentum > 0.0),
            ("dampening", "nesterov=False", not self.nesterov),
            ("dampening", "rate_in_velocity=False", not self.rate_in_velocity),
            ("base_point", "nesterov=True", self.nesterov),
        ):
            if (value := getattr(self, option)) and not there:
                words = f"{option}={value!r} of {self.name} needs {needed}"
                raise SpecificationError(words, option=option, value=value, allowed=needed)
        if self.momentum == 0.0:
            self.lazy = not self.state  # the preset Momentum keeps its b
            return
        inside = self.rate_in_velocity
        self.no_proximal_step = RATE_INSIDE if inside else ""
        self.scale, self.state = forms.heavy_ball_scale, ("v",) if inside else ("b",)
        self.step, self.formula = forms.FORMS[self.nesterov and not self.base_point, inside]
        if self.dampening:
            self.step, self.scale, self.formula = forms.dampened, forms.dampened_scale, forms.DAMPENED
            self.products = None  # its first step is another
        if self.base_point:
            self.point = forms.velocity_ahead if inside else forms.heavy_ball_ahead
            self.formula = (forms.VELOCITY_AHEAD if inside else forms.AHEAD) + self.formula

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        if self.dampening:
            return (rate, self.momentum, self.dampening, 0.0 if k == 1 else 1.0), carry
        return ((rate, self.momentum) if self.state else (rate,)), carry

    @property
    def stability(self) -> float:
        ahead = 1.0 + 2.0 * self.momentum if self.nesterov else 1.0
        return 2.0 * (1.0 + self.momentum) / ((1.0 - self.momentum) * ahead)
