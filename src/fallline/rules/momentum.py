"""Momentum: gradient descent with the heavy ball, momentum 0.9 unless told otherwise."""

from __future__ import annotations

from .gradient_descent import GradientDescent
from .heavy_ball import HEAVY_BALL, heavy_ball, heavy_ball_scale

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar


class Momentum(GradientDescent):
    """b <- mu * b + g;  theta <- theta - rate * b.   b starts at 0.

    A preset of GradientDescent. Stored point: theta itself. First step: rate * g. Stable on curvature below
    (2 + 2 mu) / rate.
    """

    name = "momentum"
    paper = "Polyak (1964), Some methods of speeding up the convergence of iteration methods, eq. 9"
    formula = HEAVY_BALL
    defaults: ClassVar[dict[str, float | bool]] = {**GradientDescent.defaults, "momentum": 0.9}
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {
        "torch": {"learning_rate": 1e-3},
        "optax": {},
        "keras": {"learning_rate": 0.01, "rate_in_velocity": True},
        "sklearn": {"learning_rate": 1e-3, "rate_in_velocity": True},
    }
    step = staticmethod(heavy_ball)
    scale = staticmethod(heavy_ball_scale)
    state = ("b",)
