"""The compiled runtime on sparse rows: the same bytes as on the same rows with their zeros written out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..data.sparse import SparseRows, spans_between
from ..losses.loss import Loss
from ..plain.divergence import Guard
from ..plain.problem import Problem
from ..rules.rule import Rule
from ..sums import LEAF
from .on_demand import sparse_descent_kernel, sparse_loss_kernel, sparse_table_kernel
from .runtime import Arrays, CompiledRuntime, CompiledState, Floats, Rows
from .unmade import Unmade

BLOCK = 64  # entries of a slot with one mark
WORD = 64  # bits
AT_ONCE = 8  # bits of a word are listed
LISTED = 1 << 14  # numbers of what some rows store, listed at a time: they stay in the second-level cache


class SparseArrays(Arrays):
    """`Arrays` of which only what is not 0 is stored. They are never centred: means are 0.0. One score a row."""

    features: SparseRows  # type: ignore[assignment]

    def __init__(
        self,
        features: SparseRows,
        targets: Floats,
        weights: Floats,
        loss: Loss,
        inverse_scales: Floats,
        intercept: bool = True,
        start_score: float = 0.0,
    ):
        no_rows = np.empty((0, len(inverse_scales)))
        means = np.zeros(len(inverse_scales))
        super().__init__(no_rows, targets, weights, loss, means, inverse_scales, intercept, start_score)
        self.features = features
        self.scaled = bool((self.inverse_scales != 1.0).any())

    @property
    def width(self) -> int:
        """How many numbers a row stores, on average: what a step has to read of it."""
        return -(-self.features.stored // max(self.rows, 1))

    @property
    def table(self) -> tuple[Any, ...]:
        rows = self.features
        return rows.spans, rows.indices, rows.values, self.targets, self.weights

    @property
    def scored(self) -> tuple[Any, ...]:
        """`whole`, with one weight for all rows if all weights are 1.0: a step has less to read."""
        table = *self.table[:-1], self._step_weights
        return *table, self.inverse_scales, self.scaled, self.intercept, self.loss.numbers

    @property
    def whole(self) -> tuple[Any, ...]:
        return *self.table, self.inverse_scales, self.scaled, self.intercept, self.loss.numbers

    def column_sizes(self) -> Floats:
        return self.features.column_sizes()

    def of_rows(self, rows: Rows) -> tuple[SparseArrays, Rows, Rows]:
        """The rows with the columns alone in which one of them is not 0: there may be millions of others."""
        owners, places, values = self.features.take(rows).entries()
        kept = values != 0.0
        used, columns = np.unique(places[kept], return_inverse=True)
        if not len(used):
            used = np.zeros(1, dtype=np.uint32)  # a problem has a parameter
        ends = np.cumsum(np.bincount(owners[kept], minlength=len(rows)))
        features = SparseRows(spans_between(ends), columns.astype(np.uint32), values[kept], len(used))
        parts = features, self.targets[rows], self.weights[rows]
        part = SparseArrays(*parts, self.loss, self.inverse_scales[used], self.intercept, self.start_score)
        kept_parameters = np.concatenate([used, [self.columns] * self.intercept]).astype(np.int64)
        return part, np.arange(len(rows)), kept_parameters

    def in_lists(self, rows: Rows) -> Problem:
        """Some of the rows as plain lists, with their zeros."""
        part = Problem(
            self.features.take(rows).dense().tolist(),
            self.targets[rows].tolist(),
            self.weights[rows].tolist(),
            self.loss,
            self.means.tolist(),
            self.inverse_scales.tolist(),
            self.intercept,
            self.start_score,
        )
        part.warm = self.warm
        return part


class SparseRuntime(CompiledRuntime):
    """Takes steps on sparse rows by a rule. A lazy rule visits the parameters that a batch touches, others all.

    One thread: a step is bound by the memory that it jumps about in, and most are too short to be shared.
    """

    problem: SparseArrays

    def __init__(self, problem: SparseArrays, rule: Rule):
        super().__init__(problem, rule)
        self._scratch: tuple[Any, ...] | None = None

    def loss(self, theta: Sequence[float] | Floats) -> float:
        """The mean loss of all rows in table order."""
        sums = np.empty(2)
        kernel = sparse_loss_kernel(self.problem.loss)
        kernel.sparse_loss_sums(self.problem.scored, self._all_rows, np.asarray(theta, dtype=np.float64), sums)
        return float(sums[0] / sums[1]) if sums[1] else 0.0

    def _advance_in_one_call(
        self, state: CompiledState, rows: Rows, bounds: Rows, numbers: Floats, guard: Guard, records: Floats
    ) -> tuple[int, int]:
        most = int(np.diff(bounds).max(initial=0))
        if self._scratch is None or len(self._scratch[0]) < slots_for(most):
            self._scratch = scratch_of(self.problem, len(state.rule_state), most)
        result: tuple[int, int] = sparse_descent_kernel(self.problem.loss, self.rule)(
            self.problem.scored,
            (rows, bounds),
            numbers,
            state.arrays(),
            (guard.limit, guard.rows),
            records,
            self._scratch,
        )
        return result

    def _norms_of(self, recorded: Floats, rows: Rows, bounds: Rows) -> Floats | Unmade:
        steps = len(bounds) - 1
        if not self.rule.lazy or bounds[-1] - bounds[0] != steps:
            return recorded
        taken = rows[bounds[0] : bounds[len(recorded)]]
        return Unmade(recorded, lambda shares: self._norms_of_rows(taken, shares))

    def _norms_of_rows(self, rows: Rows, shares: Floats) -> Floats:
        """The norms of steps on one row each, the first of these. shares: weight * slope of each."""
        norms, features = np.empty(len(shares)), self.problem.features
        spans, indices, values, _, weights, inverse_scales, _, intercept, _ = self.problem.scored
        table = spans, indices, values, weights, inverse_scales, intercept
        width, places = leaves_of(self.problem.parameters)
        taken = np.ascontiguousarray(rows[: len(shares)])
        sparse_table_kernel().row_norms(table, taken, places, width, most_stored(features), shares, norms)
        return norms


def slots_for(rows: int) -> int:
    """How many slots a batch needs: one to work in, and one for each digit of the number of its leaves."""
    leaves = -(-rows // LEAF)
    return max(leaves.bit_length(), 1) + 1


def marks_for(columns: int) -> int:
    """How many marks a slot has: one for each BLOCK columns, and a whole number of BLOCKs."""
    return (columns + BLOCK * BLOCK - 1) // (BLOCK * BLOCK) * BLOCK


def scratch_of(problem: SparseArrays, states: int, rows: int) -> tuple[Any, ...]:
    """What steps on batches of so many rows work in: slots with their marks, all empty; the index of a batch's
    features, and what stands beside them; the leaves of a norm, and each leaf's place there; and how many numbers a row
    stores at most."""
    count = slots_for(rows)
    slots, marks = np.zeros((count, problem.columns + 3)), np.zeros((count, marks_for(problem.columns)), np.uint8)
    vectors = np.empty((3 + states, problem.parameters))
    width, places = leaves_of(problem.parameters)
    return slots, marks, index_of(problem), vectors, np.zeros(width), places, most_stored(problem.features)


def index_of(problem: SparseArrays) -> tuple[Any, ...]:
    """Which features a batch has, and their numbers: a bit for each feature, a bit for each word of these with one, how
    many features come before a word; and room for the features in order, and for the numbers of what some rows store.
    Empty."""
    words = -(-problem.columns // WORD)
    bits, groups = np.zeros(words, np.int64), np.zeros(-(-words // WORD), np.int64)
    listed = np.empty(2 * max(LISTED, most_stored(problem.features)), np.uint32)
    return bits, groups, np.empty(words, np.uint32), np.empty(problem.parameters + AT_ONCE, np.uint32), listed


def leaves_of(parameters: int) -> tuple[int, Any]:
    """The leaves of a norm: room for how many, and each one's place there."""
    leaves = -(-parameters // LEAF)
    bits = (leaves - 1).bit_length()
    reversed_bits = [int(f"{leaf:0{bits}b}"[::-1], 2) if bits else 0 for leaf in range(leaves)]
    return 1 << bits, np.array(reversed_bits, dtype=np.uint32)


def most_stored(features: SparseRows) -> int:
    """How many numbers a row stores at most."""
    return int(np.diff(features.spans, axis=1).max(initial=0))
