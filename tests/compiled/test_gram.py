"""X'X descent: not the law's bytes, but its iterates to 1e-12, with any threads; losses from the rows; divergence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fallline
from fallline.compiled.gram import GramRuntime
from fallline.compiled.runtime import Arrays, CompiledRuntime
from fallline.errors import SpecificationError
from fallline.losses import LOGISTIC, SQUARED
from fallline.plain.divergence import Guard
from fallline.rules import RULES

STEPS = 70
FREE = Guard(float("inf"), 1_000_000)


def problem(rng: np.random.Generator, scaled: bool, intercept: bool = True) -> Arrays:
    """Columns of very different sizes and offsets, weights with zeros, and more rows than a thread takes at a time."""
    rows, columns = 70_001, 7
    x = rng.normal(size=(rows, columns)) * 10.0 ** rng.uniform(-3, 3, columns) + 10.0 ** rng.uniform(-3, 3, columns)
    y = (x / x.std(axis=0)) @ rng.normal(size=columns) + rng.normal(size=rows) + 100.0
    weights = rng.choice([0.0, 0.5, 1.0, 2.0], size=rows)
    if not scaled:
        x = x / (3.0 * x.std(axis=0) + np.abs(x.mean(axis=0)))
    means = x.mean(axis=0) if scaled else np.zeros(columns)
    inverse = 1.0 / x.std(axis=0) if scaled else np.ones(columns)
    return Arrays(x, y, weights, SQUARED, means, inverse, intercept)


def steps(runtime: CompiledRuntime, rule: Any, rate: float, guard: Guard = FREE, count: int = STEPS) -> Any:
    start = np.zeros(runtime.problem.parameters)
    state = runtime.start(start, runtime.watched(start))
    carry, numbers = rule.start_carry(), []
    for k in range(1, count + 1):
        found, carry = rule.numbers(k, rate, carry)
        numbers.append(found)
    return state, runtime.advance(state, [runtime.table_order()] * count, numbers, guard)


@pytest.mark.parametrize("name", ["sgd", "adam", "schedule_free_sgd", "dog"])
@pytest.mark.parametrize(("scaled", "intercept"), [(True, True), (False, True), (True, False)])
def test_iterates_are_those_of_the_law_to_1e_12(
    name: str, scaled: bool, intercept: bool, rng: np.random.Generator
) -> None:
    """70 steps from X'X end within 1e-12 of the steps on the rows, relative to theta's size; losses at steps 1, 2, 4,
    8, … and the last are those of the rows to 1e-9, and NaN at all others; gradient norms agree."""
    table, rule = problem(rng, scaled, intercept), RULES[name](learning_rate=0.05)
    law, (losses, norms, _) = steps(CompiledRuntime(table, rule, threads=2), rule, 0.05)
    gram, (few_losses, gram_norms, cause) = steps(GramRuntime(table, rule, 1, last=STEPS), rule, 0.05)
    assert cause == ""
    assert np.abs(gram.theta - law.theta).max() <= 1e-12 * np.abs(law.theta).max()
    known = [k for k in range(1, STEPS + 1) if not np.isnan(few_losses[k - 1])]
    assert known == [1, 2, 4, 8, 16, 32, 64, STEPS]
    assert [few_losses[k - 1] for k in known] == pytest.approx([losses[k - 1] for k in known], rel=1e-9)
    assert gram_norms == pytest.approx(norms, rel=1e-9, abs=1e-9 * norms[0])


def test_bytes_do_not_depend_on_threads_or_calls(rng: np.random.Generator) -> None:
    """One thread or two, all steps in one call or one by one: the same bytes of theta and records."""
    table, rule = problem(rng, True), RULES["momentum"](learning_rate=0.05)
    once, records = steps(GramRuntime(table, rule, 1, last=STEPS), rule, 0.05)
    runtime = GramRuntime(table, rule, 2, last=STEPS)
    state = runtime.start(np.zeros(8), runtime.watched(np.zeros(8)))
    losses, norms = [], []
    for _ in range(STEPS):
        loss, norm, _ = runtime.advance(state, [runtime.table_order()], [(0.05, 0.9)], FREE)
        losses += loss
        norms += norm
    assert once.theta.tobytes() == state.theta.tobytes()
    assert np.array(records[:2]).tobytes() == np.array([losses, norms]).tobytes()


def test_a_rate_beyond_the_limit_is_a_divergence(rng: np.random.Generator) -> None:
    """The gradient's squared norm beyond ten times its start stops the steps, and theta stays that of before."""
    table, rule = problem(rng, True), RULES["sgd"](learning_rate=3.0)
    start = np.zeros(8)
    guard = Guard.of(GramRuntime(table, rule).watched(start), table.rows, table.rows)
    state, (losses, _, cause) = steps(GramRuntime(table, rule, last=5000), rule, 3.0, guard, 5000)
    assert cause == "growth"
    assert len(losses) < 100
    assert np.isfinite(state.theta).all()


