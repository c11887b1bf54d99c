"""Whole runs: the essay's five points, trajectories of the rules, and states and explanations of any step."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import golden
import golden_losses
import golden_math
import golden_rules
import numpy as np
import pytest
from law_cases import PAIRS, bits, fresh_seed, marks_of

import fallline
from fallline.descent.loop import Descent
from fallline.losses import LOSSES
from fallline.rules import RULES

X, Y = [1, 2, 3, 4, 5], [5, 7, 9, 11, 13]
ESSAY = (2.021281045682893, 2.923168672645527)
LINES = [
    "epoch=0, loss=89.0000, w=0.6200, b=0.1800",
    "epoch=100, loss=0.4772, w=2.4470, b=1.3864",
    "epoch=200, loss=0.2424, w=2.3186, b=1.8499",
    "epoch=300, loss=0.1231, w=2.2270, b=2.1803",
    "epoch=400, loss=0.0625, w=2.1618, b=2.4158",
    "epoch=500, loss=0.0318, w=2.1153, b=2.5836",
    "epoch=600, loss=0.0161, w=2.0822, b=2.7032",
    "epoch=700, loss=0.0082, w=2.0586, b=2.7885",
    "epoch=800, loss=0.0042, w=2.0418, b=2.8493",
    "epoch=900, loss=0.0021, w=2.0298, b=2.8926",
]
RUNTIMES = ("plain", "compiled")
EXAMPLES = Path(golden.DIAMONDS).parent
every_runtime = pytest.mark.parametrize("runtime", RUNTIMES)
every_golden_rule = pytest.mark.parametrize("rule_name", golden.RULES)
every_rule_or_loss = pytest.mark.parametrize(
    ("rule_name", "loss"),
    [
        pytest.param(*pair, marks=marks_of(*pair))
        for pair in PAIRS
        if pair[1] in golden_losses.FIRST_LOSSES or pair[0] == "adam"
    ],
)
every_rule = pytest.mark.parametrize("rule_name", RULES)


# ---- the five points


def test_the_five_points_print_the_essay_s_ten_lines(capsys: pytest.CaptureFixture[str]):
    """gradient_descent prints the ten lines of the essay and nothing else, and returns its w and b to the last bit."""
    found = fallline.gradient_descent(X, Y, learning_rate=0.01, epochs=1000)
    assert capsys.readouterr().out.splitlines() == LINES
    assert repr(found) == repr(ESSAY)
    assert bits(found) == bits(ESSAY)


def test_a_report_gets_the_lines_and_none_is_silence(capsys: pytest.CaptureFixture[str]):
    """`report` is handed each line; None prints nothing; neither changes a bit."""
    lines: list[str] = []
    assert fallline.gradient_descent(X, Y, report=lines.append) == ESSAY
    assert lines == LINES
    assert fallline.gradient_descent(X, Y, report=None) == ESSAY
    assert capsys.readouterr().out == ""


@every_runtime
def test_the_general_machinery_gives_the_same_bits(runtime: str):
    """`fit` on examples/line.csv, unscaled, with all rows in a batch, ends at the essay's w and b."""
    run = fallline.fit(
        str(EXAMPLES / "line.csv"),
        "y",
        rule="sgd",
        learning_rate=0.01,
        batch_size="full",
        epochs=1000,
        validation=None,
        scale=None,
        runtime=runtime,
    )
    assert (run.stop, run.steps) == ("epochs", 1000)
    assert bits(run.at(1000).theta) == bits(ESSAY)
    assert bits([run.model.coefficients["x"], run.model.intercept]) == bits(ESSAY)


@every_golden_rule
def test_every_rule_in_plain_lists_is_the_script_s(rule_name: str):
    """gradient_descent with each rule, on shuffled batches of 2, gives the independent script's w and b."""
    table = {"features": [[float(x)] for x in X], "squared": [float(y) for y in Y], "weight": [1.0] * 5}
    table |= {"mean": [0.0], "inverse_scale": [1.0]}
    theta, state = [0.0, 0.0], [golden_rules.first_state(rule_name, 0.0) for _ in range(2)]
    for k, batch in enumerate(golden.batches_of(5, 1, 2, 3, 3 * 20), start=1):
        _, gradient, _ = golden.gradient_of(table, "squared", golden.points(rule_name, theta, state), batch)
        golden.take_step(rule_name, gradient, theta, state, 0.004, k)
    found = fallline.gradient_descent(X, Y, 0.004, 20, rule=rule_name, batch_size=2, seed=3, report=None)
    assert bits(found) == bits(theta)


# ---- a rule by itself


