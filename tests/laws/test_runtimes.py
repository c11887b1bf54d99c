"""The same bits everywhere: the plain and the compiled runtime, on 1 and 2 threads, and the golden hashes."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import golden
import golden_losses
import golden_rules
import pytest
from law_cases import (
    CLASSES,
    PAIRS,
    Table,
    as_batches,
    bits,
    compiled_runtime,
    every_rule_and_loss,
    fresh_seed,
    marks_of,
    of_golden,
    plain_runtime,
    random_target,
    random_weights,
    rule_numbers,
    runtimes,
    state_bits,
)
from test_golden import GOLDEN

from fallline.descent.loop import Descent
from fallline.descent.plan import Plan
from fallline.errors import SpecificationError
from fallline.losses import LOSSES, loss_named
from fallline.order.shuffle import Sizes
from fallline.plain.divergence import Guard
from fallline.rules import RULES, Rule

INFINITY = float("inf")
ROWS = 6_200  # in random tables: 7 leaves, which the tree adds up as 4 + (2 + 1)
NO_GUARD = Guard(INFINITY, ROWS)
every_loss = pytest.mark.parametrize("loss", LOSSES)
every_rule_loss_and_batch = pytest.mark.parametrize(
    ("rule_name", "loss", "batch"),
    [
        pytest.param(rule, loss, batch, marks=marks_of(rule, loss))
        for rule, loss in PAIRS
        for batch in (golden.steps_of(rule) if loss in golden_losses.FIRST_LOSSES else golden.LATER_STEPS)
    ],
)

golden_table = cache(of_golden)


@cache
def golden_batches(rows: int, columns: int, batch: int | str, steps: int) -> list[list[int]]:
    """The rows of the golden descents' steps, listed by the independent script."""
    return golden.batches_of(rows, columns, batch, golden.SEED, steps)


def plan_of(rule: Rule, rows: int, columns: int, batch: int | str, epochs: int, seed: int) -> Plan:
    """A plan at a constant learning rate that runs all its epochs."""
    sizes = Sizes.of(rows, columns, rows if batch == "full" else int(batch))
    assert rule.learning_rate is not None
    return Plan(rule, rule.learning_rate, {"name": "constant"}, sizes, epochs, None, 5, 1, True, seed)


@pytest.mark.parametrize(
    ("name", "scaling", "rule_name", "loss", "batch"),
    [pytest.param(*case, marks=marks_of(*case[2:4])) for case in golden.cases()],
)
def test_every_runtime_gives_the_golden_bytes(name: str, scaling: str, rule_name: str, loss: str, batch: int | str):
    """Theta after each step, every loss and every gradient norm have the bytes that the independent script found, and
    so has the rest of the state in all runtimes. The compiled runtime runs under the product's own loop and order."""
    table = golden_table(name, scaling, loss)
    rate = golden.rate_of(rule_name, scaling, loss)
    rule = RULES[rule_name](learning_rate=rate)
    expected = GOLDEN["descents"][f"{name} {scaling} {rule_name} {loss} {batch}"]
    start, kept = golden.start_of(table.parameters), golden.steps_kept(rule_name, batch)
    states = []
    for threads in (1, 2):
        runtime = compiled_runtime(table, loss, rule, threads)
        plan = plan_of(rule, len(table.targets), len(table.means), batch, 4, golden.SEED)
        descent = Descent(runtime, plan, start)
        thetas = []
        for k in kept:
            descent.run(until=k)
            thetas.append(golden.hashed(descent.state.theta))
        assert thetas == expected["theta"], threads
        assert records_hash(descent.history.losses, descent.history.norms) == expected["records"], threads
        states.append(state_bits(descent.state))

    plain = plain_runtime(table, loss, rule)
    batches = golden_batches(len(table.targets), len(table.means), batch, kept[-1])
    numbers = rule_numbers(rule, [rate] * len(batches))
    state, guard = plain.start(start, descent.start_loss), descent.guard
    thetas, losses, norms = [], [], []
    for first, last in zip([0, *kept], kept):
        found = plain.advance(state, batches[first:last], numbers[first:last], guard)
        losses += found[0]
        norms += found[1]
        thetas.append(golden.hashed(state.theta))
    assert thetas == expected["theta"]
    assert records_hash(losses, norms) == expected["records"]
    assert states == [state_bits(state)] * 2


def records_hash(losses: list[float], norms: list[float]) -> str:
    return golden.hashed([number for record in zip(losses, norms, strict=True) for number in record])


def random_rule(rule_name: str, draw: random.Random) -> Rule:
    """A rule with hyper-parameters drawn from their ranges, such as it accepts together."""
    while True:
        options: dict[str, Any] = {"learning_rate": 0.01}
        for option, allowed in RULES[rule_name].ranges.items():
            if not hasattr(allowed, "high"):
                options[option] = draw.random() < 0.3  # a switch
            elif option != "learning_rate":
                small = 10.0 ** draw.uniform(-8, -1)
                options[option] = small if allowed.high == INFINITY else draw.choice((0.0, draw.random()))
            if draw.random() < 0.2:
                options.pop(option, None)
        try:
            return RULES[rule_name](**options)
        except SpecificationError:
            continue


