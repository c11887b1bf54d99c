"""The one loop: order, batches, rates, steps, looks at the loss, and a reason to stop. It runs on any runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..order.batches import Batches
from ..plain.divergence import Guard
from ..rules.rule import Numbers
from ..sums import LEAF, tree_total
from .back_off import FACTOR, BackOff
from .history import History
from .plan import Plan
from .stopping import DoublingWatch, Watch
from .tabulate import NumbersTable

MOST_IN_VAIN = 4  # times the steps up to a look: so many there are up to the next one, which a divergence may undo


def first_loss(runtime: Any, start: Sequence[float]) -> float:
    """The loss of the whole table at the start, or at 0 if that is more: growth is judged by it, and a good start must
    not make it small."""
    problem = runtime.problem
    cold = [0.0] * (problem.columns * problem.scores)
    warm = any(value != 0.0 for value in start[: len(cold)])
    losses: list[float] = [runtime.loss(start), runtime.loss([0.0] * problem.parameters) if warm else 0.0]
    return max(losses)


def total(values: NDArray[np.float64]) -> float:
    """The sum in the order of the law."""
    leaves = [float(np.add.accumulate(values[i : i + LEAF])[-1]) for i in range(0, len(values), LEAF)]
    return tree_total([leaf] for leaf in leaves)[0] if leaves else 0.0


class Descent:
    """A descent under way. After `run`, `stop` says why it stopped and `k` is the last step that was applied.

    backs_off: where it diverges, it goes back and halves its rate, which `plan.backoffs` then records. start_loss: the
    loss of the whole table at the start, where it is known already.
    """

    def __init__(
        self,
        runtime: Any,
        plan: Plan,
        theta: Sequence[float] | None = None,
        backs_off: bool = False,
        start_loss: float | None = None,
    ):
        self.runtime, self.plan = runtime, plan
        self.additions = runtime.additions
        zero = [0.0] * runtime.problem.parameters
        start = self.additions.start(list(runtime.problem.start)) if theta is None else theta
        self.start_loss = first_loss(runtime, start) if start_loss is None else start_loss
        watched = self.start_loss
        if plan.gram:
            watched = max(runtime.watched(start), runtime.watched(zero))
        self.state = runtime.start(start, watched)
        self.guard = Guard.of(watched, plan.sizes.rows, plan.sizes.batch)
        self.schedule = plan.new_schedule()
        kind = DoublingWatch if plan.gram else Watch
        start_objective = self.start_loss + self.additions.penalty(list(start))
        self.watch = kind(plan.tolerance, plan.patience, start_objective) if plan.tolerance is not None else None
        self.carry = plan.rule.start_carry()
        self.history = History(plan.steps)
        self.k = 0
        self.stop = ""
        self.cause = ""
        self._order: tuple[int, Any] = (-1, None)
        self.looked = 0  # the step of the latest look that the watch has seen
        self.back_off = BackOff(self) if backs_off else None

    def run(
        self,
        until: int | None = None,
        report: Callable[[Descent], object] | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        """Take steps until there is a reason to stop, or up to step `until`."""
        last = self.plan.steps if until is None else min(until, self.plan.steps)
        while self.k < last and not self.stop:
            self._advance(min(last - self.k, self._steps_to_look(), self._steps_per_call()))
            if self.cause:
                if self.back_off is None or not self.back_off.go_back(self):
                    self.stop = "diverged"
            else:
                if self.schedule.sees and self.k % self.plan.sizes.steps == 0:
                    self._show_epoch()
                if self._is_look():
                    self._look()
            if report is not None:
                report(self)
            if not self.stop and interrupted():
                self.stop = "interrupted"
        if self.k == self.plan.steps and not self.stop:
            self.stop = "epochs"

    def batch(self, k: int) -> Any:
        """The rows of step k, in batch order."""
        return next(iter(self._batches(k, 1)))

    def _batches(self, k: int, count: int) -> Batches:
        """The batches of `count` steps from step k on."""
        sizes, pieces = self.plan.sizes, []
        last = k - 1 + count
        for epoch in range((k - 1) // sizes.steps, (last - 1) // sizes.steps + 1):
            start = epoch * sizes.steps
            pieces.append((self._order_of(epoch), max(k - 1 - start, 0), min(last - start, sizes.steps)))
        return Batches(pieces, sizes.batch, sizes.rows)

    @property
    def _shuffled(self) -> bool:
        return self.plan.shuffle and self.plan.sizes.batch < self.plan.sizes.rows

    def _begin_next_order(self) -> None:
        sizes, following = self.plan.sizes, self._order[0] + 1
        if self._shuffled and following * sizes.steps < self.plan.steps and self.runtime.on_arrays:
            self.runtime.begin_order(self.plan.seed, following, sizes)

    def _order_of(self, epoch: int) -> Any:
        sizes = self.plan.sizes
        if self._order[0] != epoch:
            if self._shuffled or self._order[1] is None:
                seed = self.plan.seed
                order = self.runtime.order(seed, epoch, sizes) if self._shuffled else self.runtime.table_order()
            else:
                order = self._order[1]
            self._order = (epoch, order)
        return self._order[1]

    def answer(self) -> NDArray[np.float64]:
        """The result so far: theta, or the average of the path, or the point that the rule answers with."""
        if self.state.average is not None:
            return np.array(self.state.average, dtype=np.float64)
        theta = np.array(self.state.theta, dtype=np.float64)
        rule = self.plan.rule
        if rule.answer is None:
            return theta
        states = zip(*np.asarray(self.state.rule_state).tolist(), strict=True)
        return np.array([rule.answer(value, *state) for value, state in zip(theta.tolist(), states, strict=True)])

    def rate(self, k: int) -> float:
        rate = self.schedule.rate(k, self.plan.learning_rate)
        for after in self.plan.backoffs:
            rate = rate * FACTOR if k > after else rate
        return rate

    def halve_after(self, k: int, seen: int) -> None:
        """From step k + 1 on the rate is half of what it would have been; step k is the latest one, and a look, up to
        which the watch had `seen` so many."""
        self.plan = replace(self.plan, backoffs=(*self.plan.backoffs, k))
        if self.watch is not None:
            self.watch.seen = seen
            self.watch.new_stage()

    def _rates(self, first: int, count: int) -> NDArray[np.float64]:
        """The learning rates of some steps; a schedule that only watches the loss has one rate between two looks."""
        if self.schedule.steady:
            return np.broadcast_to(self.rate(first), count)  # it takes no memory
        return np.array([self.rate(k) for k in range(first, first + count)], dtype=np.float64)

    def numbers(self, k: int) -> tuple[Numbers, Numbers]:
        """The numbers of step k, the rule's and behind them the additions', and its next carry; k is the next step."""
        return self._numbers(k, self.rate(k), self.carry)

    def _numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        numbers, carry = self.plan.rule.numbers(k, rate, carry)
        return (numbers + self.additions.numbers(k, rate) if self.additions.count else numbers), carry

    def _advance(self, count: int) -> None:
        first = self.k + 1
        rates = self._rates(first, count)
        table = NumbersTable(self.plan.rule, first, rates, self.carry)
        rows = table.rows
        if self.additions.count:
            more = [self.additions.numbers(k, rate) for k, rate in enumerate(rates.tolist(), start=first)]
            rows = np.hstack([rows, np.array(more, dtype=np.float64)])
        numbers = rows if self.runtime.on_arrays else [tuple(row) for row in rows.tolist()]
        penalties: list[float] | None = [] if self.additions.penalties else None
        batches = self._batches(first, count)
        self._begin_next_order()
        losses, norms, self.cause = self.runtime.advance(self.state, batches, numbers, self.guard, penalties)
        self.history.add(losses, penalties, norms, rates[: len(losses)])
        applied = len(losses) - bool(self.cause)
        self.k += applied
        self.carry = table.carry_after(applied)

    def _show_epoch(self) -> None:
        before = self.rate(self.k + 1)
        self.schedule.see(self._mean(self.history.losses, self.plan.sizes.steps))
        if self.watch is not None and self.rate(self.k + 1) != before:
            self.watch.new_stage()

    def _look(self) -> None:
        watch = self.watch
        if watch is not None and watch.has_stopped_falling(self._losses_at_looks(self.history.objectives)):
            if self.schedule.plateau(watch.level):
                watch.new_stage()
            elif watch.has_learned():
                self.stop = "converged"
        self.looked = self.k
        if self.back_off is not None:
            self.back_off.see(self)
        if watch is not None and self.k in self.plan.backoffs:
            watch.new_stage()

    def _losses_at_looks(self, values: NDArray[np.float64]) -> list[float]:
        """`_at_look` at every look that the watch has not seen, up to this one: all at once, where each takes an epoch
        of one leaf."""
        every, steps = self.plan.look_steps, self.plan.sizes.steps
        if steps == 1 and not self.plan.gram:
            return values[self.looked + every - 1 : self.k : every].tolist()  # type: ignore[no-any-return]
        if self.plan.gram or every % steps or steps > LEAF:
            steps_of_looks = [self.k] if self.plan.gram else range(self.looked + every, self.k + 1, every)
            return [self._at_look(values[:k]) for k in steps_of_looks]
        epochs = values[self.looked : self.k].reshape(-1, every)[:, every - steps :]
        sums, last = np.add.accumulate(epochs, axis=1)[:, -1].tolist(), epochs[:, -1].tolist()
        return self._means(zip(sums, last, strict=True), steps, 1)

    def epoch_loss(self) -> float:
        """The mean loss over the latest batches, each before its update: of an epoch, or of a look if that is less.

        From X'X, where the loss is measured at some steps only, the latest of these.
        """
        return self._at_look(self.history.losses)

    def _at_look(self, values: NDArray[np.float64]) -> float:
        if self.plan.gram:
            return next((value for value in reversed(values) if value == value), self.start_loss)
        return self._mean(values, min(self.plan.sizes.steps, self.plan.look_steps))

    def _mean(self, values: NDArray[np.float64], span: int) -> float:
        """The mean of what was recorded over the latest so many batches, or all there are."""
        done, steps = len(values), self.plan.sizes.steps
        first = max(done - span, 0)
        if first >= done - 1:  # none, or one that stands for itself
            return float(values[first]) if done else 0.0
        short = values[first + (steps - 1 - first) % steps :: steps]
        return self._means([(total(values[first:]), total(short))], done - first, len(short))[0]

    def _means(self, sums: Iterable[tuple[float, float]], steps: int, short: int) -> list[float]:
        """Mean losses of a row from sums over so many steps: of all of them, and of those among them that are the last
        of an epoch, whose batches may have fewer rows."""
        batch, sizes = self.plan.sizes.batch, self.plan.sizes
        missing = batch - sizes.rows_of(sizes.steps - 1)
        rows = batch * steps - missing * short
        return [(batch * losses - missing * of_short) / rows for losses, of_short in sums]

    def _is_look(self) -> bool:
        """A look at the loss comes at fixed steps; from X'X, at those whose loss is measured: 1, 2, 4, 8, …"""
        return self.k & (self.k - 1) == 0 if self.plan.gram else self.k == self._next_look(self.k - 1)

    def _steps_to_look(self) -> int:
        if self.plan.gram:
            return (1 << self.k.bit_length()) - self.k
        left = self._next_look(self.k) - self.k
        return min(left, self.plan.sizes.steps - self.k % self.plan.sizes.steps) if self.schedule.sees else left

    def _next_look(self, k: int) -> int:
        """The first look after step k: the next one that the watch can say something about, or at which a replayed run
        halves its rate; and to have a good state to go back to, the steps may grow by a factor only."""
        every, looks = self.plan.look_steps, self.plan.steps
        if self.watch is not None or self.back_off is not None:
            looks = 1 if self.watch is None or self.schedule.sees else self.watch.looks_to_say
        found = [max(self.looked + looks * every, (k // every + 1) * every)]
        if self.back_off is not None:
            found.append(max(MOST_IN_VAIN * self.looked, every))
        return min(found + [after for after in self.plan.backoffs if after > k])

    def _steps_per_call(self) -> int:
        problem, plan = self.runtime.problem, self.plan
        rows = problem.parameters if plan.gram else plan.sizes.batch
        work = rows * (int(problem.width) + 8) + (0 if plan.rule.lazy else int(problem.parameters))
        return max(int(self.runtime.work_per_call) // work, 1)
