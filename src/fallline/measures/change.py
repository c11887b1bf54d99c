"""Predicted against actual change of the loss in a step of gradient descent.

predicted = -rate |g|² + ½ rate² g' H g, the first two terms of the loss's Taylor series along -g (exact for a squared
loss); actual = loss(theta - rate g) - loss(theta). Their ratio is 1 where the quadratic picture holds.
Cost: three passes over the rows (loss and gradient, one Hessian product, the new loss).
LeCun, Simard & Pearlmutter (1993), Automatic Learning Rate Maximization by On-Line Estimation of the Hessian's
Eigenvectors, equation 2.
"""

from __future__ import annotations

from typing import NamedTuple

from ..compiled.runtime import Arrays, Floats, Rows
from .gradient import loss_and_gradient
from .hessian import HessianProduct
from .lanczos import dot


class Change(NamedTuple):
    """Both changes of the loss, and the rate at which the prediction is lowest: |g|² / g' H g (infinite if flat)."""

    predicted: float
    actual: float
    best_rate: float

    @property
    def ratio(self) -> float:
        """actual / predicted; NaN where nothing is predicted."""
        return self.actual / self.predicted if self.predicted != 0.0 else float("nan")


def change_of_loss(problem: Arrays, theta: Floats, rate: float, rows: Rows | None = None) -> Change:
    """Of one step theta - rate * g on these rows (all of them if None)."""
    loss, gradient = loss_and_gradient(problem, theta, rows)
    square = dot(gradient, gradient)
    bend = dot(gradient, HessianProduct(problem, theta, rows)(gradient))
    after, _ = loss_and_gradient(problem, theta - rate * gradient, rows)
    return Change(predicted_change(rate, square, bend), after - loss, square / bend if bend > 0.0 else float("inf"))


def predicted_change(rate: float, square: float, bend: float) -> float:
    """-rate * |g|² + ½ rate² * g' H g."""
    return -rate * square + 0.5 * rate * rate * bend