def random_table(loss: str, draw: random.Random, most: int = 7, least: int = 1) -> Table:
    """1 to 7 columns (or `least` to `most`) of any size and place, weights, centred or not, intercept or not."""
    columns = draw.randrange(least, most + 1)
    sizes = [10.0 ** draw.uniform(-4, 3) for _ in range(columns)]
    places = [draw.choice((0.0, draw.uniform(-5.0, 5.0) * size)) for size in sizes]
    features = [[draw.gauss(p, s) for p, s in zip(places, sizes, strict=True)] for _ in range(ROWS)]
    targets = [random_target(loss, draw) for _ in range(ROWS)]
    weights = random_weights(ROWS, draw)
    scaled = draw.random() < 0.7
    means = [draw.gauss(p, 0.1 * s) if scaled else 0.0 for p, s in zip(places, sizes, strict=True)]
    inverse_scales = [draw.uniform(0.5, 2.0) / s if scaled else 1.0 for s in sizes]
    scores = CLASSES if LOSSES[loss].many else 1
    return Table(features, targets, weights, means, inverse_scales, draw.random() < 0.7, scores)


def taken(runtime: Any, start: list[float], batches: list[list[int]], numbers: Any, cuts: list[int]) -> dict[str, Any]:
    """Everything that steps on these batches give, in calls of `advance` that end at these cuts."""
    state = runtime.start(start, 1.0)
    found: dict[str, Any] = {"losses": [], "norms": [], "cause": ""}
    for first, last in zip([0, *cuts], [*cuts, len(batches)], strict=True):
        if not found["cause"] and first < last:
            arguments = as_batches(runtime, batches[first:last]), numbers[first:last], NO_GUARD
            losses, norms, found["cause"] = runtime.advance(state, *arguments)
            found["losses"] += losses
            found["norms"] += norms
    found["losses"], found["norms"] = bits(found["losses"]), bits(found["norms"])
    return {**found, **state_bits(state)}


@every_rule_loss_and_batch
def test_every_runtime_gives_the_same_bytes_on_random_rows(rule_name: str, loss: str, batch: int | str):
    """Theta, rule state, losses, norms, smoothed loss and the cause of a stop are the same bytes in all runtimes, for
    random tables, hyper-parameters, rates and batches (in which a row may stand twice), step by step and in blocks."""
    draw = random.Random(fresh_seed())
    table, rule = random_table(loss, draw), random_rule(rule_name, draw)
    count = 30 if batch == 1 else 4 if rule_name in golden_rules.FIRST_RULES else 2
    if batch == "full":
        batches = [list(range(ROWS))] * count
    else:
        batches = [[draw.randrange(ROWS) for _ in range(int(batch))] for _ in range(count)]
    numbers = rule_numbers(rule, [10.0 ** draw.uniform(-9, -2) for _ in range(count)])
    start = [draw.gauss(0.0, 1.0) for _ in range(table.parameters)]
    expected = taken(plain_runtime(table, loss, rule), start, batches, numbers, [])
    for threads in (1, 2):
        runtime = compiled_runtime(table, loss, rule, threads)
        for cuts in ([], list(range(1, count)), [draw.randrange(count)]):
            assert taken(runtime, start, batches, numbers, cuts) == expected, (threads, cuts)


@every_rule_and_loss
def test_single_rows_are_taken_some_at_a_time(rule_name: str, loss: str):
    """Steps on single rows, which the compiled runtime takes 64 at a time and puts back where one must not be taken,
    give the plain bytes: in tables of 1 to 40 columns, with rows of weight 0, and if the descent stops at any one."""
    draw = random.Random(fresh_seed())
    table, rule = random_table(loss, draw, 40), random_rule(rule_name, draw)
    batches = [[draw.randrange(1, ROWS)] for _ in range(160)]
    table.features[0][-1] = 1e200
    table.weights[0] = 1.0
    for stopped in (False, True):
        if stopped:
            batches[draw.randrange(len(batches))] = [0]
        numbers = rule_numbers(rule, [10.0 ** draw.uniform(-9, -2) for _ in batches])
        start = [draw.gauss(0.0, 1.0) for _ in range(table.parameters)]
        expected = taken(plain_runtime(table, loss, rule), start, batches, numbers, [])
        for cuts in ([], [draw.randrange(len(batches))]):
            assert taken(compiled_runtime(table, loss, rule, 1), start, batches, numbers, cuts) == expected, cuts


@every_loss
def test_rows_that_are_asked_for_twice(loss: str):
    """Rows of 20 to 175 columns, which kernels of their own ask for once more when they are next, give the plain bytes:
    in batches that end anywhere in a tile of eight rows, and on two threads."""
    draw = random.Random(fresh_seed())
    table, rule = random_table(loss, draw, 175, least=20), random_rule("momentum", draw)
    batches = [[draw.randrange(ROWS) for _ in range(size)] for size in (1, 8, draw.randrange(9, 64), 1025, 24, 7)]
    numbers = rule_numbers(rule, [10.0 ** draw.uniform(-9, -4) for _ in batches])
    start = [draw.gauss(0.0, 1.0) for _ in range(table.parameters)]
    expected = taken(plain_runtime(table, loss, rule), start, batches, numbers, [])
    for threads in (1, 2):
        runtime = compiled_runtime(table, loss, rule, threads)
        assert runtime.problem.near
        assert taken(runtime, start, batches, numbers, []) == expected, threads


