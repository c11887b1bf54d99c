"""The compiled runtime: `plain.PlainRuntime` through Numba, with the same bytes, and threads for large batches."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..losses.loss import Loss
from ..order.batches import Batches
from ..order.shuffle import Sizes
from ..plain.additions import NONE, Additions
from ..plain.divergence import Guard
from ..plain.problem import Problem
from ..rules.rule import Numbers, Rule
from ..sums import LEAF
from .batches import Layout
from .on_demand import descent_kernel, loss_kernel, table_kernel
from .orders import Orders, order_of
from .pool import share, usable_threads
from .shape import first_states, rows_of, shape_of
from .unmade import Unmade

CAUSES = ("", "loss", "growth", "gradient", "step", "parameter")  # finish_step's answers
PARTS = 4  # of a batch for each thread: none waits long for another that the machine kept busy
THREAD_WORK = 1 << 20  # elements of a batch from which a second thread is worth its start

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Arrays:
    """`plain.Problem` in arrays: features (n, d) in C order, targets, weights (n,), means and inverse scales (d,).

    Features in float32 stay so: each is widened when it is read. offsets (d,): what was taken from each column before
    it was stored; the means are those of what is stored.
    """

    def __init__(
        self,
        features: Floats,
        targets: Floats,
        weights: Floats,
        loss: Loss,
        means: Floats,
        inverse_scales: Floats,
        intercept: bool = True,
        start_score: float = 0.0,
        offsets: Floats | None = None,
    ):
        narrow = getattr(features, "dtype", None) == np.float32
        self.features: Floats = np.ascontiguousarray(features, dtype=np.float32 if narrow else np.float64)
        self.targets = np.ascontiguousarray(targets, dtype=np.float64)
        self.weights = np.ascontiguousarray(weights, dtype=np.float64)
        self.means = np.ascontiguousarray(means, dtype=np.float64)
        self.inverse_scales = np.ascontiguousarray(inverse_scales, dtype=np.float64)
        self.offsets: Floats = np.zeros(len(self.means)) if offsets is None else offsets
        self.loss, self.intercept, self.start_score = loss, intercept, start_score
        self._step_weights = self.weights[:1] if (self.weights == 1.0).all() else self.weights  # one need not be read
        self.warm: list[float] | None = None  # theta before step 1, where that is given

    @property
    def centres(self) -> Floats:
        """What a model takes from each feature, in the table's own units."""
        centres: Floats = self.offsets + self.means
        return centres

    @property
    def rows(self) -> int:
        return len(self.targets)

    @property
    def columns(self) -> int:
        return len(self.means)

    @property
    def parameters(self) -> int:
        return (self.columns + self.intercept) * self.scores

    @property
    def start(self) -> list[float]:
        """theta before step 1."""
        cold = [0.0] * (self.columns * self.scores) + [self.start_score] * (self.scores * self.intercept)
        return cold if self.warm is None else list(self.warm)

    @property
    def scores(self) -> int:
        """How many scores a row has."""
        return self.loss.scores

    @property
    def parameter_scales(self) -> Floats:
        """The inverse scale that belongs to each coefficient."""
        return self.inverse_scales if self.scores == 1 else np.repeat(self.inverse_scales, self.scores)

    @property
    def width(self) -> int:
        """How many numbers a step has to read of a row."""
        return self.columns

    @property
    def near(self) -> bool:
        """Whether rows are worth asking for once more, into the first-level cache (see `tiles.py`): for shorter ones it
        costs more than it saves, and of longer ones the eight at hand and the eight next ones have no room there."""
        return 160 <= self.columns * self.features.itemsize <= 1400

    def column_sizes(self) -> Floats:
        """The mean of |value| in each column."""
        sizes: Floats = np.abs(self.features + self.offsets).mean(axis=0)
        return sizes

    def with_loss(self, loss: Loss) -> Self:
        """The same rows with another loss."""
        other = copy.copy(self)
        other.loss = loss
        return other

    def of_rows(self, rows: Rows) -> tuple[Arrays, Rows, Rows | slice]:
        """A problem in which these rows have the same losses, their numbers in it, and which of the parameters it has:
        those that the rows say something about."""
        return self, rows, slice(None)

    def in_lists(self, rows: Rows) -> Problem:
        """Some of the rows as plain lists."""
        part = Problem(
            self.features[rows].tolist(),
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

    @property
    def table(self) -> tuple[Any, ...]:
        return self.features, self.targets, self.weights

    @property
    def scored(self) -> tuple[Any, ...]:
        """The table, and what makes scores and losses of it besides the coefficients. If all weights are 1.0, there is
        one for all rows: a step has less to read."""
        return *self.table[:-1], self._step_weights, self.means, self.intercept, self.loss.numbers

    @property
    def whole(self) -> tuple[Any, ...]:
        """The table and all that makes scores and losses of it but theta: what most loops take first."""
        return *self.table, self.means, self.inverse_scales, self.intercept, self.loss.numbers


class CompiledState:
    """Where a descent stands: theta (p,), the rule's state (s, p), the smoothed loss (1,), and what else the kernels
    keep for each parameter (see `shape.rows_of`): last, if there is one, the average of the parameters."""

    def __init__(self, theta: Floats, rule_state: Floats, smoothed: Floats, extra: Floats, averaged: bool = False):
        self.theta, self.rule_state, self._smoothed, self._extra = theta, rule_state, smoothed, extra
        self.average = extra[-1] if averaged else None

    def kept(self) -> tuple[Any, ...]:
        """What `go_back` needs to stand here again. Looks at the loss keep one: `copy.deepcopy` takes longer."""
        return tuple([array.copy() for array in self.arrays()])

    def go_back(self, kept: tuple[Any, ...]) -> None:
        for array, values in zip(self.arrays(), kept, strict=True):
            array[...] = values

    @property
    def smoothed_loss(self) -> float:
        return float(self._smoothed[0])

    def take(self, theta: Sequence[float], rule_state: Sequence[Sequence[float]], smoothed_loss: float) -> None:
        """Stand where another runtime's state stands."""
        self.theta[:], self._smoothed[0] = theta, smoothed_loss
        for mine, other in zip(self.rule_state, rule_state, strict=True):
            mine[:] = other

    def arrays(self) -> tuple[Floats, Floats, Floats, Floats]:
        return self.theta, self.rule_state, self._smoothed, self._extra


class CompiledRuntime:
    """Takes steps on a problem by a rule, whole blocks of steps in one compiled call."""

    name = "compiled"
    on_arrays = True
    work_per_call = 1 << 24  # rows times columns between two looks at the clock and at Ctrl-C: a hundredth of a second
    waited = 0.0  # seconds, for kernels that it had not had before

    def __init__(
        self,
        problem: Arrays,
        rule: Rule,
        threads: int = 1,
        thread_work: int = THREAD_WORK,
        additions: Additions = NONE,
    ):
        self.problem, self.rule, self.threads, self.thread_work = problem, rule, threads, thread_work
        self.additions, self._shape = additions, shape_of(additions)
        self._all_rows = np.arange(problem.rows)
        self._layout = Layout()
        self._single = False  # whether every batch is one row
        self._orders = Orders()
        self._records = np.empty((0, 3))

    def start(self, theta: Sequence[float] | Floats, smoothed_loss: float) -> CompiledState:
        values = np.array(theta, dtype=np.float64)
        rule_state = np.array(first_states(self.rule, values)).reshape(len(self.rule.state), len(values))
        extra = rows_of(self.additions, values)
        averaged = self.additions.average is not None
        return CompiledState(values, rule_state, np.array([smoothed_loss]), extra, averaged)

    def warm_up(self, state: CompiledState, batch: int) -> None:
        """Compile what `advance` calls for batches of so many rows, or load it: no steps are taken."""
        count = len(self.rule.numbers(1, 1.0, self.rule.start_carry())[0]) + self.additions.count
        self._single = batch == 1
        no_rows, bounds = self._all_rows[:0], np.zeros(1, dtype=np.int64)
        self._advance_in_one_call(state, no_rows, bounds, np.empty((0, count)), Guard(0.0, 1), np.empty((0, 3)))

    def table_order(self) -> Rows:
        return self._all_rows

    def order(self, seed: int, epoch: int, sizes: Sizes, first: int | None = None) -> Rows:
        """The rows of an epoch in the order in which its batches take them, or only so many at its beginning."""
        return self._orders.take(seed, epoch, sizes) if first is None else order_of(seed, epoch, sizes, first)

    def begin_order(self, seed: int, epoch: int, sizes: Sizes) -> None:
        """An order that will be asked for next: begin it now, if there may be a thread for it. (Steps that take all
        threads wait for memory, mostly; it is made meanwhile.)"""
        if usable_threads(self.threads) > 1:
            self._orders.begin(seed, epoch, sizes)

    def loss(self, theta: Sequence[float] | Floats) -> float:
        """The mean loss of all rows in table order."""
        sums = self._sums_at(np.asarray(theta, dtype=np.float64), self._all_rows, 0, self.problem.rows)
        weight = float(sums[-1])
        return float(sums[-2]) / weight if weight else 0.0

    def watched(self, theta: Sequence[float] | Floats) -> float:
        """What divergence is judged by: the loss."""
        return self.loss(theta)

    def advance(
        self,
        state: CompiledState,
        batches: Batches | Sequence[Rows],
        numbers: Floats | Sequence[Numbers],
        guard: Guard,
        penalties: list[float] | None = None,
    ) -> tuple[Any, Any, str]:
        """Take one step for each batch; see `PlainRuntime.advance`. Of `Batches`, losses and norms come as arrays: the
        next call writes over them."""
        rows, bounds = self._layout(batches)
        table = np.ascontiguousarray(numbers, dtype=np.float64)
        records = self._room(len(bounds) - 1)
        largest = batches.batch_rows if isinstance(batches, Batches) else int(np.diff(bounds).max())
        self._single = largest == 1
        shared = self.threads > 1 and self._are_shared_out(largest)
        take = self._advance_threaded if shared else self._advance_in_one_call
        tried, cause = take(state, rows, bounds, table, guard, records)
        losses, recorded, added = records[:tried].T
        norms = self._norms_of(recorded, rows, bounds)
        if penalties is not None:
            penalties += added.tolist()
        if isinstance(batches, Batches):  # of many steps, mostly
            return losses, norms, CAUSES[cause]
        return losses.tolist(), norms.tolist(), CAUSES[cause]

    def _room(self, steps: int) -> Floats:
        """Room for what so many steps record: the same in every call, since memory that is new comes page by page,
        which takes some nanoseconds a step."""
        if len(self._records) < steps:
            self._records = np.empty((steps, 3))
        return self._records[:steps]

    def _are_shared_out(self, batch: int) -> bool:
        """Whether steps on batches of so many rows take all threads there are."""
        return batch * self.problem.columns >= self.thread_work and batch > LEAF

    def _norms_of(self, recorded: Floats, rows: Rows, bounds: Rows) -> Floats | Unmade:
        """The steps' norms, of what they have recorded for them."""
        return recorded

    def _kernel(self, single: bool = False) -> Any:
        return descent_kernel(self.problem.loss, self.rule, self._shape, single, self.problem.near)

    def _advance_in_one_call(
        self, state: CompiledState, rows: Rows, bounds: Rows, numbers: Floats, guard: Guard, records: Floats
    ) -> tuple[int, int]:
        problem = self.problem
        result: tuple[int, int] = self._kernel(self._single).take_steps(
            problem.scored,
            problem.parameter_scales,
            np.zeros(problem.scores),
            (rows, bounds, self.additions.part or max(len(rows), 1)),
            numbers,
            state.arrays(),
            (guard.limit, guard.rows),
            records,
        )
        return result

    def _advance_threaded(
        self, state: CompiledState, rows: Rows, bounds: Rows, numbers: Floats, guard: Guard, records: Floats
    ) -> tuple[int, int]:
        """The same, with each batch's leaves shared out among threads; the tree does not care who made a leaf."""
        problem, kernel = self.problem, self._kernel()
        scales, b = problem.parameter_scales, np.zeros(problem.scores)
        coefficients = np.empty_like(scales)
        after = tuple(np.empty_like(array) for array in (state.theta, state.theta, state.rule_state))
        for t in range(len(numbers)):
            start, stop, arguments = int(bounds[t]), int(bounds[t + 1]), numbers[t : t + 1]
            kernel.point_alone(state.theta, state.rule_state, arguments, scales, coefficients, b)
            part = self.additions.part or stop - start
            sums = self._sums(coefficients, b, rows, start, min(start + part, stop))
            for begin in range(start + part, stop, part):  # accumulation: the sums of several batches, in order
                sums += self._sums(coefficients, b, rows, begin, min(begin + part, stop))
            cause = kernel.finish_alone(
                sums,
                scales,
                state.arrays(),
                arguments,
                (stop - start) / guard.rows,
                guard.limit,
                after,
                records[t],
            )
            if cause:
                return t + 1, cause
        return len(numbers), 0

    def _sums_at(self, theta: Floats, rows: Rows, start: int, stop: int) -> Floats:
        problem, count = self.problem, self.problem.columns * self.problem.scores
        b = theta[count:] if problem.intercept else np.zeros(problem.scores)
        return self._sums(theta[:count] * problem.parameter_scales, b, rows, start, stop)

    def _sums(self, coefficients: Floats, b: Floats, rows: Rows, start: int, stop: int) -> Floats:
        """The sums of one batch, on as many threads as it is worth."""
        problem, width = self.problem, len(coefficients) + len(b) + 2
        leaves = np.empty((-(-(stop - start) // LEAF), width))
        kernel, scored = loss_kernel(problem.loss, problem.near).all_leaves, problem.scored
        work = leaves.shape[0] * LEAF * len(coefficients)
        threads = self.threads if work >= self.thread_work else 1
        parts = min(PARTS * threads if threads > 1 else 1, leaves.shape[0])
        cuts = [leaves.shape[0] * i // parts for i in range(parts + 1)]

        def part(i: int) -> None:
            kernel(scored, coefficients, b, rows, start, stop, cuts[i], cuts[i + 1], leaves)

        share(part, range(parts), threads)
        sums: Floats = leaves[0]
        if len(leaves) > 1:
            sums = np.empty(width)
            table_kernel().combine(leaves, sums)
        return sums
