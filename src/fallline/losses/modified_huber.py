"""The modified Huber loss, for two classes: the squared hinge, but linear where a row is far on the wrong side."""

from __future__ import annotations

from ..scalar import maximum, minimum, where
from .loss import Loss


def modified_huber(score: float, target: float) -> tuple[float, float]:
    side = 2.0 * target - 1.0
    margin = side * score
    lacking = where(margin >= 1.0, 0.0, 1.0 - margin)
    value = where(margin < -1.0, -4.0 * margin, lacking * lacking)
    return value, where(margin < -1.0, -4.0 * side, -2.0 * side * lacking)


def modified_huber_second(score: float, target: float) -> float:
    return where(abs(score) < 1.0, 2.0, 0.0)


def modified_huber_probability(score: float) -> float:
    return 0.5 * (maximum(minimum(score, 1.0), -1.0) + 1.0)


class ModifiedHuber(Loss):
    """max(0, 1 - margin)² where margin >= -1, else -4 margin; margin = side * score, side 1 for the second class.

    Zhang (2004), "Solving large scale linear prediction problems using stochastic gradient descent algorithms". Value
    and probability, (1 + min(1, max(-1, score))) / 2, are those of scikit-learn's `modified_huber`. The second
    derivative is 2 where |score| < 1, else 0.
    """

    name = "modified_huber"
    formula = "max(0, 1 - margin)² where margin >= -1, else -4 margin; margin = (2 target - 1) * score"
    row = staticmethod(modified_huber)
    second = staticmethod(modified_huber_second)
    inverse_link = staticmethod(modified_huber_probability)
    probability = staticmethod(modified_huber_probability)
    classes = True
