"""The compiled runtime on sparse rows: the same bytes as on the same rows with their zeros written out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..data.sparse import SparseRows
from ..losses.loss import Loss
from ..plain.curvature import ITERATIONS
from ..plain.divergence import Guard
from ..rules.rule import Rule
from ..sums import LEAF
from .kernels import sparse_descent_kernel, sparse_loss_kernel
from .runtime import CompiledRuntime, CompiledState, Floats, Rows


class SparseArrays:
    """`runtime.Arrays` for rows of which only what is not 0 is stored. They are never centred: means are 0.0."""

    def __init__(
        self,
        features: SparseRows,
        targets: Floats,
        weights: Floats,
        loss: Loss,
        inverse_scales: Floats,
        intercept: bool = True,
    ):
        self.features = features
        self.targets = np.ascontiguousarray(targets, dtype=np.float64)
        self.weights = np.ascontiguousarray(weights, dtype=np.float64)
        self.inverse_scales = np.ascontiguousarray(inverse_scales, dtype=np.float64)
        self.means = np.zeros(len(self.inverse_scales))
        self.loss, self.intercept = loss, intercept
        self.scaled = bool((self.inverse_scales != 1.0).any())

    @property
    def rows(self) -> int:
        return len(self.targets)

    @property
    def columns(self) -> int:
        return len(self.means)

    @property
    def parameters(self) -> int:
        return self.columns + self.intercept

    @property
    def width(self) -> int:
        """How many numbers a row stores, on average: what a step has to read of it."""
        return -(-self.features.stored // max(self.rows, 1))

    @property
    def whole(self) -> tuple[Any, ...]:
        """The table and all that makes scores and losses of it but theta: what the sparse loops take first."""
        rows = self.features
        table = rows.spans, rows.indices, rows.values, self.targets, self.weights
        return *table, self.inverse_scales, self.scaled, self.intercept, self.loss.numbers

    def column_sizes(self) -> Floats:
        return self.features.column_sizes()

    def statistics(self, theta: Floats) -> tuple[Floats, Floats]:
        """What `curvature_loops.row_statistics` finds: its five numbers, and each parameter's curvature."""
        found, columns = np.zeros(5), np.zeros(self.parameters)
        sparse_loss_kernel(self.loss).sparse_row_statistics(*self.whole, theta, found, columns)
        return found, columns

    def eigenvalue(self, theta: Floats, rows: Rows, scales: Floats) -> tuple[float, Floats]:
        """The largest eigenvalue of scales * H on these rows, and its eigenvector; see `plain.curvature`."""
        vector = np.empty(self.parameters)
        kernel = sparse_loss_kernel(self.loss).sparse_eigenvalue
        value = kernel(*self.whole, theta, rows, np.sqrt(scales), ITERATIONS, vector)
        return float(value), vector


class SparseRuntime(CompiledRuntime):
    """Takes steps on sparse rows by a rule. A lazy rule visits the parameters that a batch touches, others all.

    One thread: a step is bound by the memory that it jumps about in, and most are too short to be shared.
    """

    problem: SparseArrays  # type: ignore[assignment]

    def __init__(self, problem: SparseArrays, rule: Rule):
        super().__init__(problem, rule)  # type: ignore[arg-type]
        self._scratch: tuple[Any, ...] | None = None

    def loss(self, theta: Sequence[float] | Floats) -> float:
        """The mean loss of all rows in table order."""
        sums = np.empty(2)
        kernel = sparse_loss_kernel(self.problem.loss)
        kernel.sparse_loss_sums(*self.problem.whole, self._all_rows, np.asarray(theta, dtype=np.float64), sums)
        return float(sums[0] / sums[1]) if sums[1] else 0.0

    def _advance_in_one_call(
        self, state: CompiledState, rows: Rows, bounds: Rows, numbers: Floats, guard: Guard, records: Floats
    ) -> tuple[int, int]:
        most = int(np.diff(bounds).max(initial=0))
        if self._scratch is None or len(self._scratch[0]) < slots_for(most):
            self._scratch = scratch_of(self.problem, len(state.rule_state), most)
        result: tuple[int, int] = sparse_descent_kernel(self.problem.loss, self.rule)(
            *self.problem.whole, rows, bounds, numbers, *state.arrays(), guard.limit, guard.rows, records, self._scratch
        )
        return result


def slots_for(rows: int) -> int:
    """How many slots a batch needs: one to work in, and one for each digit of the number of its leaves."""
    leaves = -(-rows // LEAF)
    return max(leaves.bit_length(), 1) + 1


def scratch_of(problem: SparseArrays, states: int, rows: int) -> tuple[Any, ...]:
    """What steps on batches of so many rows work in: slots with their marks and summaries, all empty; the places of a
    batch's features, and what stands beside them; the leaves of a norm, and each leaf's place there."""
    count, words = slots_for(rows), -(-problem.columns // 64)
    slots = np.zeros((count, problem.columns + 3))
    marks, summary = np.zeros((count, words), np.int64), np.zeros((count, -(-words // 64)), np.int64)
    touched, vectors = np.empty(problem.parameters, np.uint32), np.empty((4 + 2 * states, problem.parameters))
    leaves = -(-problem.parameters // LEAF)
    bits = (leaves - 1).bit_length()
    reversed_bits = [int(f"{leaf:0{bits}b}"[::-1], 2) if bits else 0 for leaf in range(leaves)]
    return slots, marks, summary, touched, vectors, np.zeros(1 << bits), np.array(reversed_bits, dtype=np.uint32)
