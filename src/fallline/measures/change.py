"""Predicted against actual change of the loss in a step.

For gradient descent predicted = -rate |g|² + ½ rate² g' H g, the first two terms of the loss's Taylor series along -g
(exact for a squared loss); for any other step s it is -g · s + ½ s' H s. actual = loss(theta - s) - loss(theta). Their
ratio is 1 where the quadratic picture holds.
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
    """Both changes of the loss, and how many times this step would have been best by the prediction: g · s / s' H s,
    infinite where the loss is flat."""

    predicted: float
    actual: float
    best_multiple: float

    @property
    def ratio(self) -> float:
        """actual / predicted; NaN where nothing is predicted."""
        return self.actual / self.predicted if self.predicted != 0.0 else float("nan")


def change_of_loss(problem: Arrays, theta: Floats, rate: float, rows: Rows | None = None) -> Change:
    """Of one step rate * g of gradient descent on these rows (all of them if None)."""
    return change_of_step(problem, theta, rate * loss_and_gradient(problem, theta, rows)[1], rows)


def change_of_step(problem: Arrays, theta: Floats, step: Floats, rows: Rows | None = None) -> Change:
    """Of any step, theta - step, on these rows (all of them if None)."""
    loss, gradient = loss_and_gradient(problem, theta, rows)
    slope = dot(gradient, step)
    bend = dot(step, HessianProduct(problem, theta, rows)(step))
    after, _ = loss_and_gradient(problem, theta - step, rows)
    return Change(0.5 * bend - slope, after - loss, slope / bend if bend > 0.0 else float("inf"))
