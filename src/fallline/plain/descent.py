"""The descent in plain Python lists: the reference that defines the law."""

from __future__ import annotations

from ..order.shuffle import rows
from ..scalar import sqrt
from ..sums import Vector, tree_sum
from .divergence import smoothed
from .gradient import batch_gradient

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..order.shuffle import Sizes
    from ..rules.rule import Numbers, Rule
    from .divergence import Guard
    from .problem import Problem

INFINITY = float("inf")


class State:
    """Where a descent stands: theta, the rule's state (one vector for each of its names), and the smoothed loss."""

    def __init__(self, theta: Vector, rule_state: list[Vector], smoothed_loss: float):
        self.theta, self.rule_state, self.smoothed_loss = theta, rule_state, smoothed_loss

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

    def __init__(self, problem: Problem, rule: Rule):
        self.problem, self.rule = problem, rule

    def start(self, theta: Vector, smoothed_loss: float) -> State:
        states = [self.rule.first_state(value) for value in theta]
        return State(list(theta), [list(vector) for vector in zip(*states)], smoothed_loss)

    def warm_up(self, state: State) -> None:
        """Nothing has to be made ready in plain Python."""

    def table_order(self) -> range:
        return range(self.problem.rows)

    def order(self, seed: int, epoch: int, sizes: Sizes) -> list[int]:
        """The rows of an epoch in the order in which its batches take them."""
        return [row for t in range(sizes.steps) for row in rows(seed, epoch, sizes, t)]

    def loss(self, theta: Vector) -> float:
        """The mean loss of all rows in table order."""
        return batch_gradient(self.problem, theta, range(self.problem.rows))[0]

    def advance(
        self, state: State, batches: Iterable[Sequence[int]], numbers: Sequence[Numbers], guard: Guard
    ) -> tuple[list[float], list[float], str]:
        """Take one step for each batch. Return the losses and gradient norms, and what was not finite, or "".

        A step whose loss, gradient, step or new parameter is not finite, or at which the smoothed loss exceeds the
        limit, is not applied and is the last: its loss is returned, and the state stays as it was before it.
        """
        losses: list[float] = []
        norms: list[float] = []
        rule = self.rule
        for batch, all_numbers in zip(batches, numbers):
            arguments, keep = rule.split(all_numbers)
            states = state.by_parameter()
            point = state.theta
            if rule.point is not None:
                point = [rule.point(value, *values, *arguments) for value, values in zip(state.theta, states)]
            loss, gradient, weight = batch_gradient(self.problem, point, batch)
            norm = sqrt(tree_sum([g * g for g in gradient]))
            losses.append(loss)
            norms.append(norm)
            if weight == 0.0:
                continue
            if not is_finite([loss]):
                return losses, norms, "loss"
            average = smoothed(state.smoothed_loss, loss, len(batch) / guard.rows)
            if average > guard.limit:
                return losses, norms, "growth"
            if not is_finite(gradient):
                return losses, norms, "gradient"
            if rule.terms is not None:
                arguments = arguments + rule.term_sums(gradient, state.theta, states)
            updates = [
                rule.update(g, value, values, arguments) for g, value, values in zip(gradient, state.theta, states)
            ]
            steps = [update[0] for update in updates]
            theta = [old * keep - step for old, step in zip(state.theta, steps)]
            if not is_finite(steps):
                return losses, norms, "step"
            if not is_finite(theta):
                return losses, norms, "parameter"
            state.theta, state.smoothed_loss = theta, average
            state.rule_state = [[update[i + 1] for update in updates] for i in range(len(state.rule_state))]
        return losses, norms, ""
