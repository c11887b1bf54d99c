"""What a table's rows say at one theta, row by row: loss, slope, curvature. Other measures are made of it.

Cost: one pass over the rows.
"""

from __future__ import annotations

import numpy as np

from ..compiled.on_demand import measure_kernel
from ..compiled.runtime import Arrays, Floats, Rows


class RowParts:
    """One number for each of the rows, in their order; z is a row's scaled features with a 1 for the intercept.

    losses, slopes, seconds: the loss and its first and second derivative by the score. lengths: |z|². along: z · vector
    (0 without one). weights: the rows' own.
    """

    def __init__(self, problem: Arrays, theta: Floats, rows: Rows | None = None, vector: Floats | None = None):
        chosen = all_rows(problem) if rows is None else np.asarray(rows, dtype=np.int64)
        out = np.empty((len(chosen), 5))
        direction = np.zeros(problem.parameters) if vector is None else np.asarray(vector, dtype=np.float64)
        at = np.asarray(theta, dtype=np.float64)
        measure_kernel(problem.loss).row_parts(*problem.whole, at, chosen, direction, out)
        self.losses, self.slopes, self.seconds, self.lengths, self.along = (out[:, j] for j in range(5))
        self.rows, self.weights = chosen, problem.weights[chosen]


def all_rows(problem: Arrays) -> Rows:
    rows: Rows = np.arange(problem.rows)
    return rows
