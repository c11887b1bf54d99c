"""A step's penalties and transforms worked out for a page: each with its lines, on the numbers of the real step.

Every value is made by the plain runtime's own `Additions`; no penalty or transform is known here by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..plain.additions import Additions
from ..rules.rule import Numbers, Rule
from ..sums import Vector
from .explanation import Part
from .trace import trace

Parts = list[list[Part]]


class Worked:
    """The arithmetic between a batch's mean gradient and the new theta.

    gradients: what the rule is given. steps: what theta loses. after: theta after the step. whole: what was found over
    all parameters. Of each parameter: the slopes of penalties, and what was done to the gradient, to the rule's step,
    and to theta after it.
    """

    def __init__(
        self,
        rule: Rule,
        more: Additions,
        theta: Vector,
        point: Vector,
        states: Sequence[Sequence[float]],
        gradient: Vector,
        numbers: Numbers,
    ):
        own_numbers, self._numbers = more.split(numbers)
        arguments, self.keep = rule.split(own_numbers)
        self._more, self._theta, count = more, theta, len(theta)
        self.whole: list[Part] = []
        self.slope_parts: Parts = [[] for _ in range(count)]
        self.gradient_parts: Parts = [[] for _ in range(count)]
        self.step_parts: Parts = [[] for _ in range(count)]
        self.theta_parts: Parts = [[] for _ in range(count)]

        for penalty, columns in more.smooth:
            for j, found in enumerate(zip(*columns)):
                assert penalty.slope is not None
                part = _part(penalty.name, "slope", penalty.slope, (point[j], *found))
                self.slope_parts[j].append(part)
        self.penalized = more.penalized(gradient, point)
        shares = [1.0] * count
        self.gradients, shares = self._changed(more.before, self.penalized, shares, self.gradient_parts, "g")
        self.arguments = arguments + rule.term_sums(self.gradients, theta, states)
        updates = [rule.update(g, w, s, self.arguments) for g, w, s in zip(self.gradients, theta, states)]
        self.rule_steps = [update[0] for update in updates]
        self.steps, shares = self._changed(more.after, self.rule_steps, shares, self.step_parts, "step")
        if more.decay is not None:
            (self.keep,) = self._numbers[more.decay]
        self.moved = [w * self.keep - step for w, step in zip(theta, self.steps)]
        self.after = self.moved
        if more.penalties:
            scales = more.scales(rule, [update[1:] for update in updates], arguments, shares)
            self._trace_proximal(scales)
            self.after = more.proximal_step(self.moved, scales)

    def _changed(
        self, pairs: list[Any], values: Vector, shares: Vector, parts: Parts, name: str
    ) -> tuple[Vector, Vector]:
        for transform, place in pairs:
            sums, found = self._more.sums(transform, values, self._theta), self._numbers[place]
            if sums:
                self.whole.append(_part(transform.name, "factor", transform.finish, (*sums, *found)))
            factor = transform.finish(*sums, *found)
            for j, value in enumerate(values):
                parts[j].append(_part(transform.name, name, transform.apply, (value, factor)))
            changed = self._more.change([(transform, place)], values, self._theta, shares, self._numbers)
            if changed is None:  # the step at which the run diverged, which was not applied
                return values, shares
            values, shares = changed
        return values, shares

    def _trace_proximal(self, scales: Vector) -> None:
        theta = list(self.moved)
        for penalty, columns in self._more.proximal:
            assert penalty.prox is not None
            for j, found in enumerate(zip(*columns)):
                part = _part(penalty.name, "w", penalty.prox, (theta[j], scales[j], *found))
                self.theta_parts[j].append(part)
                theta[j] = part.value
        if self._more.grouped is None:
            return
        penalty = self._more.grouped[0]
        for group in self._more.groups:
            arguments = self._more.group_arguments(theta, scales, group)
            assert penalty.group_factor is not None and penalty.group_shrunk is not None
            found = _part(penalty.name, "factor", penalty.group_factor, arguments)
            factor = found.value
            for j in group:
                self.theta_parts[j].append(found)
                self.theta_parts[j].append(_part(penalty.name, "w", penalty.group_shrunk, (theta[j], factor)))


def _part(title: str, name: str, function: Callable[..., float], arguments: Sequence[float]) -> Part:
    code = function.__code__
    named = dict(zip(code.co_varnames[: code.co_argcount], arguments, strict=True))
    lines = tuple(trace(function, named, (name,)))
    return Part(title, lines, function(*arguments))
