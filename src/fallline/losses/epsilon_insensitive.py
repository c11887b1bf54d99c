"""The epsilon-insensitive loss of support vector regression: the absolute loss beyond a tube around the target."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE
from ..scalar import sign, where
from .loss import Loss

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from ..allowed import Interval


def epsilon_insensitive(score: float, target: float, epsilon: float) -> tuple[float, float]:
    residual = score - target
    excess = abs(residual) - epsilon
    return where(excess <= 0.0, 0.0, excess), where(excess <= 0.0, 0.0, sign(residual))


class EpsilonInsensitive(Loss):
    """max(0, |score - target| - epsilon), for a target that is a number.

    Vapnik (1995), "The Nature of Statistical Learning Theory". epsilon is in the target's units, at least 0. On the
    edge of the tube the slope is 0. It has no second derivative that says anything: it is 0 wherever it exists.
    The intercept starts at the mean target: the slope says nothing of the distance.
    The value is that of scikit-learn's SGD and `LinearSVR`.
    """

    name = "epsilon_insensitive"
    formula = "max(0, |score - target| - epsilon)"
    other_names = ("epsilon_insensitive_loss",)
    ranges: ClassVar[dict[str, Interval]] = {"epsilon": NOT_NEGATIVE}
    defaults: ClassVar[dict[str, float]] = {"epsilon": 0.1}
    epsilon: float
    row = staticmethod(epsilon_insensitive)
    starts_at_mean = True
