"""A raw table from end to end: the same bits from every source, every way to hold rows out, and what is refused."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fallline
from fallline.data.reading import PIECE
from fallline.data.split import split

FEW: dict[str, Any] = {"epochs": 3, "batch_size": 64, "learning_rate": 0.01, "rule": "sgd"}


def mixed(rng: np.random.Generator, rows: int = 300) -> pa.Table:
    """Numbers, text, flags, dates and moments, some of them missing."""
    days = rng.integers(-5000, 20_000, rows)
    micros = rng.integers(-(10**15), 2 * 10**15, rows)
    words = np.where(rng.random(rows) < 0.1, None, rng.choice(["ab", "c", "d, e", 'f"g'], rows))
    x = rng.normal(size=rows) * 10.0 ** rng.integers(-3, 4, rows)
    return pa.table({
        "x": pa.array(np.where(rng.random(rows) < 0.1, np.nan, x), from_pandas=True),
        "n": rng.integers(-9, 9, rows), "flag": rng.random(rows) < 0.5, "word": pa.array(words.tolist()),
        "day": pa.array(days, pa.int32()).cast(pa.date32()), "moment": pa.array(micros, pa.timestamp("us")),
        "w": rng.random(rows), "y": rng.normal(size=rows) + x / 1e4,
    })  # fmt: skip


def test_every_source_gives_equal_parameters(tmp_path: Path, rng: np.random.Generator) -> None:
    """The same rows as CSV, Parquet, Arrow, pandas, polars, batches and a folder: equal parameters, by bytes."""
    table = mixed(rng)
    pyarrow.csv.write_csv(table, tmp_path / "a.csv")
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet", row_group_size=70)
    pyarrow.feather.write_feather(table, tmp_path / "a.feather")
    (tmp_path / "parts").mkdir()
    pyarrow.csv.write_csv(table.slice(0, 100), tmp_path / "parts" / "1.csv")
    pyarrow.parquet.write_table(table.slice(100), tmp_path / "parts" / "2.parquet")
    every = {
        "csv": tmp_path / "a.csv", "parquet": tmp_path / "a.parquet", "arrow": tmp_path / "a.feather", "table": table,
        "pandas": table.to_pandas(), "polars": polars.from_arrow(table), "batches": iter(table.to_batches(50)),
        "folder": tmp_path / "parts",
    }  # fmt: skip
    runs = {name: fallline.fit(data, target="y", sample_weight="w", **FEW) for name, data in every.items()}
    expected = runs["csv"].at(runs["csv"].steps).theta.tobytes()
    for name, run in runs.items():
        assert run.at(run.steps).theta.tobytes() == expected, name
        assert run.evaluation == runs["csv"].evaluation, name
        assert run.model.schema.features == runs["csv"].model.schema.features
    model = runs["csv"].model
    predicted = model.predict(table).tobytes()
    for data in (*list(every.values())[:6], iter(table.to_batches(50)), tmp_path / "parts"):
        assert model.predict(data).tobytes() == predicted
    assert model.predict(table.select(sorted(table.column_names))).tobytes() == predicted


def test_arrays_give_equal_parameters(tmp_path: Path, rng: np.random.Generator) -> None:
    """Numbers alone: .npy, .npz, an array, a dict and CSV."""
    matrix = rng.normal(size=(200, 4))
    names = ["x1", "x2", "x3", "x4"]
    np.save(tmp_path / "a.npy", matrix)
    np.save(tmp_path / "f.npy", np.asfortranarray(matrix))
    np.savez(tmp_path / "a.npz", **dict(zip(names, matrix.T, strict=True)))
    table = pa.table(dict(zip(names, matrix.T, strict=True)))
    pyarrow.csv.write_csv(table, tmp_path / "a.csv")
    every = [tmp_path / "a.npy", tmp_path / "f.npy", tmp_path / "a.npz", tmp_path / "a.csv", matrix, table]
    thetas = [fallline.fit(data, target="x4", **FEW).model.theta.tobytes() for data in every]
    assert thetas == [thetas[0]] * len(every)
    assert fallline.fit(matrix[:, :3], matrix[:, 3], **FEW).model.theta.tobytes() == thetas[0]


def test_svmlight_gives_the_parameters_of_its_array(tmp_path: Path, rng: np.random.Generator) -> None:
    """Sparse rows in a file and their array with all the zeros; unscaled, since sparse rows are not centred."""
    matrix = np.where(rng.random((100, 5)) < 0.4, rng.normal(size=(100, 5)), 0.0)
    y = rng.normal(size=100)
    rows = [" ".join([repr(t), *(f"{j + 1}:{v!r}" for j, v in enumerate(row.tolist()) if v or j == 4)])
            for t, row in zip(y.tolist(), matrix, strict=True)]  # fmt: skip
    (tmp_path / "a.svm").write_text("\n".join(rows) + "\n")
    run = fallline.fit(tmp_path / "a.svm", target="label", scale=None, **FEW)
    assert run.model.theta.tobytes() == fallline.fit(matrix, y, scale=None, **FEW).model.theta.tobytes()
    assert str(run.locate(3)) == "a.svm, line 3"
    assert run.model.predict(tmp_path / "a.svm").tobytes() == run.model.predict(matrix).tobytes()


@pytest.mark.parametrize("name", ["diamonds.csv", "penguins.csv"])
def test_blanks_and_reordered_columns(name: str, examples: Path, tmp_path: Path, rng: np.random.Generator) -> None:
    """5 % of each column blanked: the fit ends well, and columns in another order change no prediction."""
    target = {"diamonds.csv": "price", "penguins.csv": "sex"}[name]
    frame = pandas.read_csv(examples / name).iloc[:3000]
    for column in frame.columns:
        frame.loc[rng.random(len(frame)) < 0.05, column] = None
    frame.to_csv(tmp_path / "blanked.csv", index=False)
    run = fallline.fit(tmp_path / "blanked.csv", target=target)
    assert run.stop in ("converged", "epochs")
    assert run.evaluation.get("r2", run.evaluation.get("accuracy")) > 0.6
    order = rng.permutation(frame.columns)
    frame[order].to_csv(tmp_path / "reordered.csv", index=False)
    expected = run.model.predict(tmp_path / "blanked.csv")
    assert run.model.predict(tmp_path / "reordered.csv").tolist() == expected.tolist()
    assert run.model.predict(frame[order]).tolist() == expected.tolist()


# --- which rows are held out


def test_ways_to_hold_rows_out(tmp_path: Path, rng: np.random.Generator) -> None:
    """By hash, from the end, by a column, and by another table or file; a recorded run replays each of them."""
    table = mixed(rng)
    pyarrow.parquet.write_table(table, tmp_path / "other.parquet")
    says = {
        "words": np.where(np.arange(300) % 3 == 0, " Test", "train"),
        "truth": np.arange(300) % 3 == 0,
        "digit": (np.arange(300) % 3 == 0).astype(int),
    }
    for name, values in says.items():
        table = table.append_column(name, pa.array(values))
    pyarrow.csv.write_csv(table, tmp_path / "t.csv")
    third = list(range(1, 300, 3))
    training = {
        0.5: (split(np.arange(300), 0.5, 0)[0] + 1).tolist(),
        "last:100": list(range(1, 201)),
        "last:0.1": list(range(1, 271)),
        "column:words": sorted(set(range(1, 301)) - set(third)),
        "column:truth": sorted(set(range(1, 301)) - set(third)),
        "column:digit": sorted(set(range(1, 301)) - set(third)),
        str(tmp_path / "other.parquet"): list(range(1, 301)),
    }
    for validation, rows in training.items():
        folder = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        drop = [name for name in says if validation != f"column:{name}"]
        run = fallline.fit(tmp_path / "t.csv", target="y", validation=validation, drop=drop, record=folder, **FEW)
        assert sorted((run._prepared().rows + 1).tolist()) == rows, validation
        assert run.evaluation["rows"] == (300 - len(rows) if len(rows) < 300 else 300)
        again = fallline.open_run(folder)
        assert again.at(run.steps).theta.tobytes() == run.model.theta.tobytes()
        assert not any(feature.startswith(tuple(says)) for feature in run.model.schema.features)
    run = fallline.fit(table, target="y", validation=table.slice(0, 50), **FEW)
    assert run.evaluation == fallline.fit(table, target="y", validation=None, **FEW).model.evaluate(table.slice(0, 50))


def test_rows_that_cannot_be_held_out(tmp_path: Path, rng: np.random.Generator) -> None:
    """A column that does not say, one that is not there, other tables that lack a column, and slips."""
    table = mixed(rng).append_column("v", pa.array(["train"] * 200 + ["perhaps"] + ["test"] * 99))
    pyarrow.csv.write_csv(table, tmp_path / "t.csv")

    def refused(kind: type[Exception], says: str, **options: Any) -> Any:
        with pytest.raises(kind, match=says) as caught:
            fallline.fit(tmp_path / "t.csv", target="y", **{**FEW, **options})
        return caught.value

    error = refused(fallline.DataError, "'perhaps' does not say", validation="column:v")
    assert (error.row, error.column, error.file) == (201, "v", str(tmp_path / "t.csv"))
    refused(fallline.DataError, "timestamp.* cannot say", validation="column:moment")
    refused(fallline.SpecificationError, "no column 'vv'", validation="column:vv")
    refused(fallline.SpecificationError, "is the target", validation="column:y")
    refused(fallline.SpecificationError, "is the column of weights", validation="column:w", sample_weight="w")
    refused(fallline.DataError, "there are no columns 'x', 'n'", validation={"y": [1.0, 2.0]})
    refused(fallline.DataError, "no file", validation=str(tmp_path / "none.csv"))
    refused(fallline.DataError, "row is left", validation="last:300")
    for wrong in ("last:", "last:0", "last:-3", "last:2.5", "last:x", "column:", "atuo", True, 1, 1.5, -0.1):
        error = refused(fallline.SpecificationError, "validation", validation=wrong)
        assert error.option == "validation"


# --- where a row stands


def test_locate(tmp_path: Path, rng: np.random.Generator) -> None:
    """From a row's number to its file and line, row group and row; in a recorded run and in `explain` too."""
    table = mixed(rng).append_column("note", pa.array(["two\nlines"] * 300))
    pyarrow.csv.write_csv(table, tmp_path / "t.csv")
    pyarrow.parquet.write_table(table.drop_columns("note"), tmp_path / "t.parquet", row_group_size=70)
    run = fallline.fit(tmp_path / "t.csv", target="y", record=tmp_path / "run", **FEW)
    place = run.locate(100)
    assert (place.row, place.line, place.file, str(place)) == (100, 200, str(tmp_path / "t.csv"), "t.csv, line 200")
    assert fallline.open_run(tmp_path / "run").locate(100) == place
    page = run.explain(1)
    first = page.rows[0].number
    assert page.places[first] == f"line {2 * first:,}"
    assert f"line {2 * first:,}" in str(page) and "in the file" in str(page)
    focus = page.rows[20].number
    assert f"Row {focus:,} in full (line {2 * focus:,})" in str(run.explain(1, focus))
    place = fallline.fit(tmp_path / "t.parquet", target="y", **FEW).locate(100)
    assert (place.group, place.row_in_group) == (2, 30)
    assert str(place) == "t.parquet, row group 2, row 30 of it"
    for wrong in (0, 301, 1.5, True, "1"):
        with pytest.raises(fallline.SpecificationError, match="1 to 300"):
            run.locate(wrong)  # type: ignore[arg-type]


