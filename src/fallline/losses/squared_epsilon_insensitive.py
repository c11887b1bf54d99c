"""The squared epsilon-insensitive loss: the squared loss beyond a tube around the target."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE
from ..scalar import sign, where
from .loss import Loss

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from ..allowed import Interval


def squared_epsilon_insensitive(score: float, target: float, epsilon: float) -> tuple[float, float]:
    residual = score - target
    beyond = abs(residual) - epsilon
    excess = where(beyond <= 0.0, 0.0, beyond)
    return excess * excess, 2.0 * excess * sign(residual)


def squared_epsilon_insensitive_second(score: float, target: float, epsilon: float) -> float:
    return where(abs(score - target) > epsilon, 2.0, 0.0)


def squared_epsilon_insensitive_bound(score: float, target: float, epsilon: float) -> float:
    """Its largest value: where the start lies inside the tube of all rows, the second derivative is 0."""
    return 2.0


class SquaredEpsilonInsensitive(Loss):
    """max(0, |score - target| - epsilon)², for a target that is a number.

    epsilon is in the target's units, at least 0. The value is that of scikit-learn's SGD and `LinearSVR`, without a
    half. The second derivative is 2 beyond epsilon and 0 within; planning takes 2 for all rows.
    """

    name = "squared_epsilon_insensitive"
    formula = "max(0, |score - target| - epsilon)²"
    ranges: ClassVar[dict[str, Interval]] = {"epsilon": NOT_NEGATIVE}
    defaults: ClassVar[dict[str, float]] = {"epsilon": 0.1}
    epsilon: float
    row = staticmethod(squared_epsilon_insensitive)
    second = staticmethod(squared_epsilon_insensitive_second)
    bound = staticmethod(squared_epsilon_insensitive_bound)