@every_golden_rule
def test_a_rule_s_step_and_state_are_the_script_s(rule_name: str):
    """One parameter over 300 steps of random gradients of any size, some of them 0: each step, each state and theta
    have the script's bytes, and so has the point where the gradient is taken."""
    draw = random.Random(fresh_seed())
    rule = RULES[rule_name](learning_rate=0.01)
    theta, carry = 0.3, rule.start_carry()
    state: Any = rule.first_state(theta)
    golden_theta, golden_state = [theta], [golden_rules.first_state(rule_name, theta)]
    for k in range(1, 301):
        g = draw.choice((0.0, *[draw.gauss(0.0, 1.0) * 10.0 ** draw.uniform(-6, 6)] * 5))
        numbers, carry = rule.numbers(k, 0.01, carry)
        numbers, keep = rule.split(numbers)
        point = theta if rule.point is None else rule.point(theta, *state, *numbers)
        assert bits(golden.points(rule_name, golden_theta, golden_state)) == bits([point]), k
        numbers += rule.term_sums([g], [theta], [state])
        step, *state = rule.update(g, theta, state, numbers)
        theta = theta * keep - step
        assert bits(golden.take_step(rule_name, [g], golden_theta, golden_state, 0.01, k)) == bits([step]), k
        assert bits(golden_state[0]) == bits(state), k
        assert bits(golden_theta) == bits([theta]), k


@every_golden_rule
def test_a_trajectory_is_a_hand_written_loop(rule_name: str):
    """Rule.trajectory on a quadratic's gradients, which are read one at a time, is the independent script's loop."""
    curvatures, start = [1.0, 30.0, 0.1], [1.0, -2.0, 1.0 / 3.0]
    latest = [start]

    def gradients() -> Iterator[list[float]]:
        while True:
            yield [c * value for c, value in zip(curvatures, latest[-1])]

    theta, state = list(start), [golden_rules.first_state(rule_name, value) for value in start]
    trajectory = RULES[rule_name](learning_rate=0.03).trajectory(start, gradients())
    for k in range(1, 101):
        gradient = [c * value for c, value in zip(curvatures, latest[-1])]
        latest.append(next(trajectory))
        golden.take_step(rule_name, gradient, theta, state, 0.03, k)
        assert bits(latest[-1]) == bits(theta), k
    assert start == [1.0, -2.0, 1.0 / 3.0]


# ---- any step of a run


def table() -> dict[str, list[Any]]:
    """2,900 real rows: three numbers, the price, the cut, and whether it is ideal."""
    with open(golden.DIAMONDS, newline="", encoding="utf-8") as file:
        rows = [row for i, row in enumerate(csv.DictReader(file)) if i % 18 == 0][:2900]
    found = {name: [float(row[name]) for row in rows] for name in ("carat", "depth", "x", "price")}
    return {**found, "ideal": [int(row["cut"] == "Ideal") for row in rows], "cut": [row["cut"] for row in rows]}


TABLE = table()


def run_of(rule_name: str, loss: str, runtime: str, **options: Any) -> fallline.Run:
    """A scaled run on mini-batches of more than one leaf, some of them short."""
    target = "cut" if LOSSES[loss].many else "ideal" if LOSSES[loss].classes else "price"
    settings: dict[str, Any] = {"batch_size": 1100, "epochs": 4, "seed": 5, "validation": 0.1}
    settings |= options
    rule = RULES[rule_name](learning_rate=1e-6 if LOSSES[loss].domain else 0.01)  # exp(score) grows fast
    return fallline.fit(
        TABLE,
        target,
        loss=loss,
        rule=rule,
        runtime=runtime,
        drop=sorted({"price", "ideal", "cut"} - {target}),
        **settings,
    )


def state_of(run: fallline.Run, k: int) -> bytes:
    """The bytes of theta and of the rule's state after step k."""
    state = run.at(k)
    return bits(state.theta) + b"".join(name.encode() + bits(vector) for name, vector in state.rule_state.items())


@every_rule_or_loss
def test_a_run_s_states_are_those_of_shorter_runs(rule_name: str, loss: str):
    """at(0) is the start (0, or of some losses the mean target or its log), at(k) the state of a run whose epochs end
    there, at(steps) the model; both runtimes agree on every step, in any order of asking."""
    runs = {runtime: run_of(rule_name, loss, runtime) for runtime in RUNTIMES}
    steps = runs["plain"].specification.plan.sizes.steps
    assert steps == 3
    states = {runtime: [state_of(run, k) for k in range(run.steps + 1)] for runtime, run in runs.items()}
    assert states["plain"] == states["compiled"]
    assert len(set(states["plain"])) == 13
    start = runs["plain"].at(0)
    targets = runs["plain"]._prepared().problem.targets.tolist()
    mean = golden.sum_of(targets) / len(targets)
    start_score = (golden_math.log(mean) if LOSSES[loss].domain else mean) if LOSSES[loss].starts_at_mean else 0.0
    assert bits(start.theta) == bits([0.0] * (len(start.theta) - 1) + [start_score])
    first = [runs["plain"].specification.plan.rule.first_state(value) for value in start.theta.tolist()]
    assert [bits(vector) for vector in start.rule_state.values()] == [bits(values) for values in zip(*first)]
    for epochs in (1, 3):
        for runtime in RUNTIMES:
            shorter = run_of(rule_name, loss, runtime, epochs=epochs)
            assert state_of(shorter, shorter.steps) == states["plain"][epochs * steps], (epochs, runtime)
    for runtime, run in runs.items():
        assert [state_of(run, k) for k in (7, 2, 12)] == [states[runtime][k] for k in (7, 2, 12)]
    assert bits(runs["plain"].model.theta) == bits(runs["compiled"].model.theta)
    if RULES[rule_name].answer is None:
        assert bits(runs["plain"].model.theta) == bits(runs["compiled"].at(12).theta)


