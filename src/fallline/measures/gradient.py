"""The mean loss of some rows and its gradient, by the descent's own loops.

g = sum of weight * slope * z / sum of weight. Cost: one pass over the rows.
"""

from __future__ import annotations

import numpy as np

from ..compiled.on_demand import loss_kernel, table_kernel
from ..compiled.runtime import Arrays, Floats, Rows
from ..sums import LEAF
from .rows import all_rows


def loss_and_gradient(problem: Arrays, theta: Floats, rows: Rows | None = None) -> tuple[float, Floats]:
    """The mean loss of these rows (all of them if None) at theta, and its gradient (p,)."""
    chosen = all_rows(problem) if rows is None else np.asarray(rows, dtype=np.int64)
    columns, count = problem.columns, -(-len(chosen) // LEAF)
    leaves, sums = np.empty((count, columns + 3)), np.zeros(columns + 3)
    b = theta[columns:] if problem.intercept else np.zeros(1)
    coefficients = theta[:columns] * problem.inverse_scales
    kernel = loss_kernel(problem.loss, problem.near)
    kernel.all_leaves(problem.scored, coefficients, b, chosen, 0, len(chosen), 0, count, leaves)
    table_kernel().combine(leaves, sums)
    total = float(sums[columns + 2])
    if total == 0.0:
        return 0.0, np.zeros(problem.parameters)
    gradient = np.empty(problem.parameters)
    gradient[:columns] = sums[:columns] * problem.inverse_scales / total
    if problem.intercept:
        gradient[columns] = sums[columns] / total
    return float(sums[columns + 1]) / total, gradient
