"""Elastic net: l1 for exact zeros, and l2 beside it, so that like columns share a coefficient."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE, Interval, options
from .elastic import elastic_value, l2_slope, soft_threshold
from .penalty import Penalty


class ElasticNet(Penalty):
    """objective = mean loss + alpha * sum of (l1_ratio * |w| + (1 - l1_ratio) / 2 * w²).

    The half with w² goes into the gradient, the other is a proximal step. w are the coefficients of the scaled
    features. scikit-learn's ElasticNet(alpha=A) halves the squared loss: alpha = 2 A here, with the same l1_ratio.
    """

    name = "elastic_net"
    formula = "alpha * (l1_ratio * |w| + (1 - l1_ratio) / 2 * w²)"
    paper = "Zou & Hastie (2005), Regularization and Variable Selection via the Elastic Net"
    ranges = options(alpha=NOT_NEGATIVE, l1_ratio=Interval(0.0, 1.0, high_included=True))
    value = staticmethod(elastic_value)
    before_groups = True

    alpha: float
    l1_ratio: float

    def __init__(self, alpha: float = 1e-4, l1_ratio: float = 0.5):
        self._set(alpha=alpha, l1_ratio=l1_ratio)
        l1, self.curvature = self.numbers()
        if l1 > 0.0:
            self.prox = soft_threshold
        if self.curvature > 0.0:
            self.slope = l2_slope

    def numbers(self) -> tuple[float, ...]:
        return self.alpha * self.l1_ratio, self.alpha * (1.0 - self.l1_ratio)
