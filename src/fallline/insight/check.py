"""`check`: does an optimizer follow its rule? If not, the first step and coordinate that differ, and the term.

The optimizer and the rule are given the same gradients: of very different sizes, some exactly zero, one coordinate's
smaller than epsilon, and a learning rate that changes on the way. Where they part, the rule is run with each deviation
that people make (`deviations.py`), alone and in pairs; the one that takes the optimizer's own steps is what differs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations

from ..allowed import Switch
from ..errors import SpecificationError
from ..rules import Rule
from .deviations import DEVIATIONS, Deviation, edited, weight_decay

AGREES = 1e-9  # of the way that a coordinate has gone
Vectors = list[list[float]]
Peer = Callable[["Probe"], Vectors]


@dataclass(frozen=True)
class Probe:
    """A start, a gradient for each step, and the learning rate of each step."""

    start: list[float]
    gradients: Vectors
    rates: list[float]


@dataclass(frozen=True)
class Finding:
    """agrees: whether every step is the rule's. worst: the largest difference, relative to the way gone.

    step, coordinate: the first that differs, counted from 1, where the optimizer has `theirs` and the rule `ours`.
    words: the deviations that take the optimizer's steps; empty where none that is known does.
    """

    rule: Rule
    agrees: bool
    worst: float
    steps: int
    step: int = 0
    coordinate: int = 0
    theirs: float = 0.0
    ours: float = 0.0
    words: tuple[str, ...] = ()


def probes(rate: float, coordinates: int = 6, steps: int = 16) -> list[Probe]:
    """Three fixed sets of gradients, the same in every run."""
    source = random.Random(20150101)
    sizes = [1.0, 1e-3, 1e3, 1e-8, 1.0, 30.0]
    found = []
    for first_is_zero in (False, True, False):
        gradients = [[size * source.uniform(-1.0, 1.5) for size in sizes[:coordinates]] for _ in range(steps)]
        for k, gradient in enumerate(gradients):
            gradient[4] = 0.0 if k % 3 == 0 else gradient[4]
        if first_is_zero:
            gradients[0] = [0.0] * coordinates
        start = [source.uniform(-2.0, 2.0) for _ in range(coordinates)]
        found.append(Probe(start, gradients, [rate] * (steps // 2) + [0.5 * rate] * (steps - steps // 2)))
    return found


def check(peer: Peer, rule: Rule, decay: float = 0.0) -> Finding:
    """Compare an optimizer with a rule. decay: the weight decay that the optimizer was given, if the rule has none."""
    assert rule.learning_rate is not None
    sets = probes(rule.learning_rate)
    theirs = [peer(probe) for probe in sets]
    exact = difference(sets, theirs, rule, ())
    assert exact is not None
    steps = len(sets) * len(sets[0].gradients)
    if exact[0] <= AGREES:
        return Finding(rule, True, exact[0], steps)
    worst, step, coordinate, their_value, our_value = exact
    words = named(sets, theirs, rule, decay)
    return Finding(rule, False, worst, steps, step, coordinate, their_value, our_value, words)


def named(sets: list[Probe], theirs: list[Vectors], rule: Rule, decay: float) -> tuple[str, ...]:
    """The words of the deviation, or of two, or of the rule's other form, that take the optimizer's steps."""
    known = (*DEVIATIONS, *(weight_decay(decay, rule.decays) if decay else ()))
    usable = [deviation for deviation in known if edited(rule, (deviation,)) is not None]
    for together in (1, 2):
        for chosen in combinations(usable, together):
            found = difference(sets, theirs, rule, chosen)
            if found is not None and found[0] <= AGREES:
                return tuple(deviation.words for deviation in chosen)
        for words, form in other_forms(rule):
            found = difference(sets, theirs, form, ())
            if found is not None and found[0] <= AGREES:
                return (words,)
    return ()


def other_forms(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """The rule with one of its switches the other way, where it still takes the gradient at theta."""
    for option, allowed in rule.ranges.items():
        if isinstance(allowed, Switch):
            changed = {**rule.hyperparameters, option: not getattr(rule, option)}
            with suppress(SpecificationError):  # not every switch goes with every other option
                form = type(rule)(**changed)  # type: ignore[arg-type]
                if form.point is rule.point:
                    yield f"{option} is {changed[option]}", form


def difference(
    sets: list[Probe], theirs: list[Vectors], rule: Rule, deviations: tuple[Deviation, ...]
) -> tuple[float, int, int, float, float] | None:
    """The worst relative difference, and the first step and coordinate that differ with both values there.

    None where the deviations do not fit the rule.
    """
    worst, first = 0.0, (0, 0, 0.0, 0.0)
    for probe, other in zip(sets, theirs, strict=True):
        ours = follow(probe, rule, deviations)
        if ours is None:
            return None
        for k, (theta, their_theta) in enumerate(zip(ours, other, strict=False), start=1):
            for j, (mine, their) in enumerate(zip(theta, their_theta, strict=True), start=1):
                way = max(abs(mine - probe.start[j - 1]), abs(their - probe.start[j - 1]), 1e-7 * abs(mine), 1e-300)
                part = abs(mine - their) / way
                part = part if part == part else float("inf")
                if part > AGREES and first == (0, 0, 0.0, 0.0):
                    first = (k, j, their, mine)
                worst = max(worst, part)
    return (worst, *first)


def follow(probe: Probe, rule: Rule, deviations: tuple[Deviation, ...]) -> Vectors | None:
    """The trajectory of the rule with these deviations; None where they do not fit it."""
    step = edited(rule, deviations)
    if step is None:
        return None
    try:
        return list(_steps(probe, rule, deviations, step))
    except (KeyError, ZeroDivisionError, OverflowError):
        return None


def _steps(
    probe: Probe, rule: Rule, deviations: tuple[Deviation, ...], step: Callable[..., object]
) -> Iterator[list[float]]:
    names = step.__code__.co_varnames[1 + rule.takes_theta + len(rule.state) : step.__code__.co_argcount]
    theta = list(probe.start)
    states = [_first_state(rule, value, deviations) for value in theta]
    carry = rule.start_carry()
    late = any(deviation.late for deviation in deviations)
    rates = [probe.rates[0], *probe.rates] if late else probe.rates
    for k, (gradient, rate) in enumerate(zip(probe.gradients, rates), start=1):
        numbers, carry = rule.numbers(k, rate, carry)
        numbers, keep = rule.split(numbers)
        numbers += rule.term_sums(gradient, theta, states)
        right = dict(zip(names, numbers, strict=True))
        used = dict(right)
        for deviation in deviations:
            used.update({} if deviation.change is None else deviation.change(k, right))
            keep = keep if deviation.keep is None else deviation.keep(rate)
        if used.keys() != right.keys():
            raise KeyError("a number that the rule does not have")
        for j, g in enumerate(gradient):
            for deviation in deviations:
                g = g if deviation.gradient is None else deviation.gradient(g, theta[j], right)
            before = (theta[j],) if rule.takes_theta else ()
            result = step(g, *before, *states[j], *used.values())
            taken, *new = result if isinstance(result, tuple) else (result,)
            states[j] = tuple(new)
            theta[j] = theta[j] * keep - taken
        yield list(theta)


def _first_state(rule: Rule, theta: float, deviations: tuple[Deviation, ...]) -> tuple[float, ...]:
    state = dict(zip(rule.state, rule.first_state(theta), strict=True))
    for deviation in deviations:
        if not deviation.first_state.keys() <= state.keys():
            raise KeyError("a state that the rule does not have")
        state.update(deviation.first_state)
    return tuple(state.values())