@every_runtime
def test_a_run_that_changes_its_rate_is_replayed_to_the_bit(runtime: str):
    """With the automatic schedule and stop, which look at the loss, at(k) is what stood there during the run itself."""
    seen: dict[int, bytes] = {}

    def note(descent: Descent) -> None:
        seen[descent.k] = bits(descent.state.theta)

    few = {name: values[:300] for name, values in TABLE.items()}
    options: dict[str, Any] = {"epochs": 400, "tolerance": 0.01, "patience": 1, "schedule": "plateau", "progress": note}
    options |= {"rule": "momentum", "learning_rate": 0.05, "batch_size": 60, "drop": ["ideal", "cut"], "seed": 5}
    run = fallline.fit(few, "price", runtime=runtime, **options)
    rates = run.history.column("learning_rate").to_pylist()
    assert run.stop == "converged"
    assert len(set(rates)) > 1
    assert run.steps in seen and len(seen) > 3
    for k in seen if runtime == "compiled" else (min(seen), run.steps):
        assert bits(run.at(k).theta) == seen[k], k


@every_rule_or_loss
@every_runtime
def test_an_explanation_is_the_step_itself(rule_name: str, loss: str, runtime: str):
    """The parameters of explain(k) go from at(k - 1) to at(k), byte by byte; the traced rule's line for the step (its
    last, if none has that name) is what theta lost; loss and rate are those of the history. Scaled, on batches of over
    one leaf."""
    run = run_of(rule_name, loss, runtime, epochs=2)
    history = run.history.to_pydict()
    for k in range(1, run.steps + 1):
        page = run.explain(k)
        assert page.step == k
        assert bits([page.loss, page.learning_rate]) == bits([history["loss"][k - 1], history["learning_rate"][k - 1]])
        assert bits(p.before for p in page.parameters) == bits(run.at(k - 1).theta)
        assert bits(p.after for p in page.parameters) == bits(run.at(k).theta)
        for p in page.parameters:
            lines = [line for line in p.update if line.name == "step"] or p.update
            assert bits([lines[-1].value, p.before * p.keep - p.step]) == bits([p.step, p.after])
        norm = golden.math.sqrt(golden.sum_of([p.gradient * p.gradient for p in page.parameters]))
        assert bits([norm]) == bits([history["gradient_norm"][k - 1]])


@every_rule
@every_runtime
def test_a_traced_row_is_the_loss_itself(rule_name: str, runtime: str):
    """The row in focus belongs to the batch, its features are the table's, and its loss's last lines are its value and
    slope."""
    run = run_of(rule_name, "logistic", runtime, epochs=1)
    first = run.explain(2).rows[17].number
    page = run.explain(2, row=first)
    assert page.focus is not None
    row = page.rows[page.focus]
    assert row.number == first
    assert row.features == tuple(TABLE[name][first - 1] for name in page.feature_names)
    assert bits([row.value, row.slope]) == bits(golden_losses.row_loss("logistic", row.score, row.target))
    assert bits(line.value for line in page.focus_lines[-2:]) == bits([row.value, row.slope])


@every_golden_rule
def test_scaling_is_the_script_s(rule_name: str):
    """A scaled run on all rows takes the independent script's steps: its means, its inverse scales, its sums."""
    run = run_of(rule_name, "squared", "compiled", batch_size="full", validation=None, epochs=3)
    columns = [TABLE[name] for name in ("carat", "depth", "x")]
    scaling = [golden.mean_and_scale(column) for column in columns]
    found = {
        "features": [list(row) for row in zip(*columns)],
        "squared": TABLE["price"],
        "weight": [1.0] * len(columns[0]),
        "mean": [mean for mean, _ in scaling],
        "inverse_scale": [1.0 / scale for _, scale in scaling],
    }
    theta, state = [0.0] * 4, [golden_rules.first_state(rule_name, 0.0) for _ in range(4)]
    for k in (1, 2, 3):
        points = golden.points(rule_name, theta, state)
        _, gradient, _ = golden.gradient_of(found, "squared", points, list(range(len(columns[0]))))
        golden.take_step(rule_name, gradient, theta, state, 0.01, k)
        assert bits(np.asarray(run.at(k).theta)) == bits(theta)
