"""Penalties and transforms under the law: the same bytes in every runtime, and those of an independent twin."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import golden
import golden_additions
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from law_cases import (
    CLASSES,
    Table,
    as_batches,
    bits,
    compiled_runtime,
    fresh_seed,
    of_golden,
    plain_runtime,
    random_target,
    state_bits,
)

from fallline.descent.loop import Descent
from fallline.descent.plan import Plan, batches_of_a_step
from fallline.errors import SpecificationError
from fallline.losses import LOSSES
from fallline.order.shuffle import Sizes
from fallline.penalties import L1, L2, PENALTIES, Box, ElasticNet, Features, GroupL1, NonNegative, Penalty
from fallline.plain.additions import Additions, check_together
from fallline.plain.divergence import Guard
from fallline.rules import RULES, Adam, AdamW, Rule
from fallline.transforms import (
    TRANSFORMS,
    Accumulate,
    ClipByNorm,
    ClipByValue,
    DecoupledDecay,
    ExponentialAverage,
    PolyakAverage,
    TailAverage,
    Transform,
    TrustRatio,
)

INFINITY = float("inf")
RULE_NAMES = ("sgd", "momentum", "adam")
LOSS_NAMES = ("squared", "logistic")  # a step knows of a loss only its sums: random specifications meet all of them
RATES = {"sgd": 0.02, "momentum": 0.01, "adam": 0.05}
COLUMNS = 4
FEATURES = Features(("a", "b", "c", "d"), ("a", "pair", "pair", "d"))
Twin = dict[str, Any]

# Each penalty of the list, some together, and the twin's words for them.
PENALTY_CASES: dict[str, tuple[tuple[Penalty, ...], Twin]] = {
    "none": ((), {}),
    "l2": ((L2(0.3),), {"l2": [0.3] * 4}),
    "l1": ((L1(0.2),), {"l1": [0.2] * 4}),
    "elastic_net": ((ElasticNet(0.5, 0.25),), {"l1": [0.125] * 4, "l2": [0.375] * 4}),
    "group_l1": ((GroupL1(0.3),), {"groups": (0.3, [[0], [1, 2], [3]])}),
    "non_negative": ((NonNegative(),), {"lower": [0.0] * 4, "upper": [INFINITY] * 4}),
    "box": (
        (Box({"a": -0.1, "pair": 0.05}, 0.4),),
        {"lower": [-0.1, 0.05, 0.05, -INFINITY], "upper": [0.4] * 4},
    ),
    "box and l1": ((Box(-0.2), L1(0.1)), {"l1": [0.1] * 4, "lower": [-0.2] * 4, "upper": [INFINITY] * 4}),
    "groups and l1": (
        (GroupL1(0.1, [["a", "d"]]), L1(0.05)),
        {"l1": [0.05] * 4, "groups": (0.1, [[0, 3], [1, 2]])},
    ),
}
TRANSFORM_CASES: dict[str, tuple[tuple[Transform, ...], Twin]] = {
    "none": ((), {}),
    "clip_by_value": ((ClipByValue(0.3),), {"gradient": [("value", 0.3)]}),
    "clip_by_norm": ((ClipByNorm(0.5),), {"gradient": [("norm", 0.5)]}),
    "lamb": ((TrustRatio("lamb", 0.8, 1e-3),), {"lamb": (0.8, 1e-3)}),
    "lars": ((TrustRatio("lars", 0.5),), {"gradient": [("lars", 0.5, 0.0)]}),
    "decoupled_decay": ((DecoupledDecay(0.5),), {"decay": 0.5}),
    "accumulate": ((Accumulate(2),), {"part": 700}),
    "polyak_average": ((PolyakAverage(2),), {"average": ("from", 2)}),
    "tail_average": ((TailAverage(0.5, 3),), {"average": ("from", 3)}),
    "exponential_average": ((ExponentialAverage(0.7),), {"average": ("forget", 0.7, True)}),
    "as in torch": ((ExponentialAverage(0.7, False),), {"average": ("forget", 0.7, False)}),
    "all": (
        (
            *(PolyakAverage(), DecoupledDecay(0.1), TrustRatio("lamb"), ClipByNorm(0.4)),
            *(Accumulate(2), ClipByValue(0.2), TrustRatio("lars", 0.7)),
        ),
        {
            "gradient": [("norm", 0.4), ("value", 0.2), ("lars", 0.7, 0.0)],
            "lamb": (1.0, 0.0),
            "decay": 0.1,
            "part": 700,
            "average": ("from", 0),
        },
    ),
}


def fits(rule: Rule, penalty: str, transform: str) -> bool:
    try:
        check_together(rule, PENALTY_CASES[penalty][0], TRANSFORM_CASES[transform][0])
    except SpecificationError:
        return False
    return True


def every_case() -> list[tuple[str, str, str, str]]:
    """(penalty, transform, rule, loss): the whole product, but what is refused."""
    return [
        case
        for case in itertools.product(PENALTY_CASES, TRANSFORM_CASES, RULE_NAMES, LOSS_NAMES)
        if fits(RULES[case[2]](0.01), *case[:2])
    ]


# A kernel takes seconds to compile, so the compiled runtime is shown each penalty and each transform, with and without
# the other; FALLLINE_LAW_ALL=1 shows it the whole product.
CHOSEN = [
    ("l2", "decoupled_decay", "adam", "squared"),
    ("l1", "all", "adam", "logistic"),
    ("elastic_net", "accumulate", "momentum", "squared"),
    ("group_l1", "clip_by_norm", "momentum", "logistic"),
    ("non_negative", "lars", "sgd", "logistic"),
    ("box", "polyak_average", "adam", "squared"),
    ("box and l1", "clip_by_value", "momentum", "squared"),
    ("groups and l1", "tail_average", "sgd", "logistic"),
    ("none", "lamb", "adam", "squared"),
    ("none", "exponential_average", "sgd", "squared"),
]


def chosen_cases() -> list[tuple[str, str, str, str]]:
    return every_case() if os.environ.get("FALLLINE_LAW_ALL") else CHOSEN


def additions_of(penalty: str, transform: str) -> tuple[Additions, Twin]:
    penalties, twin = PENALTY_CASES[penalty]
    transforms, more = TRANSFORM_CASES[transform]
    twin = {**twin, **more}
    return Additions(penalties, transforms, FEATURES, twin.get("part")), twin


@cache
def twin_table() -> dict[str, Any]:
    found: dict[str, Any] = golden.table_of("made", "scaled")
    return found


@cache
def table_of(loss: str) -> Table:
    return of_golden("made", "scaled", loss)


def batches_of(draw: random.Random, count: int, sizes: tuple[int, ...]) -> list[list[int]]:
    rows = len(table_of("squared").targets)
    return [[draw.randrange(rows) for _ in range(size)] for size, _ in zip(itertools.cycle(sizes), range(count))]


def taken(
    runtime: Any, start: list[float], batches: list[list[int]], rates: list[float], cut: int
) -> tuple[dict[str, Any], Any]:
    """Everything that steps on these batches give, in two calls of `advance`, and the state."""
    rule, additions = runtime.rule, runtime.additions
    carry, numbers = rule.start_carry(), []
    for k, rate in enumerate(rates, start=1):
        own, carry = rule.numbers(k, rate, carry)
        numbers.append(own + additions.numbers(k, rate))
    state, found = runtime.start(start, 1.0), {"losses": [], "norms": [], "penalties": [], "cause": ""}
    for part in (slice(0, cut), slice(cut, len(batches))):
        if not found["cause"] and batches[part]:
            arguments = as_batches(runtime, batches[part]), numbers[part], Guard(INFINITY, 6500)
            losses, norms, found["cause"] = runtime.advance(state, *arguments, found["penalties"])
            found["losses"] += losses
            found["norms"] += norms
    average = [] if state.average is None else state.average
    records = {name: bits(found[name]) for name in ("losses", "norms", "penalties")}
    return {**records, "cause": found["cause"], "average": bits(average), **state_bits(state)}, state


# ---- an independent twin


@pytest.mark.parametrize(("penalty", "transform", "rule_name", "loss"), every_case())
def test_plain_python_gives_the_twin_s_bytes(penalty: str, transform: str, rule_name: str, loss: str):
    """Loss × penalty × transform with three rules: theta and the average after each of 8 steps, losses, norms and
    penalties are those of nested loops that know nothing of Fallline; a batch of weight 0 changes nothing."""
    draw = random.Random(fresh_seed())
    additions, twin = additions_of(penalty, transform)
    batches = batches_of(draw, 7, (1, 40, 3, 30))
    if transform in ("accumulate", "all") and penalty in ("none", "l1"):
        batches[2] = batches_of(draw, 1, (1500,))[0]  # two batches of 700 and one of 100
    batches.insert(3, [3, 20])  # both of weight 0
    rate = RATES[rule_name]
    thetas, means, records = golden_additions.descend(twin_table(), rule_name, loss, rate, batches, twin)
    runtime = plain_runtime(table_of(loss), loss, RULES[rule_name](rate), additions)
    start = golden.start_of(COLUMNS + 1)
    for last in (1, 4, len(batches)):
        found, state = taken(runtime, start, batches[:last], [rate] * last, 1)
        assert found["cause"] == ""
        assert bits(state.theta) == bits(thetas[last - 1])
        if "average" in twin:
            assert found["average"] == bits(means[last - 1])
    assert [found[name] for name in ("losses", "norms", "penalties")] == [
        bits(record[i] for record in records) for i in range(3)
    ]


def test_every_penalty_and_transform_has_its_case():
    """Whoever adds one to the lists adds its arithmetic to the twin, and shows it to the compiled runtime."""
    assert {part for case in CHOSEN for part in case[:2]} >= {*PENALTY_CASES, *TRANSFORM_CASES} - {"as in torch"}
    assert set(CHOSEN) <= set(every_case())
    assert {one.name for case in PENALTY_CASES.values() for one in case[0]} == set(PENALTIES)
    assert {one.name for case in TRANSFORM_CASES.values() for one in case[0]} == set(TRANSFORMS)


# ---- the compiled runtime


@pytest.mark.parametrize(("penalty", "transform", "rule_name", "loss"), chosen_cases())
def test_every_runtime_gives_the_same_bytes(penalty: str, transform: str, rule_name: str, loss: str):
    """Theta, rule state, average, losses, norms, penalties and cause have the plain runtime's bytes, compiled on 1 and
    2 threads, on batches of one row to more than two leaves, in any cut of the steps into calls."""
    draw = random.Random(fresh_seed())
    additions, _ = additions_of(penalty, transform)
    rule = RULES[rule_name](RATES[rule_name])
    batches = batches_of(draw, 8, (1, 2100, 30, 1024, 3, 1500, 200))
    batches.insert(3, [3, 20])
    rates = [RATES[rule_name] * draw.uniform(0.2, 1.0) for _ in batches]
    start = [draw.gauss(0.0, 1.0) for _ in range(COLUMNS + 1)]
    table = table_of(loss)
    expected, _ = taken(plain_runtime(table, loss, rule, additions), start, batches, rates, 0)
    for threads in (1, 2):
        runtime = compiled_runtime(table, loss, rule, threads, additions)
        for cut in (0, 4, draw.randrange(9)):
            assert taken(runtime, start, batches, rates, cut)[0] == expected, (threads, cut)


def test_many_parameters_are_summed_in_leaves():
    """With 2,500 coefficients in groups of 1 to 1,300, norms, penalties and factors are those of the law's leaves and
    tree, in both runtimes."""
    draw = random.Random(fresh_seed())
    columns, strength = 2500, 0.05
    penalties: tuple[Penalty, ...] = (ElasticNet(0.01), GroupL1(strength))
    rule = RULES["momentum"](0.3)
    for _ in range(5):  # one draw in fifty has a trust ratio that makes all groups 0, and shows less
        group = [draw.choice((0, 0, 0, 1, 2, 3 + j % 40)) for j in range(columns)]
        features = Features([f"x{j}" for j in range(columns)], [f"g{number}" for number in group])
        rows = [[draw.gauss(0.0, 1.0) for _ in range(columns)] for _ in range(6)]
        table = Table(rows, [1.0, 0.0, 1.0, 1.0, 0.0, 1.0], [1.0] * 6, [0.0] * columns, [1.0] * columns)
        additions = Additions(penalties, (ClipByNorm(0.1), TrustRatio("lamb")), features)
        start = [draw.gauss(0.0, 1.0 if number < 3 else 0.01) for number in [*group, 0]]
        arguments = start, [list(range(6))] * 4, [0.3] * 4, 2
        plain, state = taken(plain_runtime(table, "logistic", rule, additions), *arguments)
        assert plain == taken(compiled_runtime(table, "logistic", rule, 1, additions), *arguments)[0]
        assert plain["cause"] == ""
        zeros = set(group) - {number for number, value in zip(group, state.theta) if value != 0.0}
        if len(zeros) < len(set(group)):
            break
    assert 0 < len(zeros) < len(set(group))
    groups = [[j for j in range(columns) if group[j] == number] for number in dict.fromkeys(group)]
    twin = {"l1": [0.005] * columns, "l2": [0.005] * columns, "groups": (strength, groups)}
    assert bits([additions.penalty(start)]) == bits([golden_additions.penalty_of(start, columns, twin)])


def test_the_order_in_which_they_are_given_does_not_matter():
    """Transforms of different places and penalties of different kinds have one order, the law's."""
    penalties, transforms = (Box(-0.2), L1(0.1), L2(0.1)), TRANSFORM_CASES["all"][0]
    draw = random.Random(fresh_seed())
    batches = batches_of(draw, 4, (40,))
    found = set()
    for _ in range(5):
        shuffled = draw.sample(penalties, 3)
        clips = [one for one in transforms if one.place == "gradient"]
        others = draw.sample([one for one in transforms if one.place != "gradient"], 4)
        at = draw.randrange(5)
        additions = Additions(tuple(shuffled), (*others[:at], *clips, *others[at:]), FEATURES, 30)
        runtime = plain_runtime(table_of("squared"), "squared", RULES["adam"](0.01), additions)
        result = taken(runtime, golden.start_of(5), batches, [0.01] * 4, 0)[0]
        found.add((result["theta"], result["average"]))
    assert len(found) == 1


