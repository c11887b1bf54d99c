"""`convention=` gives what a framework's optimizer does when it is told nothing: its forms and its default numbers."""

from __future__ import annotations

import importlib
import random
from typing import Any

import pytest
from peers import PROBLEMS, STEPS, Case, fresh_seed, peer_path, rule_path
from test_conformance import CASES, both_ways, first_difference, nudged

from fallline.rules import RULES, rule_named

# What a framework has to be told, since it has several of our rules in one, or because the rule has no weight decay.
TOLD: dict[tuple[str, str], dict[str, Any]] = {
    ("momentum", "torch"): {"momentum": 0.9},
    ("momentum", "optax"): {"momentum": 0.9},
    ("nesterov", "torch"): {"momentum": 0.9, "nesterov": True},
    ("nesterov", "optax"): {"momentum": 0.9, "nesterov": True},
    ("amsgrad", "torch"): {"amsgrad": True},
    ("lion", "optax"): {"weight_decay": 0.0},
}
RATE = 1e-3  # where a framework has no default
CLAIMED = [(rule, library) for rule in RULES for library in ("torch", "optax") if library in RULES[rule].conventions]


def case_of(rule: str, library: str) -> Case:
    """The first case of this rule beside a peer from this library."""
    return next(case for case in CASES if case.rule == rule and case.peer.startswith(library))


@pytest.mark.conformance
@pytest.mark.parametrize(("rule", "library"), CLAIMED, ids=lambda word: word)
@pytest.mark.parametrize("problem_name", ["quadratic", "sequence"])
def test_a_convention_is_the_library_s_default(rule: str, library: str, problem_name: str) -> None:
    """The rule with `convention=` and the library's optimizer, told nothing but a rate if it must be, take one path."""
    ours = rule_named(rule, convention=library)  # type: ignore[arg-type]
    told, case = dict(TOLD.get((rule, library), {})), case_of(rule, library)
    rate = ours.learning_rate
    if library == "optax":  # which has no default, or none that descends
        told["learning_rate"] = rate = rate or RATE
    assert rate is not None
    case = case._replace(arguments=dict, changing=False)
    problem = PROBLEMS[problem_name](random.Random(fresh_seed()))
    rates = [rate] * STEPS
    found = rule_path(ours, problem, rates, case.of)
    nudges = [rule_path(ours, nudged(problem, towards), rates, case.of) for towards in both_ways(problem)]
    assert first_difference(problem.start, found, peer_path(case, told, problem, rates), nudges) == ""


@pytest.mark.conformance
def test_every_rule_that_a_library_has_is_compared() -> None:
    """A rule that torch.optim or optax has under the same name has a case beside it, and a convention has one too."""
    compared = {(case.rule, case.peer.partition(".")[0]) for case in CASES}
    for library, places in (("torch", ["torch.optim"]), ("optax", ["optax", "optax.contrib"])):
        names = {name.lower() for place in places for name in dir(importlib.import_module(place))}
        missing = [rule for rule in RULES if rule in names and (rule, library) not in compared]
        assert missing == []
    assert set(CLAIMED) <= compared
    differ = {(case.rule, case.peer.partition(".")[0]) for case in CASES if case.differs}
    assert compared - differ == set(CLAIMED)
