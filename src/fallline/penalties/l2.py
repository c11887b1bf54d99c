"""L2: large coefficients cost their square (ridge regression, weight decay in the gradient)."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE, options
from .elastic import l2_slope, l2_value
from .penalty import Penalty


class L2(Penalty):
    """objective = mean loss + alpha / 2 * sum of w²; alpha * w is added to the gradient.

    w are the coefficients of the scaled features. scikit-learn's Ridge(alpha=A) on n rows has alpha = 2 A / n here for
    the squared loss, LogisticRegression(C) alpha = 1 / (C n). Every rule takes it.
    """

    name = "l2"
    formula = "alpha / 2 * w²"
    paper = "Hoerl & Kennard (1970), Ridge Regression: Biased Estimation for Nonorthogonal Problems"
    ranges = options(alpha=NOT_NEGATIVE)
    value = staticmethod(l2_value)
    slope = staticmethod(l2_slope)

    alpha: float

    def __init__(self, alpha: float = 1e-4):
        self._set(alpha=alpha)
        self.curvature = self.alpha

    def numbers(self) -> tuple[float, ...]:
        return 0.0, self.alpha
