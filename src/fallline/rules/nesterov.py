"""Nesterov: momentum that looks ahead, 0.9 unless told otherwise."""

from __future__ import annotations

from ..allowed import POSITIVE, SWITCH, Interval, Switch
from .gradient_descent import GradientDescent
from .heavy_ball import NESTEROV, heavy_ball_scale, nesterov

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar


class Nesterov(GradientDescent):
    """b <- mu * b + g;  theta <- theta - rate * (g + mu * b), with the new b.   b starts at 0.

    A preset of GradientDescent. Stored point: the look-ahead point, at which the gradient is taken; with `base_point`
    the other one, from which it looks ahead. First step: (1 + mu) * rate * g, with `base_point` rate * g. Stable on
    curvature below (2 + 2 mu) / ((1 + 2 mu) * rate).
    """

    name = "nesterov"
    paper = "Nesterov (1983), A method of solving a convex programming problem with convergence rate O(1/k²)"
    formula = NESTEROV
    ranges: ClassVar[dict[str, Interval | Switch]] = {
        "learning_rate": POSITIVE,
        "momentum": Interval(0.0, 1.0, low_included=False),
        "rate_in_velocity": SWITCH,
        "base_point": SWITCH,
    }
    defaults: ClassVar[dict[str, float | bool]] = {"momentum": 0.9, "rate_in_velocity": False, "base_point": False}
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {
        "torch": {"learning_rate": 1e-3},
        "optax": {},
        "keras": {"learning_rate": 0.01, "rate_in_velocity": True},
        "sklearn": {"learning_rate": 1e-3, "rate_in_velocity": True},
    }
    step = staticmethod(nesterov)
    scale = staticmethod(heavy_ball_scale)
    state = ("b",)
    nesterov = True
