"""The linear model: predictions on raw tables, the table's own units, and the model file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

import fallline
from fallline import losses
from fallline.models.elementwise import elementwise


@pytest.fixture(scope="module")
def penguins() -> fallline.Run:
    return fallline.fit(Path(__file__).parents[2] / "examples" / "penguins.csv", target="sex")


@pytest.fixture(scope="module")
def flat() -> fallline.Run:
    """A fit with a number as target, some values missing, and text."""
    rng = np.random.default_rng(5)
    size = rng.normal(1000.0, 50.0, 400)
    table = pa.table({"size": size, "kind": np.where(size > 1000, "big", "small"), "price": 3.0 * size + 7.0})
    gaps = pa.array([None if i % 9 == 0 else value for i, value in enumerate(size.tolist())])
    return fallline.fit(table.set_column(0, "size", gaps), target="price")


@pytest.mark.parametrize("loss", [loss for loss in losses.LOSSES.values() if not loss.many], ids=lambda loss: loss.name)
def test_definitions_on_arrays_have_the_bytes_of_plain_python(loss: losses.Loss, rng: np.random.Generator) -> None:
    """A loss's row, second derivative and inverse link over NumPy arrays equal the scalar ones, byte by byte."""
    scores = np.concatenate([rng.normal(size=500) * 10.0 ** rng.uniform(-5, 3, 500), [0.0, -0.0, 700.0, -700.0, 1e300]])
    targets = rng.integers(0, 2, len(scores)).astype(np.float64)
    targets += 0.5 if loss.domain and not loss.domain.low_included else 0.0
    values, slopes = elementwise(loss.row)(scores, targets, *loss.numbers)
    pairs = list(zip(scores.tolist(), targets.tolist(), strict=True))
    plain = [loss.row(score, target, *loss.numbers) for score, target in pairs]
    assert same_bytes(values, [value for value, _ in plain])
    assert same_bytes(slopes, [slope for _, slope in plain])
    for function in (loss.second, loss.bound):
        if function is not None:
            found = elementwise(function)(scores, targets, *loss.numbers)
            assert same_bytes(found, [function(score, target, *loss.numbers) for score, target in pairs])
    for function in (loss.inverse_link, loss.probability):
        if function is not None:
            assert same_bytes(elementwise(function)(scores), [function(score) for score in scores.tolist()])


def same_bytes(found: object, expected: list[float]) -> bool:
    """One NaN is as good as another: its sign means nothing."""
    numbers = np.broadcast_to(np.asarray(found, dtype=np.float64), len(expected))
    wanted = np.array(expected)
    return bool(np.all((np.isnan(numbers) & np.isnan(wanted)) | (numbers.view(np.int64) == wanted.view(np.int64))))


def test_coefficients_are_in_the_table_s_own_units(flat: fallline.Run) -> None:
    """A row's prediction is the intercept plus its raw values times the coefficients."""
    row = {"size": 1100.0, "kind": "big"}
    model = flat.model
    by_hand = model.intercept + 1100.0 * model.coefficients["size"] + model.coefficients["kind=big"]
    predicted = model.predict({name: [value] for name, value in row.items()})[0]
    assert predicted == pytest.approx(by_hand, rel=1e-9)


def test_a_saved_model_predicts_the_same_bytes(penguins: fallline.Run, tmp_path: Path, examples: Path) -> None:
    """load(save(model)) predicts what the model did, and has its coefficients."""
    penguins.model.save(tmp_path / "m.safetensors")
    again = fallline.load(tmp_path / "m.safetensors")
    table = examples / "penguins.csv"
    assert again.predict_proba(table).tobytes() == penguins.model.predict_proba(table).tobytes()
    assert again.predict(table).tolist() == penguins.model.predict(table).tolist()
    assert again.coefficients == penguins.model.coefficients
    assert again.intercept == penguins.model.intercept
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]


def test_classes_and_probabilities(penguins: fallline.Run, examples: Path) -> None:
    """The likelier class is predicted, and the two probabilities of each row add up to 1."""
    probabilities = penguins.model.predict_proba(examples / "penguins.csv")
    labels = penguins.model.predict(examples / "penguins.csv")
    assert penguins.model.classes == ("female", "male")
    assert probabilities.shape == (344, 2)
    assert np.abs(probabilities.sum(axis=1) - 1.0).max() < 1e-15
    assert labels.tolist() == [("female", "male")[int(p > 0.5)] for p in probabilities[:, 1]]


def test_evaluate_on_a_raw_table(flat: fallline.Run, penguins: fallline.Run, examples: Path) -> None:
    """evaluate scores rows that have a target; numbers and classes each get their scores beside the trivial ones."""
    scores = penguins.model.evaluate(examples / "penguins.csv")
    assert scores["rows"] == 333
    assert scores["accuracy"] > 0.85 > scores["trivial_accuracy"]
    with pytest.raises(fallline.DataError, match="no column 'price'"):
        flat.model.evaluate({"size": [1.0], "kind": ["big"]})
    with pytest.raises(fallline.DataError, match="use predict"):
        flat.model.predict_proba({"size": [1.0], "kind": ["big"]})


def test_a_missing_column_is_named(flat: fallline.Run) -> None:
    """A table without a needed column is refused, with the column's name."""
    with pytest.raises(fallline.DataError, match="kind"):
        flat.model.predict({"size": [1.0]})


def test_a_file_that_is_no_model_is_refused(tmp_path: Path, penguins: fallline.Run) -> None:
    """Missing, empty, cut, foreign and altered files are DataErrors of one line."""
    good = tmp_path / "good.safetensors"
    penguins.model.save(good)
    content = good.read_bytes()
    with safe_open(good, framework="numpy") as file:
        header, arrays = file.metadata(), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    description = json.loads(header["model"])

    def altered(name: str, model: object, **tensors: object) -> Path:
        path = tmp_path / name
        save_file({**arrays, **tensors}, path, metadata={"format": header["format"], "model": json.dumps(model)})
        return path

    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "cut").write_bytes(content[: len(content) // 2])
    (tmp_path / "text").write_text("hello")
    save_file({"x": np.zeros(3)}, tmp_path / "foreign")
    bad = [tmp_path / name for name in ("missing", "empty", "cut", "text", "foreign")]
    bad.append(altered("kind", {**description, "kind": "magic"}))
    bad.append(altered("loss", {**description, "loss": "none"}))
    bad.append(altered("schema", {**description, "schema": {"columns": 3}}))
    bad.append(altered("list", [1, 2]))
    bad.append(altered("shape", description, theta=np.zeros(2)))
    bad.append(altered("nan", description, theta=arrays["theta"] * np.nan))
    bad.append(altered("type", description, theta=arrays["theta"].astype(np.float32)))
    for path in bad:
        with pytest.raises(fallline.DataError) as caught:
            fallline.load(path)
        assert "\n" not in str(caught.value)
        assert str(path) in str(caught.value)


def test_a_diverged_model_does_not_predict(examples: Path, tmp_path: Path) -> None:
    """After a divergence the run's model refuses to predict, and so does its file."""
    with pytest.raises(fallline.DivergenceError) as caught:
        fallline.fit(examples / "diamonds.csv", target="price", rule="sgd", learning_rate=1.0)
    run = caught.value.run
    run.model.save(tmp_path / "m")
    for model in (run.model, fallline.load(tmp_path / "m")):
        with pytest.raises(fallline.DivergenceError, match="does not predict"):
            model.predict(examples / "diamonds.csv")