def test_adam_with_decoupled_decay_is_adamw():
    """To the last bit, at a rate that changes."""
    draw = random.Random(fresh_seed())
    batches, rates = batches_of(draw, 20, (30,)), [draw.uniform(0.001, 0.1) for _ in range(20)]
    decay = Additions((), (DecoupledDecay(0.03),), FEATURES)
    pairs: list[tuple[Rule, Additions]] = [(Adam(0.01), decay), (AdamW(0.01, weight_decay=0.03), Additions())]
    one, other = (
        taken(plain_runtime(table_of("squared"), "squared", rule, more), golden.start_of(5), batches, rates, 0)[0]
        for rule, more in pairs
    )
    assert one == other


# ---- what is not finite


class Trap(NamedTuple):
    """One row of one feature, a start and a rate at which the first step goes wrong."""

    penalties: tuple[Penalty, ...]
    transforms: tuple[Transform, ...]
    cause: str
    rate: float
    start: float
    x: float = 1.0
    target: float = 0.0


TRAPS = {
    "a slope": Trap((L2(1e300),), (), "gradient", 0.01, 1e10),
    "a slope that would be clipped": Trap((L2(1e300),), (ClipByValue(1.0),), "gradient", 0.01, 1e10),
    "a norm that would clip to 0": Trap((), (ClipByNorm(1.0),), "gradient", 0.01, 0.0, 1e155, 1e5),
    "a step within bounds": Trap((Box(-1.0, 1.0),), (), "step", 1e308, 1e3),
    "a norm of the steps": Trap((), (TrustRatio("lamb"),), "step", 1e160, 1.0),
    "a parameter within bounds": Trap((Box(-1.0, 1.0),), (), "parameter", 1e307, -1.79e308, 1e-155, -1e154),
}