# --- prediction in pieces


def test_pieces_change_no_bit(tmp_path: Path, rng: np.random.Generator) -> None:
    """A table of several pieces: predictions and scores from the file are those of the table in memory."""
    table = mixed(rng, PIECE + 1000)
    run = fallline.fit(table.slice(0, 500), target="y", **FEW)
    pyarrow.csv.write_csv(table, tmp_path / "a.csv")
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet", row_group_size=9999)
    for path in (tmp_path / "a.csv", tmp_path / "a.parquet"):
        assert run.model.predict(path).tobytes() == run.model.predict(table).tobytes()
        assert run.model.evaluate(path) == run.model.evaluate(table)
    # A word in a column of numbers, in the second piece, is named with its row and line.
    lines = (tmp_path / "a.csv").read_text().splitlines()
    lines[PIECE + 500] = "many" + lines[PIECE + 500][lines[PIECE + 500].index(",") :]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(fallline.DataError, match="'many' is not a number") as caught:
        run.model.predict(tmp_path / "a.csv")
    assert (caught.value.row, caught.value.column) == (PIECE + 500, "x")
    assert f"row {PIECE + 500:,} (line {PIECE + 501:,})" in str(caught.value)


def test_notes_of_a_prediction(rng: np.random.Generator) -> None:
    """Columns that training did not know are named, values it never saw are counted."""
    table = mixed(rng)
    run = fallline.fit(table, target="y", drop=["w"], **FEW)
    later = table.set_column(3, "word", pa.array(["new", None] * 150)).append_column("more", pa.array(range(300)))
    notes: list[str] = []
    run.model.predict(later, notes=notes)
    assert notes == [
        "columns that training did not know are not used: more",
        "word: 150 values never seen in training, taken as none of its categories",
    ]