@pytest.mark.parametrize("loss", [name for name in LOSSES if LOSSES[name].ranges])
def test_a_loss_s_options_reach_every_runtime(loss: str):
    """Random options give the same bytes in all runtimes, and others than the default options do."""
    draw = random.Random(fresh_seed())
    table, rule = random_table(loss, draw), random_rule("sgd", draw)
    batches = [[draw.randrange(ROWS) for _ in range(1025)] for _ in range(2)]
    numbers, start = rule_numbers(rule, [1e-6] * 2), [0.1] * table.parameters
    ranges = {"delta": (0.1, 1.0), "level": (0.6, 0.9), "epsilon": (0.2, 2.0), "power": (1.55, 3.0)}
    found = [LOSSES[loss]] + [loss_named(loss, **{o: draw.uniform(*ranges[o])}) for o in LOSSES[loss].ranges]
    results = []
    for one in found:
        expected = taken(plain_runtime(table, one, rule), start, batches, numbers, [])
        for threads in (1, 2):
            assert taken(compiled_runtime(table, one, rule, threads), start, batches, numbers, []) == expected
        results.append(expected["losses"])
    assert len(set(results)) == len(results)


@every_rule_and_loss
def test_cutting_a_block_of_steps_changes_nothing(rule_name: str, loss: str):
    """Batches of mixed sizes give the same bytes in one call of `advance`, in one call for each step, and in between,
    in every runtime."""
    draw = random.Random(fresh_seed())
    table, rule = random_table(loss, draw), random_rule(rule_name, draw)
    sizes = (1, 2049, 3, 1024, 1, 1025, 2, 700)
    batches = [[draw.randrange(ROWS) for _ in range(size)] for size in sizes]
    numbers = rule_numbers(rule, [1e-6] * len(sizes))
    start = [draw.gauss(0.0, 1.0) for _ in range(table.parameters)]
    found = [
        taken(runtime, start, batches, numbers, cuts)
        for runtime in runtimes(table, loss, rule).values()
        for cuts in ([], [1, 2, 3, 4, 5, 6, 7], [3], [1, 6])
    ]
    assert all(one == found[0] for one in found)


@every_loss
def test_threads_do_not_change_the_loss(loss: str):
    """loss() has the same bytes in plain Python and compiled on 1, 2, 3, 5 and 16 threads."""
    draw = random.Random(fresh_seed())
    table, rule = random_table(loss, draw), random_rule("sgd", draw)
    theta = [draw.gauss(0.0, 1.0) for _ in range(table.parameters)]
    expected = bits([plain_runtime(table, loss, rule).loss(theta)])
    for threads in (1, 2, 3, 5, 16):
        assert bits([compiled_runtime(table, loss, rule, threads).loss(theta)]) == expected, threads


@every_rule_and_loss
@pytest.mark.parametrize("rows", [1, 2, 1500])
def test_a_batch_of_weight_zero_is_a_step_that_changes_nothing(rule_name: str, loss: str, rows: int):
    """It is counted (the rule's numbers move on) with loss and norm 0.0; theta, rule state and smoothed loss stay,
    even if its rows' own losses are not finite."""
    features, weights = [[1.5, -2.0], [0.25, 1.0], [1e200, 1e200]], [1.0, 2.0, 0.0]
    targets = [1.0, 0.5 if LOSSES[loss].domain else 0.0, 0.0 if LOSSES[loss].classes else 1e200]
    scores = CLASSES if LOSSES[loss].many else 1
    table = Table(features, targets, weights, [0.0] * 2, [1.0] * 2, scores=scores)
    rule = RULES[rule_name](learning_rate=0.01)
    numbers = rule_numbers(rule, [0.01] * 4)
    batches = [[0, 1], [2] * rows, [2] * rows, [1, 0]]
    for label, runtime in runtimes(table, loss, rule).items():
        state, other = (runtime.start(([0.5, -0.25, 0.125] * scores), 1.0) for _ in range(2))
        runtime.advance(state, as_batches(runtime, batches[:1]), numbers[:1], NO_GUARD)
        before = state_bits(state)
        answer = runtime.advance(state, as_batches(runtime, batches[1:3]), numbers[1:3], NO_GUARD)
        assert answer == ([0.0, 0.0], [0.0, 0.0], ""), label
        assert state_bits(state) == before, label
        runtime.advance(state, as_batches(runtime, batches[3:]), numbers[3:], NO_GUARD)
        others = as_batches(runtime, [batches[0], batches[3]]), [numbers[0], numbers[3]]
        runtime.advance(other, *others, NO_GUARD)
        assert state_bits(state) == state_bits(other), label