@pytest.mark.parametrize("name", TRAPS)
def test_nothing_hides_what_is_not_finite(name: str):
    """Clipping, ratios and bounds would make a number of an infinity: the check comes first, and the step is not
    applied, in every runtime."""
    trap = TRAPS[name]
    table = Table([[trap.x]], [trap.target], [1.0], [0.0], [1.0], False)
    rule = RULES["sgd"](trap.rate)
    additions = Additions(trap.penalties, trap.transforms, Features(("x",)))
    outcomes = []
    for make in (plain_runtime, lambda *arguments: compiled_runtime(*arguments[:3], 1, arguments[3])):
        found, state = taken(make(table, "squared", rule, additions), [trap.start], [[0]], [trap.rate], 0)
        assert bits(state.theta) == bits([trap.start])
        outcomes.append(found)
    assert outcomes[0] == outcomes[1]
    assert outcomes[0]["cause"] == trap.cause


# ---- whole descents on random specifications


@st.composite
def specifications(draw: Callable[..., Any]) -> dict[str, Any]:
    penalties = draw(st.sampled_from(list(PENALTY_CASES)))
    places = {
        "gradient": draw(st.permutations([ClipByValue(0.2), ClipByNorm(0.3), TrustRatio("lars", 0.4)])),
        "step": [TrustRatio("lamb")],
        "decay": [DecoupledDecay(draw(st.floats(0.0, 1.0)))],
        "average": [draw(st.sampled_from([PolyakAverage(3), TailAverage(0.3), ExponentialAverage(0.9)]))],
        "accumulation": [Accumulate(draw(st.integers(2, 5)))],
    }
    transforms = [one for kind in places.values() for one in kind[: draw(st.integers(0, len(kind)))]]
    return {
        "penalty": penalties,
        "transforms": tuple(draw(st.permutations(transforms))),
        "rule": draw(st.sampled_from([*RULES])),
        "loss": draw(st.sampled_from(list(LOSSES))),
        "batch": draw(st.sampled_from([1, 2, 17, 300, 1024, 1025, "all"])),
        "scaled": draw(st.booleans()),
        "intercept": draw(st.booleans()),
        "seed": draw(st.integers(0, 2**32 - 1)),
    }