def test_other_encodings(tmp_path: Path, rng: np.random.Generator) -> None:
    """`encoding` holds for the table, for the one held out, for predictions, and is kept by a recorded run."""
    names = rng.choice(["é", "ü", "ß"], 100)
    rows = "\n".join(f"{name},{x},{x * 2}" for name, x in zip(names, rng.normal(size=100).tolist(), strict=True))
    path = tmp_path / "a.csv"
    path.write_bytes(f"größe,x,y\n{rows}\n".encode("latin-1"))
    run = fallline.fit(path, target="y", encoding="latin-1", validation=path, record=tmp_path / "run", **FEW)
    assert run.model.schema.features[:3] == ("größe=ß", "größe=é", "größe=ü")
    assert len(run.model.predict(path, encoding="latin-1")) == 100
    again = fallline.open_run(tmp_path / "run")
    assert again.at(run.steps).theta.tobytes() == run.model.theta.tobytes()
    with pytest.raises(fallline.DataError, match="not UTF-8"):
        run.model.predict(path)
    with pytest.raises(fallline.SpecificationError, match="encoding"):
        fallline.fit(path, target="y", encoding="latin-11")


# --- anything else


VALUES = {
    "number": st.floats(-1e6, 1e6) | st.none(), "any number": st.floats() | st.integers(-(2**63), 2**63 - 1).map(float),
    "whole": st.integers(-5, 5) | st.none(), "flag": st.booleans(), "text": st.text(max_size=5), "time": st.times(),
    "word": st.sampled_from(["a", "b", "", "NA", "other"]), "day": st.dates() | st.none(),
    "moment": st.datetimes() | st.none(),
    "bytes": st.binary(max_size=3), "list": st.lists(st.integers(0, 3), max_size=2), "null": st.none(),
}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_fit_and_predict_raise_fallline_errors_only(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Generated tables, in memory and as files: fit and predict end well or with a FalllineError of one line."""
    rows = data.draw(st.integers(1, 70))
    kinds = data.draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4))
    table: dict[str, list[Any]] = {f"c{at}": [] for at in range(len(kinds))}
    pool = [data.draw(st.lists(VALUES[kind], min_size=1, max_size=8)) for kind in kinds]
    for name, values in zip(table, pool, strict=True):
        table[name] = [values[at * 7 % len(values)] for at in range(rows)]
    goal = data.draw(
        st.sampled_from([[float(at % 5) for at in range(rows)], ["u" if at % 3 else "v" for at in range(rows)]])
    )
    options = {
        "validation": data.draw(st.sampled_from(["auto", None, "last:0.3", 0.5])),
        "hashed": data.draw(st.sampled_from([(), ("c0",)])),
        "categorical": data.draw(st.sampled_from([(), (f"c{len(kinds) - 1}",)])),
        "max_categories": data.draw(st.integers(1, 4)),
    }
    folder = tmp_path_factory.mktemp("any")
    try:
        arrow = pa.table({**table, "y": goal})
    except (pa.ArrowException, OverflowError):
        return
    source: Any = arrow
    kind = data.draw(st.sampled_from(["memory", "csv", "parquet", "arrow"]))
    try:
        if kind == "csv":
            source = folder / "t.csv"
            pyarrow.csv.write_csv(arrow, source)
        elif kind == "parquet":
            source = folder / "t.parquet"
            pyarrow.parquet.write_table(arrow, source)
        elif kind == "arrow":
            source = folder / "t.feather"
            pyarrow.feather.write_feather(arrow, source)
    except (pa.ArrowException, TypeError):  # CSV holds no lists
        return
    try:
        run = fallline.fit(source, target="y", epochs=2, rule="sgd", learning_rate=1e-6, **options)
        assert len(run.model.predict(source)) == rows
        assert run.model.evaluate(source)["rows"] == rows
        run.model.predict(pa.table({name: values[::-1] for name, values in table.items()}))
    except fallline.FalllineError as error:
        assert len(str(error).splitlines()) == 1


def test_dates_from_every_file(tmp_path: Path) -> None:
    """Parts of a date are features from CSV too, and are given their own coefficients."""
    start = datetime.date(2020, 1, 1)
    days = [start + datetime.timedelta(days=at) for at in range(800)]
    table = pa.table({"day": days, "y": [day.isoweekday() * 2.0 for day in days]})
    pyarrow.csv.write_csv(table, tmp_path / "a.csv")
    run = fallline.fit(tmp_path / "a.csv", target="y", validation=None)
    assert run.model.schema.features == ("day", "day year", "day month", "day day of week")
    assert run.model.coefficients["day day of week"] == pytest.approx(2, abs=0.01)
