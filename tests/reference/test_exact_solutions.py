"""Fits against exact solutions: least squares, and logistic regression by Newton's method."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fallline
from fallline.compiled.runtime import CompiledRuntime

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def training_loss(run: fallline.Run) -> float:
    """The mean loss of the run's model on its own training rows."""
    return CompiledRuntime(run._prepared().problem, run.specification.plan.rule).loss(run.model.theta)


def exact_loss(run: fallline.Run) -> float:
    """The least training loss that any parameters have, from the encoded rows by an exact solver."""
    problem = run._prepared().problem
    x = problem.features - problem.features.mean(axis=0)
    spread = x.std(axis=0)
    z = np.column_stack([x / np.where(spread > 0, spread, 1.0), np.ones(problem.rows)])
    if problem.loss.name == "squared":
        solution = np.linalg.lstsq(z.T @ z, z.T @ problem.targets, rcond=1e-12)[0]
        return float(np.mean((z @ solution - problem.targets) ** 2))
    return newton(z, problem.targets)


def newton(z: np.ndarray[Any, Any], targets: np.ndarray[Any, Any]) -> float:
    def loss(w: np.ndarray[Any, Any]) -> float:
        return float(np.mean(np.logaddexp(0.0, z @ w) - targets * (z @ w)))

    w = np.zeros(z.shape[1])
    for _ in range(100):
        p = 0.5 * (1.0 + np.tanh(0.5 * (z @ w)))
        hessian = (z * (p * (1.0 - p))[:, None]).T @ z / len(z)
        step = np.linalg.lstsq(hessian, z.T @ (p - targets) / len(z), rcond=1e-12)[0]
        length = 1.0
        while loss(w - length * step) > loss(w) and length > 1e-9:
            length /= 2.0
        w = w - length * step
    return loss(w)


def check(run: fallline.Run, scaled: bool) -> None:
    """Within 1 % of the exact loss when scaled; within 5 % otherwise, or an honest stop with the advice to scale."""
    excess = training_loss(run) / exact_loss(run) - 1.0
    print(
        f"{run.title}, scaled {scaled}: {run.stop} after {run.steps} steps, {100 * excess:.4f} % above the exact loss"
    )
    assert run.stop in ("converged", "epochs")
    if scaled:
        assert excess < 0.01
    elif excess >= 0.05:
        assert run.stop == "epochs"
        assert any('scale="standard"' in note for note in run.notes)


def tables() -> list[Any]:
    examples = Path(__file__).parents[2] / "examples"
    found = [pytest.param(examples / "diamonds.csv", "price", id="diamonds")]
    found.append(pytest.param(examples / "penguins.csv", "sex", id="penguins"))
    if (SHARED / "flights.parquet").exists():  # too large to be copied into the project
        found.append(pytest.param(SHARED / "flights.parquet", "arr_delay", id="flights"))
    return found


@pytest.mark.parametrize("scale", ["standard", None])
@pytest.mark.parametrize(("path", "target"), tables())
def test_defaults_come_close_to_the_exact_solution_of_real_tables(path: Path, target: str, scale: str | None) -> None:
    """On the shared tables the defaults never diverge and end near the optimum, or say honestly that they did not."""
    check(fallline.fit(path, target=target, scale=scale), scale is not None)


@pytest.mark.parametrize("scale", ["standard", None])
@pytest.mark.parametrize("number", range(10))
def test_one_column_a_million_times_larger(number: int, scale: str | None, rng: np.random.Generator) -> None:
    """Random tables with one huge column: no divergence, and near the optimum or honest about it."""
    rows, columns = int(rng.integers(100, 20_000)), int(rng.integers(2, 15))
    x = rng.normal(size=(rows, columns)) * rng.uniform(0.1, 10.0, columns) + rng.normal(size=columns)
    x[:, rng.integers(columns)] *= 1e6
    signal = (x - x.mean(axis=0)) / x.std(axis=0) @ rng.normal(size=columns)
    noise = rng.normal(size=rows) * signal.std()
    target: Any = signal + rng.uniform(0.3, 1.0) * noise + rng.normal() * 10.0
    if number % 2:
        target = np.where(signal + noise > np.median(signal), "yes", "no")
    check(fallline.fit(x, target, scale=scale), scale is not None)


def test_diamonds_held_out_r2(examples: Path) -> None:
    """Held-out R² of diamonds with defaults is at least 0.91 (least squares: 0.920), and the rows add up."""
    run = fallline.fit(examples / "diamonds.csv", target="price")
    assert run.evaluation["r2"] >= 0.91
    assert run.evaluation["rows"] + run.specification.plan.sizes.rows == 53_940


def test_penguins_held_out_accuracy(examples: Path) -> None:
    """The sex of held-out penguins is told right in at least 88 % of cases, on average over 20 seeds."""
    runs = [fallline.fit(examples / "penguins.csv", target="sex", seed=seed) for seed in range(20)]
    assert np.mean([run.evaluation["accuracy"] for run in runs]) >= 0.88


@pytest.mark.parametrize("rule", ["sgd", "momentum", "rmsprop", "adam"])
@pytest.mark.parametrize("batch_size", [32, 256, "full"])
def test_every_rule_reaches_the_optimum_by_itself(rule: str, batch_size: int | str, rng: np.random.Generator) -> None:
    """With an automatic learning rate every rule ends within 1 % of the exact loss, whatever the batch."""
    x = rng.normal(size=(3000, 6)) * 10.0 ** rng.uniform(-3, 3, 6)
    y = x / x.std(axis=0) @ rng.normal(size=6) * 100.0 + rng.normal(size=3000) * 30.0 + 500.0
    run = fallline.fit(x, y, rule=rule, batch_size=batch_size)
    assert run.stop == "converged"
    assert training_loss(run) / exact_loss(run) - 1.0 < 0.01
