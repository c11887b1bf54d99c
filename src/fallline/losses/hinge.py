"""The hinge loss of support vector machines, for two classes."""

from __future__ import annotations

from ..scalar import where
from .loss import Loss


def hinge(score: float, target: float) -> tuple[float, float]:
    side = 2.0 * target - 1.0
    lacking = 1.0 - side * score
    return where(lacking <= 0.0, 0.0, lacking), where(lacking <= 0.0, 0.0, -side)


class Hinge(Loss):
    """max(0, 1 - side * score), for two classes: side is 1 for the second class (target 1) and -1 for the first.

    Cortes and Vapnik (1995), "Support-vector networks". At a margin side * score of exactly 1 the slope is 0, one of
    the subgradients there (scikit-learn's is -side). It has no second derivative that says anything, and no
    probabilities. The value is that of scikit-learn's `hinge`.
    """

    name = "hinge"
    formula = "max(0, 1 - side * score); side = 2 target - 1"
    other_names = ("hinge_loss",)
    row = staticmethod(hinge)
    classes = True
