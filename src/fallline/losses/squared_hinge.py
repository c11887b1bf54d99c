"""The squared hinge loss, for two classes."""

from __future__ import annotations

from ..scalar import where
from .loss import Loss


def squared_hinge(score: float, target: float) -> tuple[float, float]:
    side = 2.0 * target - 1.0
    margin = 1.0 - side * score
    lacking = where(margin <= 0.0, 0.0, margin)
    return lacking * lacking, -2.0 * side * lacking


def squared_hinge_second(score: float, target: float) -> float:
    return where((2.0 * target - 1.0) * score < 1.0, 2.0, 0.0)


class SquaredHinge(Loss):
    """max(0, 1 - side * score)², for two classes: side is 1 for the second class (target 1) and -1 for the first.

    The value is that of scikit-learn's `squared_hinge`. The second derivative is 2 below a margin of 1 and 0 above.
    No probabilities.
    """

    name = "squared_hinge"
    formula = "max(0, 1 - side * score)²; side = 2 target - 1"
    row = staticmethod(squared_hinge)
    second = staticmethod(squared_hinge_second)
    classes = True
