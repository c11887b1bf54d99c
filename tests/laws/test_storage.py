"""storage="float32": features in 32 bits, each less its column's first value, and arithmetic in float64."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fallline

OPTIONS: dict[str, Any] = {"validation": None, "epochs": 2}


def table(rng: np.random.Generator, rows: int, columns: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Columns of all sizes, one of them seconds of one day in Unix time."""
    x = rng.normal(size=(rows, columns)) * 10.0 ** rng.integers(-3, 4, columns)
    x[:, 1] = 1.75e9 + rng.integers(0, 86_400, rows)
    return x, (x - x.mean(axis=0)) / x.std(axis=0) @ rng.normal(size=columns) + rng.normal(size=rows)


def first_known(x: np.ndarray) -> np.ndarray:
    """Each column's first number that is not missing."""
    return x[np.argmax(~np.isnan(x), axis=0), np.arange(x.shape[1])]


def rounded(x: np.ndarray) -> np.ndarray:
    """What is stored, as float64."""
    return (x - x[0]).astype(np.float32).astype(np.float64)


@pytest.mark.parametrize("rule", ["momentum", "adam", "schedule_free_sgd"])
@pytest.mark.parametrize("batch", [1, 256, 1500, "full"])
def test_it_is_a_descent_on_the_rounded_columns(rule: str, batch: Any, rng: np.random.Generator) -> None:
    """theta is, by bytes, that of a float64 descent on float32(x - first); in plain Python and on two threads too."""
    x, y = table(rng, 1700, int(rng.integers(2, 20)))
    options = {**OPTIONS, "rule": rule, "batch_size": batch, "learning_rate": 0.001, "gram": False}
    if batch == 1:
        x, y = x[:300], y[:300]
    wanted = fallline.fit(rounded(x), y, **options)
    for more in ({}, {"runtime": "plain"}, {"threads": 2}):
        run = fallline.fit(x, y, storage="float32", **options, **more)
        assert run.at(run.steps).theta.tobytes() == wanted.at(wanted.steps).theta.tobytes()
        assert list(run.history["loss"]) == list(wanted.history["loss"])


@pytest.mark.parametrize("loss", ["logistic", "softmax", "huber", "poisson"])
def test_every_kind_of_loss(loss: str, rng: np.random.Generator) -> None:
    """Plain and compiled descents agree by bytes for losses of one score and of several, on columns not scaled too."""
    x, y = table(rng, 1300)
    target: Any = np.array(["a", "b", "c"])[np.digitize(y, [-1.0, 1.0])] if loss == "softmax" else y
    target = np.where(y > 0.0, "a", "b") if loss == "logistic" else target
    target = np.floor(np.abs(y)) if loss == "poisson" else target
    for scale, rate in (("standard", 0.01), (None, 1e-21)):
        options = {**OPTIONS, "loss": loss, "scale": scale, "storage": "float32", "learning_rate": rate}
        run, plain = (fallline.fit(x, target, runtime=name, **options) for name in ("compiled", "plain"))
        assert run.at(run.steps).theta.tobytes() == plain.at(plain.steps).theta.tobytes()


def test_a_model_knows_the_table_s_own_units(rng: np.random.Generator) -> None:
    """Coefficients and predictions are those of a float64 descent, up to the rounding of the features; what is missing
    becomes the mean, which moves by no more than the mean rounding of what is stored."""
    x, y = table(rng, 3000)
    x[rng.random(x.shape) < 0.05] = np.nan
    options: dict[str, Any] = {"batch_size": "full", "validation": None, "epochs": 300, "learning_rate": 0.3}
    narrow, wide = (fallline.fit(x, y, storage=name, **options).model for name in ("float32", "float64"))
    assert np.allclose(narrow.predict(x), wide.predict(x), rtol=0, atol=1e-3 * y.std())
    moved, sizes = np.abs(narrow.fills - wide.fills), np.nanmean(np.abs(x - first_known(x)), axis=0)
    assert np.all(moved[::2] <= sizes * 2.0**-24) and not moved[1::2].any()  # the means, and the shares of the missing
    for name, value in wide.coefficients.items():
        assert narrow.coefficients[name] == pytest.approx(value, rel=1e-2, abs=1e-9)


def test_it_is_replayed_from_its_folder(tmp_path: Path, examples: Path) -> None:
    """The specification keeps the storage; a recorded run is replayed to the same bytes, and explained."""
    run = fallline.fit(examples / "penguins.csv", "sex", storage="float32", record=tmp_path / "run", epochs=5)
    again = fallline.open_run(tmp_path / "run")
    assert again.specification == run.specification
    assert again.at(again.steps).theta.tobytes() == run.at(run.steps).theta.tobytes()
    assert "Step 3" in str(again.explain(3))
    assert again.model.evaluate(examples / "penguins.csv")["accuracy"] > 0.85


def test_a_number_too_large_is_named() -> None:
    """Beyond float32's range the row and the column are named."""
    x = np.ones((60, 2))
    x[:, 0] = range(60)
    x[41, 1] = 1e39
    with pytest.raises(fallline.DataError, match="too large for storage") as caught:
        fallline.fit(x, np.arange(60.0), storage="float32", validation=None)
    assert (caught.value.row, caught.value.column) == (42, "x2")
