"""How sharply the loss bends: the largest Hessian eigenvalue of batches, and each row's and column's share in it.

For a loss of one score a row, H = mean of weight * second(score) * z z', with z the row's scaled features and a 1 for
the intercept. Cost: one pass over the table, and 60 reads of the batches looked at.
"""

from __future__ import annotations

import numpy as np

from ..compiled.kernels import loss_kernel
from ..compiled.runtime import Arrays, Floats, Rows
from ..compiled.sparse import SparseArrays
from ..plain.curvature import power_iteration, scaled_product
from ..rules.rule import Numbers, Rule

BATCHES = 16


class Curvature:
    """What was measured at one theta.

    batch: the largest eigenvalue of any batch looked at. pooled: that of their rows together, with its eigenvector.
    row: the largest curvature of a single row, second(score) * |z|². columns: the diagonal of the whole table's
    Hessian. rows: how many rows a batch has. slope, second: root mean square of the rows' slopes and mean of their
    second derivatives. length: root mean square of |z|.
    """

    def __init__(self, problem: Arrays | SparseArrays, theta: Floats, batches: list[Rows]):
        statistics, self.columns = row_statistics(problem, theta)
        self.row, slopes, self.second, lengths, self.weight = (float(value) for value in statistics)
        self.slope, self.length = float(np.sqrt(slopes)), float(np.sqrt(lengths))
        self.rows, self.table_rows = len(batches[0]), problem.rows
        self._problem, self._theta, self._pool = problem, theta, np.concatenate(batches)
        self.pooled, self.direction = eigenvalue(problem, theta, self._pool)
        single = batches[:BATCHES] if len(batches) > 1 and self.rows > 1 else []
        self.batch = max([self.pooled, *(eigenvalue(problem, theta, rows)[0] for rows in single)])

    @property
    def worst(self) -> float:
        """A bound for the batches that were not looked at: the sharpest row may come to stand in any of them."""
        if self.rows >= self.table_rows:
            return self.batch
        return max(self.batch, self.pooled + self.row / self.rows)

    def stable_limit(self, rule: Rule, numbers: Numbers, rule_state: Floats | None = None) -> float | None:
        """The largest learning rate at which the rule is stable on these batches; None where that cannot be said.

        An adaptive rule's limit depends on its state (s, p); without one, or before its first step, it has none. Of a
        rule without a scale it is that of rate * g, or none if the rule is adaptive.
        """
        if rule.scale is None:
            return None if rule.adaptive or self.worst == 0.0 else rule.stability / self.worst
        if not rule.adaptive:
            bend = self.worst * rule.scale_at_rate_1([0.0] * len(rule.state), numbers)
        elif rule_state is None or not rule_state.any():
            return None
        else:
            scales = [rule.scale_at_rate_1(values, numbers) for values in zip(*rule_state.tolist(), strict=True)]
            bend, _ = eigenvalue(self._problem, self._theta, self._pool, scales)
        return rule.stability / bend if bend > 0.0 else None


def row_statistics(problem: Arrays | SparseArrays, theta: Floats) -> tuple[Floats, Floats]:
    """The five numbers of `curvature_loops.row_statistics`, and the Hessian's diagonal."""
    if isinstance(problem, SparseArrays):
        return problem.statistics(theta)
    statistics, columns = np.zeros(5), np.zeros(problem.parameters)
    loss_kernel(problem.loss).row_statistics(*problem.whole, theta, statistics, columns)
    return statistics, columns


def eigenvalue(
    problem: Arrays | SparseArrays, theta: Floats, rows: Rows, scales: list[float] | None = None
) -> tuple[float, Floats]:
    """The largest eigenvalue of these rows' Hessian H, or of scales * H, and its eigenvector."""
    if isinstance(problem, SparseArrays):
        return problem.eigenvalue(theta, rows, np.array(scales) if scales else np.ones(problem.parameters))
    kernel = loss_kernel(problem.loss).sharpness
    fixed = (*problem.whole, theta, rows)

    def product(vector: list[float]) -> list[float]:
        out = np.empty(problem.parameters)
        kernel(*fixed, np.array(vector), out)
        values: list[float] = out.tolist()
        return values

    value, vector = power_iteration(scaled_product(product, scales) if scales else product, problem.parameters)
    return value, np.array(vector)
