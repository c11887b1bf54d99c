"""`fallline predict`: the model on raw tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

import fallline as package

from .conftest import LINE, PENGUINS, Done, fallline_in, listing

Fallline = Callable[..., Done]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run of penguins, sex."""
    folder = tmp_path_factory.mktemp("penguins")
    assert fallline_in(folder)("fit", PENGUINS, "--target", "sex", "--output", "sex.safetensors").code == 0
    return folder


def test_predictions_are_the_models_own(folder: Path) -> None:
    """The CSV on stdout holds what the API predicts, to the last digit, from the run and from the model file alike."""
    run = package.open_run(folder / "runs/penguins-sex")
    for model in ("runs/penguins-sex", "sex.safetensors", "runs/penguins-sex/model.safetensors"):
        done = fallline_in(folder)("predict", model, PENGUINS)
        assert (done.code, done.err) == (0, "")
        head, *rows = csv.reader(io.StringIO(done.out))
        assert head == ["prediction", "probability_of_male"]
        assert [row[0] for row in rows] == run.model.predict(PENGUINS).tolist()
        assert [float(row[1]) for row in rows] == run.model.predict_proba(PENGUINS)[:, 1].tolist()


def test_files(folder: Path) -> None:
    """--output writes CSV or Parquet with the same content, and stdout stays empty."""
    predict = fallline_in(folder)
    whole = predict("predict", "sex.safetensors", PENGUINS).out
    assert predict("predict", "sex.safetensors", PENGUINS, "--output", "p.csv") == (0, "", "")
    assert predict("predict", "sex.safetensors", PENGUINS, "-o", "p.parquet") == (0, "", "")
    assert (folder / "p.csv").read_text(encoding="utf-8") == whole
    table = pyarrow.parquet.read_table(folder / "p.parquet")
    rows = list(csv.DictReader(io.StringIO(whole)))
    assert table.column("prediction").to_pylist() == [row["prediction"] for row in rows]
    assert np.array_equal(table.column(1).to_numpy(), [float(row["probability_of_male"]) for row in rows])


def test_table_that_differs_from_training(folder: Path) -> None:
    """Unseen categories are counted on stderr; a missing column is refused with exit 2, and no file is written."""
    lines = Path(PENGUINS).read_text(encoding="utf-8").splitlines()
    unseen = [line.replace("Adelie", "Emperor") for line in lines[:4]]
    (folder / "unseen.csv").write_text("\n".join(unseen) + "\n", encoding="utf-8")
    (folder / "short.csv").write_text("species,island\nAdelie,Torgersen\n", encoding="utf-8")
    predict, before = fallline_in(folder), listing(folder)
    done = predict("predict", "sex.safetensors", "unseen.csv")
    assert (done.code, len(done.out.splitlines())) == (0, 4)
    assert "species: 3 values never seen in training" in done.complaint
    short = predict("predict", "sex.safetensors", "short.csv", "--output", "q.csv")
    assert (short.code, short.out) == (
        2,
        "",
    ) and "there are no columns 'bill_length_mm', 'bill_depth_mm'" in short.complaint
    assert listing(folder) == before


def test_damaged_model_file(folder: Path, tmp_path: Path) -> None:
    """A model file that was cut off is refused in one line, exit 2."""
    (tmp_path / "cut.safetensors").write_bytes((folder / "sex.safetensors").read_bytes()[:-9])
    done = fallline_in(tmp_path)("predict", "cut.safetensors", PENGUINS)
    assert (done.code, done.out) == (2, "") and "cut.safetensors is not a Fallline model" in done.complaint


def test_numbers_have_one_column(line_runs: Path) -> None:
    """A number's prediction is one column called prediction."""
    out = fallline_in(line_runs)("predict", "runs/line-y", LINE).out.splitlines()
    assert out[0] == '"prediction"' and len(out) == 6
    assert float(out[1]) == pytest.approx(4.94, abs=0.01)
