"""Full-batch squared loss from X'X (`gram=True`): one pass over the rows, then every step costs d² whatever n.

This is not under the law: its sums are other sums, so its parameters agree with the other runtimes' to about 1e-12
relative, and not by bytes. Its own bytes depend on the specification alone, not on threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import SpecificationError
from ..order.batches import Batches
from ..plain.additions import NONE, Additions
from ..plain.divergence import Guard
from ..rules.rule import Numbers, Rule
from ..sums import LEAF
from .on_demand import gram_kernel, table_kernel
from .pool import share
from .runtime import CAUSES, Arrays, CompiledRuntime, CompiledState, Floats, Rows

CHUNK = 64  # leaves that a thread sums at a time: a power of two, so that a chunk is one node of the tree
MOST_COLUMNS = 4096


class GramState(CompiledState):
    """A descent's state, its step besides, and in place of the smoothed loss that of the gradient's squared norm."""

    k = 0

    def kept(self) -> tuple[Any, ...]:
        return *super().kept(), self.k

    def go_back(self, kept: tuple[Any, ...]) -> None:
        *arrays, self.k = kept
        super().go_back(tuple(arrays))


class GramRuntime(CompiledRuntime):
    """Takes full-batch steps on a squared loss. Losses are measured, from the rows, at steps 1, 2, 4, 8, … and the last
    one; the others are NaN. Divergence is judged by the gradient's squared norm."""

    name = "gram"

    def __init__(self, problem: Arrays, rule: Rule, threads: int = 1, last: int = 0, additions: Additions = NONE):
        super().__init__(problem, rule, threads, additions=additions)
        if problem.loss.name != "squared" or problem.columns > MOST_COLUMNS:
            raise SpecificationError(
                f"gram=True is for the squared loss and at most {MOST_COLUMNS:,} features: this is the "
                f"{problem.loss.name} loss with {problem.columns:,}; use gram=False",
                option="gram",
                value=True,
                allowed="False",
            )
        self.last = last
        self._products: Floats | None = None
        self._center, self._middle = self._means(), float(problem.targets.mean())

    def start(self, theta: Sequence[float] | Floats, watched: float) -> GramState:
        return GramState(*super().start(theta, watched).arrays(), self.additions.average is not None)

    def warm_up(self, state: CompiledState, batch: int) -> None:
        """Compile what `advance` calls, or load it: no rows are read."""
        size = self.problem.columns + 2
        count = len(self.rule.numbers(1, 1.0, self.rule.start_carry())[0]) + self.additions.count
        kept, self._products = self._products, np.zeros((size, size))
        self._take(state, np.empty((0, count)), Guard(0.0, 1), np.empty((0, 3)))
        self._products = kept
        gram_kernel(self.rule, self._shape).sum_products(
            *self.problem.table, self._center, self._middle, 0, 0, np.empty(size * (size + 1) // 2)
        )

    def watched(self, theta: Sequence[float] | Floats) -> float:
        """The squared norm of the gradient on all rows."""
        problem = self.problem
        sums = self._sums_at(np.asarray(theta, dtype=np.float64), self._all_rows, 0, problem.rows)
        slopes = [sums[: problem.columns] * problem.inverse_scales, sums[problem.columns :][: problem.intercept]]
        gradient = np.concatenate(slopes) / float(sums[-1])
        return float(gradient @ gradient)

    def advance(
        self,
        state: CompiledState,
        batches: Batches | Sequence[Rows],
        numbers: Floats | Sequence[Numbers],
        guard: Guard,
        penalties: list[float] | None = None,
    ) -> tuple[list[float], list[float], str]:
        """Take one step for each batch, which is always all rows; see `PlainRuntime.advance`."""
        assert isinstance(state, GramState)
        table = np.ascontiguousarray(numbers, dtype=np.float64)
        records = np.empty((len(table), 3))
        losses = np.full(len(table), np.nan)
        done, cause = 0, ""
        while done < len(table) and not cause:
            step = state.k + 1
            if step & (step - 1) == 0 or step == self.last:
                losses[done] = self._loss_at_point(state, table[done])
            ahead = min((1 << step.bit_length()) - step, max(self.last - step, 1))  # up to the next loss
            tried, number = self._take(state, table[done : done + ahead], guard, records[done : done + ahead])
            cause = CAUSES[number]
            state.k += tried - bool(cause)
            done += tried
        if penalties is not None:
            penalties += records[:done, 2].tolist()
        return losses[:done].tolist(), records[:done, 1].tolist(), cause

    def _loss_at_point(self, state: CompiledState, numbers: Floats) -> float:
        point = np.empty_like(state.theta)
        gram_kernel(self.rule, self._shape).gram_point(state.theta, state.rule_state, numbers.reshape(1, -1), point)
        return self.loss(point)

    def _take(self, state: CompiledState, numbers: Floats, guard: Guard, records: Floats) -> tuple[int, int]:
        problem = self.problem
        result: tuple[int, int] = gram_kernel(self.rule, self._shape).take_gram_steps(
            (
                self._sum_products(),
                self._center - problem.means,
                self._middle,
                problem.inverse_scales,
                problem.intercept,
            ),
            numbers,
            state.arrays(),
            guard.limit,
            problem.rows / guard.rows,
            records,
        )
        return result

    def _sum_products(self) -> Floats:
        """The matrix of the sums of products, made once."""
        if self._products is None:
            problem = self.problem
            size = problem.columns + 2
            leaves = -(-problem.rows // LEAF)
            starts = range(0, leaves, CHUNK)
            chunks = np.empty((len(starts), size * (size + 1) // 2))

            def part(i: int) -> None:
                stop = min(starts[i] + CHUNK, leaves)
                gram_kernel(self.rule, self._shape).sum_products(
                    *problem.table, self._center, self._middle, starts[i], stop, chunks[i]
                )

            share(part, range(len(starts)), self.threads)
            flat = np.empty(chunks.shape[1])
            table_kernel().combine(chunks, flat)
            products = np.zeros((size, size))
            products[np.triu_indices(size)] = flat
            self._products = np.triu(products, 1).T + products
        return self._products

    def _means(self) -> Floats:
        """Where the features are centred for the sums: at their means, or near their first row where these are 0.0."""
        problem = self.problem
        return np.where(problem.inverse_scales != 1.0, problem.means, problem.features.mean(axis=0, dtype=np.float64))
