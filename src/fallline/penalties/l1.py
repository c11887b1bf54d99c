"""L1: coefficients cost their size, so that those that help little are exactly 0 (the lasso)."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE, options
from .elastic import l1_value, soft_threshold
from .penalty import Penalty


class L1(Penalty):
    """objective = mean loss + alpha * sum of |w|, by a proximal step: w goes scale * alpha toward 0, at most to it.

    w are the coefficients of the scaled features; scale is the rule's step ÷ gradient, so every rule that takes it
    ends at the same optimum. scikit-learn's Lasso(alpha=A) halves the squared loss: alpha = 2 A here.
    """

    name = "l1"
    formula = "alpha * |w|"
    paper = "Tibshirani (1996), Regression Shrinkage and Selection via the Lasso"
    ranges = options(alpha=NOT_NEGATIVE)
    value = staticmethod(l1_value)
    prox = staticmethod(soft_threshold)
    before_groups = True

    alpha: float

    def __init__(self, alpha: float = 1e-4):
        self._set(alpha=alpha)

    def numbers(self) -> tuple[float, ...]:
        return self.alpha, 0.0
