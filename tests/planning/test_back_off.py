"""A rate that was chosen and is too large after all: back to a good state, half the rate, and exactly replayed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import fallline
from fallline.descent import back_off
from fallline.descent.loop import Descent
from fallline.planning import settle
from fallline.transforms import PolyakAverage


@pytest.fixture
def too_bold(monkeypatch: pytest.MonkeyPatch) -> None:
    """The measured rate of plain rules, forty times as large as it should be."""
    measured = settle.measured_rate

    def bold(rule: Any, curvature: Any) -> tuple[float, str]:
        return 40.0 * measured(rule, curvature)[0], "bold"

    monkeypatch.setattr(settle, "measured_rate", bold)


def table(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    x = rng.normal(size=(rows, 3))
    return x, x @ [1.0, -2.0, 3.0] + 10.0 + rng.normal(size=rows)


@pytest.mark.parametrize("rule", ["sgd", "momentum"])
@pytest.mark.parametrize("rows", [300, 5000])
def test_it_goes_back_and_converges(too_bold: None, rule: str, rows: int, rng: np.random.Generator) -> None:
    """It ends near the optimum at a rate some powers of 2 below, says so, and the specification has it."""
    x, y = table(rng, rows)
    run = fallline.fit(x, y, rule=rule, validation=None)
    plan = run.specification.plan
    assert run.stop == "converged"
    assert len(plan.backoffs) >= 1
    assert len([note for note in run.notes if "diverged at step" in note and "half the rate" in note]) == len(
        plan.backoffs
    )
    optimum = np.linalg.lstsq(np.column_stack([x, np.ones(rows)]), y)[0]
    assert np.allclose([*run.model.coefficients.values(), run.model.intercept], optimum, atol=0.05)
    rates = run.history["learning_rate"].to_pylist()
    assert len(rates) == run.steps
    assert rates[0] == plan.learning_rate * 0.5 ** plan.backoffs.count(0)


@pytest.mark.parametrize("runtime", ["compiled", "plain"])
def test_every_step_is_replayed_exactly(too_bold: None, runtime: str, rng: np.random.Generator, tmp_path: Path) -> None:
    """run.at(k) takes the halved rates and comes to the model's own bytes; so does the run opened from its folder."""
    x, y = table(rng, 200)
    names = {f"x{j}": x[:, j] for j in range(3)} | {"y": y}
    pq.write_table(pa.table(names), tmp_path / "t.parquet")
    run = fallline.fit(
        tmp_path / "t.parquet", target="y", rule="sgd", runtime=runtime, record=tmp_path / "run", epochs=250
    )
    assert run.specification.plan.backoffs
    assert run.at(run.steps).theta.tobytes() == run.model.theta.tobytes()
    opened = fallline.open_run(tmp_path / "run")
    assert opened.specification.to_dict() == run.specification.to_dict()
    assert opened.history.equals(run.history)
    assert opened.at(run.steps).theta.tobytes() == run.model.theta.tobytes()


@pytest.mark.parametrize("transform", [None, PolyakAverage()])
def test_going_back_to_a_later_look(transform: Any, rng: np.random.Generator) -> None:
    """A descent that diverges after good looks goes back to the best one, not to the start, and replays exactly; the
    average of its parameters goes on from what it was there."""
    x, y = table(rng, 300)
    run = fallline.fit(x, y, rule="sgd", validation=None, epochs=2000, transforms=transform or ())
    plan = replace(
        run.specification.plan,
        learning_rate=20.0 * run.specification.plan.learning_rate,
        schedule={"name": "linear_warmup", "steps": 1500, "start": 0.001},
        tolerance=1e-9,
    )
    runtime = run._replayed(0).runtime
    descent = Descent(runtime, plan, backs_off=True)
    descent.run()
    assert descent.plan.backoffs and min(descent.plan.backoffs) >= 100
    assert descent.stop in ("converged", "epochs")
    again = Descent(runtime, descent.plan)
    again.run()
    assert (again.k, again.stop) == (descent.k, descent.stop)
    assert again.history.losses.tolist() == descent.history.losses.tolist()
    assert again.history.rates.tolist() == descent.history.rates.tolist()
    assert again.state.theta.tobytes() == descent.state.theta.tobytes()
    assert again.answer().tobytes() == descent.answer().tobytes()


def test_a_given_rate_is_not_halved(rng: np.random.Generator) -> None:
    """With a rate that was given it stops, and the error names a stable one."""
    x, y = table(rng, 300)
    with pytest.raises(fallline.DivergenceError, match="stable only below"):
        fallline.fit(x, y, rule="sgd", learning_rate=40.0)


def test_when_no_rate_helps_it_ends(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Going back is tried a fixed number of times; then the run has diverged."""
    monkeypatch.setattr(back_off, "MOST", 2)
    measured = settle.measured_rate
    monkeypatch.setattr(settle, "measured_rate", lambda *given: (1e12 * measured(*given)[0], "far too bold"))
    x, y = table(rng, 300)
    with pytest.raises(fallline.DivergenceError) as caught:
        fallline.fit(x, y, rule="sgd")
    assert caught.value.run.specification.plan.backoffs == (0, 0)
