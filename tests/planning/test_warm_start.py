"""Warm start: a descent that begins at a model's coefficients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fallline

OPTIONS: dict[str, Any] = {"validation": None, "learning_rate": 0.05, "batch_size": 64}


def table(rng: np.random.Generator, rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    x = rng.normal(size=(rows, 4)) * [1.0, 30.0, 0.1, 5.0] + [0.0, 1000.0, 3.0, -2.0]
    return x, x @ [1.0, -0.2, 10.0, 0.5] + rng.normal(size=rows)


@pytest.mark.parametrize("loss", ["squared", "logistic", "softmax"])
def test_on_the_same_table_it_starts_at_the_same_bytes(loss: str, rng: np.random.Generator) -> None:
    """theta(0) is the model's own theta, and k steps after it differ from a cold start's."""
    x, y = table(rng)
    target: Any = (
        y if loss == "squared" else np.digitize(y, np.quantile(y, [0.5] if loss == "logistic" else [0.3, 0.6]))
    )
    if loss != "squared":
        target = np.array(["low", "middle", "high"])[target]
    first = fallline.fit(x, target, loss=loss, epochs=3, **OPTIONS)
    again = fallline.fit(x, target, loss=loss, epochs=2, start=first, **OPTIONS)
    assert again.at(0).theta.tobytes() == first.at(first.steps).theta.tobytes()
    plain = fallline.fit(x, target, loss=loss, epochs=2, start=first.model, runtime="plain", **OPTIONS)
    assert plain.at(plain.steps).theta.tobytes() == again.at(again.steps).theta.tobytes()


def test_on_another_table_it_starts_at_the_same_predictions(rng: np.random.Generator) -> None:
    """Other means and scales: theta(0) gives the model's predictions, up to rounding."""
    first = fallline.fit(*table(rng), epochs=5, **OPTIONS)
    x, y = table(rng)
    x = x * 1.5 + 1.0
    run = fallline.fit(x, y, start=first, epochs=1, **OPTIONS)
    residual = first.model.predict(x) - y
    descent = run._descent
    assert descent is not None
    before = descent.runtime.loss(run.at(0).theta)
    assert before == pytest.approx(float(residual @ residual) / len(y), rel=1e-9)


def test_a_good_start_is_no_divergence(rng: np.random.Generator) -> None:
    """From the optimum of noise-free data, where every step makes the loss many times larger, the run goes on and ends;
    with nothing given it converges."""
    x, _ = table(rng)
    y = x @ [1.0, 2.0, 3.0, 4.0]
    best = fallline.fit(x, y, epochs=3000, batch_size="full", validation=None)
    assert fallline.fit(x, y, start=best, rule="adam", **{**OPTIONS, "learning_rate": 0.1}, epochs=3).stop == "epochs"
    assert fallline.fit(x, y, start=best, validation=None).stop == "converged"


def test_paths_and_the_command_line(tmp_path: Path, examples: Path, call: Callable[..., Any]) -> None:
    """A model file and a run folder are taken, by `fit` and by --start; the run is replayed from its folder alone."""
    options: dict[str, Any] = {"target": "price", "only": ["carat", "cut"], "batch_size": 4096}
    first = fallline.fit(examples / "diamonds.csv", epochs=2, record=tmp_path / "first", **options)
    first.model.save(tmp_path / "m.safetensors")
    for start in (tmp_path / "first", tmp_path / "m.safetensors"):
        again = fallline.fit(examples / "diamonds.csv", epochs=1, start=start, **options)
        assert again.at(0).theta.tobytes() == first.at(first.steps).theta.tobytes()
    words = "fit", str(examples / "diamonds.csv"), "--target", "price", "--only", "carat,cut", "--batch-size", "4096"
    done = call(*words, "--epochs", "1", "--start", "first", "--record", "second")
    assert done.returncode == 0, done.stderr
    opened = fallline.open_run(tmp_path / "second")
    assert opened.at(opened.steps).theta.tobytes() == again.at(again.steps).theta.tobytes()


def test_what_does_not_fit_is_refused(rng: np.random.Generator) -> None:
    """Other features, other classes, no intercept, or what is no model: one line that says which."""
    x, y = table(rng)
    model = fallline.fit(x, y, epochs=1, **OPTIONS).model
    names = {f"f{j}": x[:, j] for j in range(4)}
    words = np.where(y > y.mean(), "a", "b")
    for data, target, options, message in (
        (names, y, {}, "features are not those of this table: it has 'x1'"),
        (x[:, :3], y, {}, "it has 'x4', which the table has not"),
        (x, words, {}, "classes are none, and the table's are"),
        (x, y, {"intercept": False}, "use intercept=True"),
    ):
        with pytest.raises(fallline.SpecificationError, match=message) as caught:
            fallline.fit(data, target, start=model, epochs=1, **OPTIONS, **options)
        assert "\n" not in str(caught.value)
    with pytest.raises(fallline.DataError, match="nowhere"):
        fallline.fit(x, y, start="nowhere.safetensors")
    with pytest.raises(fallline.DivergenceError) as diverged:
        fallline.fit(x, y, validation=None, learning_rate=50.0)
    with pytest.raises(fallline.DivergenceError, match="does not predict"):
        fallline.fit(x, y, start=diverged.value.run)
