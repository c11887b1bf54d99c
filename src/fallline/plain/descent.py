"""The descent in plain Python lists: the reference that defines the law."""

from __future__ import annotations

from ..order.shuffle import epoch_rows
from ..scalar import sqrt
from ..sums import Vector, tree_sum
from .additions import NONE, Additions
from .divergence import smoothed
from .gradient import batch_gradient

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from ..order.shuffle import Sizes
    from ..rules.rule import Numbers, Rule
    from .divergence import Guard
    from .problem import Problem

INFINITY = float("inf")


class State:
    """Where a descent stands: theta, the rule's state (one vector for each of its names), the smoothed loss, and the
    average of the parameters, if the descent keeps one."""

    def __init__(self, theta: Vector, rule_state: list[Vector], smoothed_loss: float, average: Vector | None = None):
        self.theta, self.rule_state, self.smoothed_loss, self.average = theta, rule_state, smoothed_loss, average

    def kept(self) -> tuple[Any, ...]:
        """What `go_back` needs to stand here again."""
        average = None if self.average is None else list(self.average)
        return list(self.theta), [list(vector) for vector in self.rule_state], self.smoothed_loss, average

    def go_back(self, kept: tuple[Any, ...]) -> None:
        again = State(*kept).kept()  # a copy, since it may have to go back once more
        self.theta, self.rule_state, self.smoothed_loss, self.average = again

    def by_parameter(self) -> list[tuple[float, ...]]:
        """The rule's state of each parameter."""
        return list(zip(*self.rule_state)) if self.rule_state else [()] * len(self.theta)


def is_finite(values: Sequence[float]) -> bool:
    for value in values:  # noqa: SIM110 - a generator would cost more than the comparisons
        if not -INFINITY < value < INFINITY:
            return False
    return True


class PlainRuntime:
    """Takes steps on a problem by a rule. `compiled.CompiledRuntime` does the same, and gives the same bytes."""

    name = "plain"
    on_arrays = False  # it takes the rule's numbers as tuples
    work_per_call = 1 << 19  # rows times columns between two looks at the clock and at Ctrl-C: a twentieth of a second
    waited = 0.0

    def __init__(self, problem: Problem, rule: Rule, additions: Additions = NONE):
        self.problem, self.rule, self.additions = problem, rule, additions

    def start(self, theta: Vector, smoothed_loss: float) -> State:
        states = [self.rule.first_state(value) for value in theta]
        average = list(theta) if self.additions.average else None
        return State(list(theta), [list(vector) for vector in zip(*states)], smoothed_loss, average)

    def warm_up(self, state: State, batch: int) -> None:
        """Nothing has to be made ready in plain Python."""

    def table_order(self) -> range:
        return range(self.problem.rows)

    def order(self, seed: int, epoch: int, sizes: Sizes) -> list[int]:
        """The rows of an epoch in the order in which its batches take them."""
        return epoch_rows(seed, epoch, sizes)

    def loss(self, theta: Vector) -> float:
        """The mean loss of all rows in table order."""
        return batch_gradient(self.problem, theta, range(self.problem.rows))[0]

    def watched(self, theta: Vector) -> float:
        """What divergence is judged by: the loss."""
        return self.loss(theta)

    def advance(
        self,
        state: State,
        batches: Iterable[Sequence[int]],
        numbers: Sequence[Numbers],
        guard: Guard,
        penalties: list[float] | None = None,
    ) -> tuple[list[float], list[float], str]:
        """Take one step for each batch. Return the losses and gradient norms, and what was not finite, or "".

        A step whose loss, gradient, step or new parameter is not finite, or at which the smoothed loss exceeds the
        limit, is not applied and is the last: its loss is returned, and the state stays as it was before it.
        penalties receives what the penalties added to each loss. The norm is that of the smooth objective's gradient.
        """
        losses: list[float] = []
        norms: list[float] = []
        for batch, all_numbers in zip(batches, numbers):
            loss, norm, penalty, cause = self._step(state, batch, all_numbers, guard)
            losses.append(loss)
            norms.append(norm)
            if penalties is not None:
                penalties.append(penalty)
            if cause:
                return losses, norms, cause
        return losses, norms, ""

    def _step(
        self, state: State, batch: Sequence[int], all_numbers: Numbers, guard: Guard
    ) -> tuple[float, float, float, str]:
        """One step. Return the loss, the gradient norm, the penalties' value, and what was not finite, or ""."""
        rule, more = self.rule, self.additions
        numbers = rule.split(more.split(all_numbers)[0])[0]
        point = state.theta
        if rule.point is not None:
            states = state.by_parameter()
            point = [rule.point(value, *values, *numbers) for value, values in zip(state.theta, states)]
        loss, gradient, weight = batch_gradient(self.problem, point, batch, more.part)
        if weight == 0.0:
            return 0.0, 0.0, 0.0, ""
        gradient = more.penalized(gradient, point)
        norm = sqrt(tree_sum([g * g for g in gradient]))
        penalty = more.penalty(point)
        if not is_finite([loss]):
            return loss, norm, penalty, "loss"
        average = smoothed(state.smoothed_loss, loss, len(batch) / guard.rows)
        if average > guard.limit:
            return loss, norm, penalty, "growth"
        cause = self._move(state, gradient, all_numbers)
        if not cause:
            state.smoothed_loss = average
        return loss, norm, penalty, cause

    def _move(self, state: State, gradient: Vector, all_numbers: Numbers) -> str:
        """From the gradient to the new state, in the order of the law. Return what was not finite, or ""."""
        rule, more, theta, states = self.rule, self.additions, state.theta, state.by_parameter()
        own_numbers, more_numbers = more.split(all_numbers)
        numbers, keep = rule.split(own_numbers)
        if not is_finite(gradient):
            return "gradient"
        changed = more.change(more.before, gradient, theta, [1.0] * len(gradient), more_numbers)
        if changed is None:
            return "gradient"
        gradient, shares = changed
        arguments = numbers + rule.term_sums(gradient, theta, states)
        updates = [rule.update(g, value, values, arguments) for g, value, values in zip(gradient, theta, states)]
        steps = [update[0] for update in updates]
        changed = more.change(more.after, steps, theta, shares, more_numbers) if is_finite(steps) else None
        if changed is None:
            return "step"
        steps, shares = changed
        if more.decay is not None:
            (keep,) = more_numbers[more.decay]
        theta = [old * keep - step for old, step in zip(theta, steps)]
        if not is_finite(theta):
            return "parameter"
        if more.penalties:
            scales = more.scales(rule, [update[1:] for update in updates], numbers, shares)
            if not is_finite(scales):
                return "step"
            theta = more.proximal_step(theta, scales)
            if not is_finite(theta):
                return "parameter"
        state.theta = theta
        state.rule_state = [[update[i + 1] for update in updates] for i in range(len(state.rule_state))]
        if state.average is not None:
            state.average = more.averaged(state.average, theta, more_numbers)
        return ""