@settings(
    max_examples=int(os.environ.get("FALLLINE_LAW_EXAMPLES", "3")),
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(specifications())
def test_random_specifications(specification: dict[str, Any]):
    """Rule, loss, penalty, several transforms, batches of 1 to all rows, weights with zeros, scaling, intercept, seed:
    a descent under the product's own loop and order has the same bytes in both runtimes. What falls out of the
    specification is printed, and repeats it."""
    note(f"specification = {specification!r}")
    draw = random.Random(specification["seed"])
    loss, rows = specification["loss"], 1300
    made = {name: part for name, part in zip(Table._fields, table_of("squared"), strict=True)}
    targets = [random_target(loss, draw) for _ in range(rows)]
    scores = range(CLASSES if LOSSES[loss].many else 1)
    weights = [draw.choice((0.0, 1.0, draw.random())) for _ in range(rows)]
    scaled = specification["scaled"]
    features = made["features"] if scaled else [[value * 0.01 for value in row] for row in made["features"]]
    table = Table(
        features[:rows],
        targets,
        weights,
        made["means"] if scaled else [0.0] * COLUMNS,
        made["inverse_scales"] if scaled else [1.0] * COLUMNS,
        specification["intercept"],
        len(scores),
    )
    rule = RULES[specification["rule"]](learning_rate=0.01)
    penalties, transforms = PENALTY_CASES[specification["penalty"]][0], specification["transforms"]
    try:
        check_together(rule, penalties, transforms)
    except SpecificationError:
        penalties, transforms = (L2(0.1),), tuple(one for one in transforms if one.place in ("gradient", "step"))
    batch = rows if specification["batch"] == "all" else specification["batch"]
    together = batches_of_a_step(transforms) if batch < rows else 1
    transforms = tuple(one.settled(20) for one in transforms if one.place != "accumulation" or together > 1)
    plan = Plan(
        *(rule, 0.01, {"name": "constant"}, Sizes.of(rows, COLUMNS, batch * together), 2, None, 5, 1, True),
        specification["seed"] % 1000,
        penalties,
        transforms,
        batch if together > 1 else None,
    )
    names, columns = FEATURES.names, FEATURES.sources
    of_each = Features([name for name in names for _ in scores], [column for column in columns for _ in scores])
    additions = plan.additions(of_each)
    results = []
    for runtime in (
        plain_runtime(table, loss, rule, additions),
        compiled_runtime(table, loss, rule, 1, additions),
        compiled_runtime(table, loss, rule, 2, additions),
    ):
        descent = Descent(runtime, plan)
        descent.run(until=20)
        history = descent.history
        records = [bits(history.losses), bits(history.objectives), bits(history.norms)]
        results.append([descent.k, descent.cause, records, state_bits(descent.state), bits(descent.answer())])
    assert results[0] == results[1] == results[2]


def test_a_group_of_batches_is_a_pure_function_of_the_step():
    """Step k of an epoch has the rows of `batches` batches, the last one those that are left; nothing runs across."""
    sizes = Sizes.of(1000, 4, 30 * 4)
    plan = Plan(
        *(RULES["sgd"](0.01), 0.01, {"name": "constant"}, sizes, 2, None, 5, 1, True, 5),
        *((), (Accumulate(4),), 30),
    )
    runtime = plain_runtime(table_of("squared"), "squared", plan.rule, plan.additions(FEATURES))
    runtime.problem.targets = runtime.problem.targets[:1000]
    descent = Descent(runtime, plan)
    counts = [len(descent.batch(k)) for k in range(1, 19)]
    assert counts == ([120] * 8 + [40]) * 2
    alone = Plan(*(RULES["sgd"](0.01), 0.01, {"name": "constant"}, Sizes.of(1000, 4, 30), 2, None, 5, 1, True, 5))
    single = Descent(runtime, alone)
    assert descent.batch(11) == [row for k in range(39, 43) for row in single.batch(k)]
    assert np.array_equal(np.sort(np.concatenate([descent.batch(k) for k in range(10, 19)])), np.arange(1000))
