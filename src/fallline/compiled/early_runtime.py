"""The compiled runtime of a process that has no kernels yet: while `early` allows it, the plain one does the work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import numpy as np

from ..order.batches import Batches
from ..order.shuffle import Sizes, epoch_rows
from ..plain import curvature
from ..plain.descent import PlainRuntime, State
from ..plain.divergence import Guard
from ..rules.rule import Numbers
from . import early
from .on_demand import loss_kernel
from .runtime import Arrays, CompiledRuntime, CompiledState, Floats, Rows

ROW, PARAMETER, STEP = 10, 15, 50  # what each costs besides its features, in `early.TERM`
ORDER = 25  # what it costs to give a row its place


class EarlyRuntime(CompiledRuntime):
    """Takes the same steps as `CompiledRuntime`, the first of them in plain Python. For one score a row, and steps that
    are the rule and nothing else."""

    _plain: PlainRuntime | None = None
    _warm = False

    @property
    def work_per_call(self) -> int:  # type: ignore[override]
        return CompiledRuntime.work_per_call if early.is_over() else PlainRuntime.work_per_call

    def warm_up(self, state: CompiledState, batch: int) -> None:
        if early.is_over():
            super().warm_up(state, batch)
            self._warm, self._plain = True, None

    def order(self, seed: int, epoch: int, sizes: Sizes, first: int | None = None) -> Rows:
        if not early.allows(sizes.rows * ORDER, "table"):
            with self._going_over():
                return super().order(seed, epoch, sizes, first)
        with early.spending():
            return np.array(epoch_rows(seed, epoch, sizes), dtype=np.int64)[:first]

    def begin_order(self, seed: int, epoch: int, sizes: Sizes) -> None:
        if early.is_over():
            super().begin_order(seed, epoch, sizes)

    def loss(self, theta: Sequence[float] | Floats) -> float:
        if not early.allows(terms_of(self.problem, self.problem.rows), kernel_of(self.problem)):
            with self._going_over():
                return super().loss(theta)
        with early.spending():
            return self._in_plain().loss(np.asarray(theta, dtype=np.float64).tolist())

    def advance(
        self,
        state: CompiledState,
        batches: Batches | Sequence[Rows],
        numbers: Floats | Sequence[Numbers],
        guard: Guard,
        penalties: list[float] | None = None,
    ) -> tuple[Any, Any, str]:
        if not self._allows(batches):
            if not self._warm:
                with self._going_over():
                    early.end()
                    rows = [batches.batch_rows] if isinstance(batches, Batches) else map(len, batches)
                    self.warm_up(state, max(rows, default=0))
            return super().advance(state, batches, numbers, guard, penalties)
        with early.spending():
            found = State(state.theta.tolist(), state.rule_state.tolist(), state.smoothed_loss)
            each = [tuple(row) for row in np.asarray(numbers, dtype=np.float64).tolist()]
            lists = (np.asarray(batch).tolist() for batch in batches)
            losses, norms, cause = self._in_plain().advance(found, lists, each, guard, penalties)
            state.take(found.theta, found.rule_state, found.smoothed_loss)
        if isinstance(batches, Batches):
            return np.array(losses), np.array(norms), cause
        return losses, norms, cause

    @contextmanager
    def _going_over(self) -> Iterator[None]:
        """Around what may load or compile kernels for the first time: that is no time of the descent's."""
        begun, first = perf_counter(), not self._warm
        yield
        if first:
            self.waited += perf_counter() - begun

    def _allows(self, batches: Batches | Sequence[Rows]) -> bool:
        if early.is_over():
            return False
        rows = sum(len(batch) for batch in batches)
        steps = len(batches) * (self.problem.parameters * PARAMETER + STEP)
        kernel = f"descent_{self.problem.loss.row.__name__}_{self.rule.step.__name__}"
        return early.allows(terms_of(self.problem, rows) + steps, kernel, times=1)

    def _in_plain(self) -> PlainRuntime:
        if self._plain is None:
            self._plain = PlainRuntime(self.problem.in_lists(self._all_rows), self.rule)
        return self._plain


class EarlyCurvature:
    """`sharpness` and `row_statistics` of the kernel for a loss, in plain Python while that is allowed."""

    def __init__(self, problem: Arrays):
        self._problem = problem
        row: Any = problem.loss.row
        second: Any = problem.loss.curvature
        self._row = lambda score, target, numbers: row(score, target, *numbers)
        self._second = lambda score, target, numbers: second(score, target, *numbers)

    def sharpness(self, *arguments: Any) -> None:
        theta, rows, vector, out = arguments[-4:]
        if not early.allows(terms_of(self._problem, len(rows)), kernel_of(self._problem)):
            loss_kernel(self._problem.loss, self._problem.near).sharpness(*arguments)
            return
        numbers, found = self._problem.loss.numbers, [0.0] * len(out)
        with early.spending():
            table, places = _in_lists(self._problem, rows), range(len(rows))
            curvature.hessian_product(*table, theta.tolist(), places, self._second, numbers, vector.tolist(), found)
            out[:] = found

    def row_statistics(self, *arguments: Any) -> None:
        theta, out, diagonal = arguments[-3:]
        rows = self._problem.rows
        if len(diagonal) or not early.allows(terms_of(self._problem, rows), kernel_of(self._problem)):
            loss_kernel(self._problem.loss, self._problem.near).row_statistics(*arguments)
            return
        with early.spending():
            table, numbers = _in_lists(self._problem, slice(None)), self._problem.loss.numbers
            out[:] = curvature.row_statistics(*table, theta.tolist(), self._row, self._second, numbers)


def terms_of(problem: Arrays, rows: int) -> int:
    return rows * (problem.columns + ROW)


def kernel_of(problem: Arrays) -> str:
    return f"loss_{problem.loss.row.__name__}"


def _in_lists(problem: Arrays, rows: Rows | slice) -> tuple[Any, Any, Any, Any, Any, bool]:
    """Some of the rows as the functions of `plain.curvature` take them."""
    features, targets, weights = (part[rows].tolist() for part in problem.table)
    return features, targets, weights, problem.means.tolist(), problem.inverse_scales.tolist(), problem.intercept
