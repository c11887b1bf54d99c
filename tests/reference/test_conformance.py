"""Whole trajectories of every rule beside torch.optim's and optax's, in float64, with random hyper-parameters.

At every step each parameter agrees within 1e-12 of the largest value that it has had, or within ten times what a change
of the start by one unit in the last place moves it, whichever is more.
"""

from __future__ import annotations

import importlib
import math
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from peers import PROBLEMS, STEPS, Case, Problem, Vector, fresh_seed, log_uniform, peer_path, rule_path

from fallline.rules import rule_named

HERE = Path(__file__).parent
CASES: list[Case] = [
    case for path in sorted(HERE.glob("cases_*.py")) for case in importlib.import_module(path.stem).CASES
]
PAIRS = [(case, problem) for case in CASES for problem in case.problems]
TOLERANCE = 1e-12


NUDGES = 16  # of the start, where a path is so sensitive that two do not show it


def nudged(problem: Problem, towards: Sequence[float]) -> Problem:
    """The problem with every coordinate of the start moved by one unit in the last place."""
    return Problem([math.nextafter(value, end) for value, end in zip(problem.start, towards)], problem.gradient)


def both_ways(problem: Problem) -> list[list[float]]:
    """Where `nudged` moves the start to: down, and up."""
    return [[end] * len(problem.start) for end in (-math.inf, math.inf)]


@pytest.mark.conformance
@pytest.mark.parametrize(("case", "problem_name"), PAIRS, ids=[f"{case}, {name}" for case, name in PAIRS])
def test_the_path_is_the_peer_s(case: Case, problem_name: str):
    """The rule and its peer take the same steps; where the case says that they differ, they do not."""
    draw = random.Random(fresh_seed())
    problem, options = PROBLEMS[problem_name](draw), case.options(draw)
    print(options)
    rates = [options["learning_rate"]] * STEPS
    if case.changing:
        rates = [rate * log_uniform(draw, 0.3, 1.0) for rate in rates]
    rule = rule_named(case.rule, **options)
    ours = rule_path(rule, problem, rates, case.of)
    theirs = peer_path(case, options, problem, rates)
    assert len(ours) == len(theirs) == STEPS
    finite = next((k for k, theta in enumerate(ours) if not all(map(math.isfinite, theta))), STEPS)
    assert finite >= 10
    ours = ours[:finite]  # a rule may run away in Rosenbrock's valley, but its peer must follow
    nudges = [rule_path(rule, nudged(problem, towards), rates, case.of) for towards in both_ways(problem)]
    differing = first_difference(problem.start, ours, theirs, nudges)
    if differing and not case.differs:  # what a change by one unit does depends on where it points
        ends = [[draw.choice((-math.inf, math.inf)) for _ in problem.start] for _ in range(NUDGES)]
        nudges += [rule_path(rule, nudged(problem, towards), rates, case.of) for towards in ends]
        differing = first_difference(problem.start, ours, theirs, nudges)
    assert bool(differing) == bool(case.differs), differing or "they agree"


def first_difference(start: Vector, ours: list[Vector], theirs: list[Vector], nudges: list[list[Vector]]) -> str:
    """The step and parameter in which the paths part, or "" where they are the same; see the head of this file."""
    for j, first in enumerate(start):
        size, moved = abs(first), 0.0
        for k in range(len(ours)):
            size = max(size, abs(ours[k][j]))
            moved = max(moved, *(abs(path[k][j] - ours[k][j]) for path in nudges))
            if not abs(ours[k][j] - theirs[k][j]) <= max(TOLERANCE * size, 10.0 * moved):
                return f"step {k + 1}, parameter {j + 1}: {ours[k][j]!r}, and not {theirs[k][j]!r}; size {size:g}"
    return ""