def test_other_losses_are_refused(rng: np.random.Generator) -> None:
    """X'X decides the gradient of the squared loss alone; another loss is a SpecificationError that names gram."""
    table = problem(rng, True)
    other = Arrays(table.features, table.targets, table.weights, LOGISTIC, table.means, table.inverse_scales)
    with pytest.raises(SpecificationError, match="gram=True is for the squared loss"):
        GramRuntime(other, RULES["sgd"](learning_rate=0.1))


# ---- through fit


LARGE: dict[str, Any] = {"rule": "momentum", "batch_size": "full", "validation": None}


def table(rng: np.random.Generator) -> tuple[Any, Any]:
    x = rng.normal(size=(50_000, 5)) * [1.0, 30.0, 1e-3, 5.0, 2.0] + [0.0, 100.0, 1.0, -7.0, 3.0]
    return x, x @ [1.0, 0.1, 300.0, 0.0, -1.0] + rng.normal(size=50_000)


def test_auto_takes_it_for_a_large_table_and_says_so(rng: np.random.Generator) -> None:
    """Full-batch squared loss on 50,000 rows: the specification holds gram, a note says so, the run converges on the
    solution of least squares, and its losses are null where they were not measured."""
    x, y = table(rng)
    run = fallline.fit(x, y, **LARGE)
    assert run.specification.plan.gram
    assert [note for note in run.notes if note.startswith("gram: X'X")]
    assert run.stop == "converged"
    exact = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), y, rcond=None)[0]
    assert [*run.model.coefficients.values()] == pytest.approx(exact[:5], rel=0.01, abs=0.01)
    losses = run.history.column("loss").to_pylist()
    measured = [k for k in range(1, run.steps + 1) if losses[k - 1] is not None]
    assert measured == [1 << i for i in range(run.steps.bit_length())]


def test_below_that_size_or_on_request_the_law_holds(rng: np.random.Generator) -> None:
    """49,999 rows, gram=False, another loss or mini-batches take their steps on the rows."""
    x, y = table(rng)
    for rows, target, options in (
        (49_999, y, {}),
        (50_000, y, {"gram": False}),
        (50_000, y > y.mean(), {}),
        (50_000, y, {"batch_size": 10_000}),
    ):
        run = fallline.fit(x[:rows], target[:rows], **LARGE | {"epochs": 3, "learning_rate": 0.01} | options)
        assert not run.specification.plan.gram


def test_any_step_is_replayed(rng: np.random.Generator, tmp_path: Path) -> None:
    """at(k) and a run opened from its folder give the bytes of the run itself; explain(k) works from the rows."""
    x, y = table(rng)
    file = tmp_path / "table.csv"
    np.savetxt(file, np.column_stack([x, y]), delimiter=",", header="a,b,c,d,e,y", comments="")
    run = fallline.fit(file, "y", **LARGE, epochs=37, learning_rate=0.05, record=tmp_path / "run")
    assert run.specification.plan.gram
    assert run.at(37).theta.tobytes() == run.model.theta.tobytes()
    again = fallline.open_run(tmp_path / "run")
    assert again.at(20).theta.tobytes() == run.at(20).theta.tobytes()
    assert "Step 20" in str(run.explain(20))


def test_a_divergence_is_named(rng: np.random.Generator) -> None:
    """A rate beyond the stable limit is a DivergenceError that names the limit, and the model does not predict."""
    x, y = table(rng)
    with pytest.raises(fallline.DivergenceError, match="the gradient grew to a length of") as caught:
        fallline.fit(x, y, **LARGE, learning_rate=5.0, gram=True)
    assert "stable only below" in str(caught.value)
    with pytest.raises(fallline.DivergenceError):
        caught.value.run.model.predict(x)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"batch_size": 256}, "batches have 256 of 1,000 rows"),
        ({"loss": "logistic"}, "the loss is logistic"),
        ({"schedule": "reduce_on_plateau"}, "must see the loss of every epoch"),
        ({"runtime": "plain"}, "not for runtime='plain'"),
    ],
)
def test_gram_where_it_cannot_be_is_refused(options: dict[str, Any], why: str, rng: np.random.Generator) -> None:
    """gram=True on mini-batches, another loss, a schedule that must see losses, or in plain Python says why not."""
    x, y = (part[:1000] for part in table(rng))
    target = y > y.mean() if "loss" in options else y
    with pytest.raises(fallline.SpecificationError, match=why):
        fallline.fit(x, target, **LARGE | {"gram": True, "validation": None} | options)
