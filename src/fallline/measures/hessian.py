"""The Hessian's product with a vector: H v = sum of weight * second(score) * z (z · v) / sum of weight.

H itself (p², dense) is never made. Cost: one pass over the rows for each product, block after block, so that what is
read at a time fits a cache. Pearlmutter (1994), Fast Exact Multiplication by the Hessian; for a loss of one score a row
it is the Gauss-Newton product, and exact.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ..compiled.choose import curvature_kernel
from ..compiled.runtime import Arrays, Floats, Rows
from ..sums import tree_sum
from .rows import all_rows

BLOCK = 1 << 14  # rows in a block


class HessianProduct:
    """H(theta) of the mean loss of these rows (all of them if None), as a function of a vector (p,)."""

    def __init__(self, problem: Arrays, theta: Floats, rows: Rows | None = None, block: int = BLOCK):
        chosen = all_rows(problem) if rows is None else np.asarray(rows, dtype=np.int64)
        self.parameters = problem.parameters
        self._kernel = curvature_kernel(problem).sharpness
        self._fixed = (*problem.whole, np.asarray(theta))
        self._all_weights = problem.weights
        self._blocks = [chosen[start : start + block] for start in range(0, len(chosen), block)]

    def __call__(self, vector: Floats) -> Floats:
        out: Floats = np.empty(self.parameters)
        if len(self._blocks) == 1:
            self._kernel(*self._fixed, self._blocks[0], vector, out)
            return out
        total = np.zeros(self.parameters)
        for rows, weight in zip(self._blocks, self._weights, strict=True):
            self._kernel(*self._fixed, rows, vector, out)
            total += weight * out
        return total / weight_or_1(tree_sum(self._weights))

    @cached_property
    def _weights(self) -> list[float]:
        return [float(self._all_weights[rows].sum()) for rows in self._blocks]


def weight_or_1(weight: float) -> float:
    """What to divide by where there may be no weight at all: the sums above it are 0 then."""
    return weight if weight > 0.0 else 1.0


def preconditioned(product: HessianProduct, scales: Floats) -> HessianProduct:
    """The product with S^1/2 H S^1/2, which has the eigenvalues of S H and is symmetric; S = diag(scales)."""
    return _Preconditioned(product, np.sqrt(scales))


class _Preconditioned(HessianProduct):
    def __init__(self, product: HessianProduct, roots: Floats):
        self.parameters, self._product, self._roots = product.parameters, product, roots

    def __call__(self, vector: Floats) -> Floats:
        scaled: Floats = self._roots * self._product(self._roots * vector)
        return scaled
