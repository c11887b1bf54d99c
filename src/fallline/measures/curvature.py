"""How sharply the loss bends: the largest Hessian eigenvalue of batches, and each row's and column's share in it.

For a loss of one score a row, H = mean of weight * second(score) * z z', with z the row's scaled features and a 1 for
the intercept. Cost: one pass over the table, and some 10 reads of the rows looked at (`lanczos`), half as many where an
accuracy of some hundredths is asked for: an eigenvalue is then at most 1e-3 below its limit, since its error is the
square.
"""

from __future__ import annotations

from functools import cached_property
from math import sqrt

import numpy as np

from ..compiled.choose import curvature_kernel
from ..compiled.runtime import Arrays, Floats, Rows
from ..rules.rule import Numbers, Rule
from .hessian import HessianProduct
from .lanczos import ACCURACY, Extremes, lanczos
from .stability import stable_rate, stable_rate_of_state

SINGLE = 4  # batches that are looked at one by one, at most
ROUGHER = 4.0  # times: a few batches say how far batches differ, and no more


class Curvature:
    """What was measured at one theta, on the rows of some batches.

    pooled: the largest eigenvalue of their rows together, with its eigenvector. batch: that of the sharpest of the
    first few, which are looked at until one is within the bound for all others, as the first one mostly is (not where
    rows have nearly as many features as a batch has rows). row: the largest curvature of a single row,
    second(score) * |z|². rows: how many rows a batch has. slope, second: root mean square of the rows' slopes and mean
    of their second derivatives. length: root mean square of |z|. passes: over the table, that all this took so far.
    penalty: what the penalties add to every second derivative.
    """

    def __init__(
        self, problem: Arrays, theta: Floats, batches: list[Rows], penalty: float = 0.0, accuracy: float = ACCURACY
    ):
        self.penalty = penalty
        self.rows, self.table_rows = len(batches[0]), problem.rows
        self._problem, self._theta = problem, theta
        self._pool = np.concatenate(batches) if len(batches) > 1 else batches[0]
        self.passes = 0.0
        self.pooled, self.direction = self._eigenvalue(self._pool, accuracy)
        self.batch = self.pooled
        for rows in batches[:SINGLE] if len(batches) > 1 and self.rows > 1 else []:
            found = self._eigenvalue(rows, ROUGHER * accuracy)[0]
            self.batch = max(self.batch, found)
            if found <= self._bound:
                break

    @property
    def _bound(self) -> float:
        """For any batch that is not the whole table: the sharpest row may come to stand in it."""
        return self.pooled + self.row / self.rows

    @property
    def row(self) -> float:
        return self._each_row[0]

    @property
    def slope(self) -> float:
        return sqrt(self._each_row[1])

    @property
    def second(self) -> float:
        return self._each_row[2]

    @property
    def length(self) -> float:
        return sqrt(self._each_row[3])

    @cached_property
    def _each_row(self) -> list[float]:
        """One pass over the table, which a batch of all rows does not need for its own eigenvalue."""
        self.passes += 1.0
        return _statistics(self._problem, self._theta, np.zeros(0)).tolist()  # type: ignore[no-any-return]

    def _eigenvalue(self, rows: Rows, accuracy: float) -> tuple[float, Floats]:
        product, places = self._product(rows)
        found = lanczos(product, product.parameters, both=False, accuracy=accuracy)
        self.passes += found.products * len(rows) / self.table_rows
        direction: Floats = np.zeros(self._problem.parameters)
        direction[places] = found.sharpest
        return found.largest, direction

    def _product(self, rows: Rows) -> tuple[HessianProduct, Rows | slice]:
        """The product with the Hessian of these rows, among the parameters that they have, and which these are."""
        problem, inside, places = self._problem.of_rows(rows)
        return HessianProduct(problem, self._theta[places], inside), places

    @property
    def columns(self) -> Floats:
        """The diagonal of the whole table's Hessian: one more pass."""
        diagonal: Floats = np.zeros(self._problem.parameters)
        _statistics(self._problem, self._theta, diagonal)
        return diagonal

    @property
    def worst(self) -> float:
        """The sharpest batch that was looked at, or a bound for the others."""
        return (self.batch if self.rows >= self.table_rows else max(self.batch, self._bound)) + self.penalty

    def stable_limit(self, rule: Rule, numbers: Numbers, rule_state: Floats | None = None) -> float | None:
        """The largest learning rate at which the rule is stable on these batches; None where that cannot be said.

        An adaptive rule's limit depends on its state (s, p); without one, or before its first step, it has none.
        """
        if not rule.adaptive:
            return stable_rate(rule, numbers, self.worst)
        if rule_state is None:
            return None
        product, places = self._product(self._pool)
        return stable_rate_of_state(rule, numbers, rule_state[:, places], product)


def _statistics(problem: Arrays, theta: Floats, diagonal: Floats) -> Floats:
    """The five numbers of `row_statistics`."""
    statistics: Floats = np.zeros(5)
    curvature_kernel(problem).row_statistics(*problem.whole, theta, statistics, diagonal)
    return statistics


def eigenvalue(problem: Arrays, theta: Floats, rows: Rows) -> tuple[float, Floats]:
    """The largest eigenvalue of these rows' Hessian, and its eigenvector."""
    found = lanczos(HessianProduct(problem, theta, rows), problem.parameters, both=False)
    return found.largest, found.sharpest


def extremes(problem: Arrays, theta: Floats, rows: Rows | None = None) -> Extremes:
    """Both ends of the spectrum of the Hessian of these rows' mean loss: of a fixed batch, or of the whole table."""
    return lanczos(HessianProduct(problem, theta, rows), problem.parameters)
