"""One encoding whatever the source, whichever rows are chosen, and after the schema was stored and read again."""

from __future__ import annotations

import copy
import datetime
import json
import secrets
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fallline.data.columns import Column, Target
from fallline.data.infer import infer, present_rows
from fallline.data.schema import Schema
from fallline.data.sources import read
from fallline.errors import DataError, FalllineError

EXAMPLES = Path(__file__).parents[2] / "examples"
NAN = float("nan")


# --- one encoding, whatever the source


def random_columns(rng: np.random.Generator, rows: int) -> dict[str, list[Any]]:
    def gaps(values: list[Any]) -> list[Any]:
        return [None if rng.random() < 0.2 else value for value in values]

    day = datetime.date(2000, 1, 1)
    return {
        "float": gaps(rng.normal(size=rows).tolist()),
        "int": rng.integers(-50, 50, rows).tolist(),
        "flag": (rng.random(rows) < 0.5).tolist(),
        "text": gaps(rng.choice(["red", "green", "blue", "ÄÖ, ü"], rows).tolist()),
        "day": [day + datetime.timedelta(days=int(number)) for number in rng.integers(-20_000, 20_000, rows)],
        "y": rng.normal(size=rows).tolist(),
    }


def test_every_source_gives_equal_bytes(tmp_path: Path) -> None:
    """CSV, Parquet in several row groups, Arrow in chunks, pandas, polars: the same schema and the same bytes."""
    seed = secrets.randbits(32)
    print("seed", seed)
    columns = random_columns(np.random.default_rng(seed), 200)
    arrow = pa.table(columns)
    pyarrow.csv.write_csv(arrow, tmp_path / "a.csv")
    pyarrow.parquet.write_table(arrow, tmp_path / "a.parquet", row_group_size=37)
    categories = arrow.set_column(3, "text", arrow.column("text").dictionary_encode())
    every = [
        columns, arrow, pa.concat_tables([arrow.slice(0, 7), arrow.slice(7)]), categories,
        tmp_path / "a.csv", tmp_path / "a.parquet", pandas.DataFrame(columns), polars.DataFrame(columns),
        polars.DataFrame(columns).with_columns(polars.col("text").cast(polars.Categorical)),
        pandas.DataFrame(columns).astype({"text": "category"}),
    ]  # fmt: skip
    tables = [read(data) for data in every]
    schema = infer(tables[0], "y")
    expected = schema.encode(tables[0]).tobytes()
    for table in tables:
        assert infer(table, "y") == schema
        assert schema.encode(table).tobytes() == expected
        assert schema.encode_target(table).tobytes() == np.array(columns["y"]).tobytes()


def test_polars_text_where_the_target_is_missing() -> None:
    """Arrow cannot choose rows of polars' own layout of text; it is changed when it is read."""
    frame = polars.DataFrame({"s": ["a", "b", None, "a"], "y": [1.5, None, 2.5, 3.5], "l": [["q"]] * 4})
    frame = frame.with_columns(c=polars.col("s").cast(polars.Categorical), e=polars.col("s").cast(polars.Enum("ab")))
    schema = infer(read(frame), "y")
    assert schema.features == ("s=a", "s is missing", "c=a", "c is missing", "e=a", "e is missing")
    rows = np.array([3, 2])
    assert schema.encode(pa.table(frame), rows).tolist() == [[1, 0] * 3, [0, 1] * 3]
    assert schema.unseen(pa.table(frame)) == {"s": 1, "c": 1, "e": 1}


def test_numpy_gives_equal_bytes() -> None:
    """An array of floats is encoded as it is, NaN included, in either memory order."""
    seed = secrets.randbits(32)
    print("seed", seed)
    values = np.random.default_rng(seed).normal(size=(300, 4))
    for array in (values, np.asfortranarray(values), values.tolist(), values.astype(">f8")):
        table = read(array)
        assert infer(table, None).encode(table).tobytes() == values.tobytes()


def test_rows_are_chosen_and_ordered() -> None:
    """`rows` gives the same numbers as choosing from the whole encoding, across blocks."""
    seed = secrets.randbits(32)
    print("seed", seed)
    rng = np.random.default_rng(seed)
    table = read({"a": rng.normal(size=30_000), "c": rng.choice(["x", "y", "z"], 30_000), "y": rng.normal(size=30_000)})
    schema = infer(table, "y")
    rows = rng.permutation(30_000)[:20_000]
    assert schema.encode(table, rows).tobytes() == schema.encode(table)[rows].tobytes()
    assert schema.encode_target(table, rows).tobytes() == schema.encode_target(table)[rows].tobytes()
    assert schema.encode(table, rows[:0]).shape == (0, 4)


# --- stored


def round_trip(schema: Schema) -> Schema:
    return Schema.from_dict(json.loads(json.dumps(schema.to_dict())))


def test_stored_and_read_again() -> None:
    """Through JSON, the schema is equal and encodes the same bytes."""
    for name, target in (("penguins.csv", "sex"), ("diamonds.csv", "price"), ("penguins.csv", None)):
        table = read(EXAMPLES / name)
        schema = infer(table, target, max_categories=4)
        again = round_trip(schema)
        assert again == schema
        assert again.encode(table).tobytes() == schema.encode(table).tobytes()
    for values in ([0, 1, 1], [True, False, True]):
        schema = infer(read({"a": [1, 2, 3], "y": values, "w": [1, 2, 3]}), "y", sample_weight="w")
        assert repr(round_trip(schema)) == repr(schema)  # repr tells 0 from False


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
STORED = Schema(
    (Column("n", "number", True), Column("c", "category", False, ("x", "y"), True), Column("f", "flag")),
    Target("y", "classes", ("a", "b")),
    "w",
    ("a note",),
).to_dict()
LATER = pa.table({"n": [1.5, None], "c": ["x", "q"], "f": [1, 0]})


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_schema_is_refused(data: st.DataObject) -> None:
    """Anything put in any place is refused in one line, or is a schema that encodes."""
    damaged: Any = copy.deepcopy(STORED)
    place, value = damaged, data.draw(JSON)
    while True:
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
        if not (isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans())):
            break
        place = place[key]
    if data.draw(st.booleans()):
        place[key] = value
    else:
        del place[key]
    try:
        schema = Schema.from_dict(damaged)
        assert schema.encode(LATER).shape == (2, len(schema.features))
    except FalllineError as error:
        assert "\n" not in str(error)
        str(error).encode()


@given(JSON)
def test_what_is_no_schema(value: Any) -> None:
    """Any other JSON value is refused."""
    with pytest.raises(DataError, match="damaged"):
        Schema.from_dict(value)


@settings(max_examples=200)
@given(st.data())
def test_random_tables(data: st.DataObject) -> None:
    """Any table gives a schema that survives JSON and encodes finite numbers or NaN, or one line of refusal."""
    rows = data.draw(st.integers(1, 6))
    kinds = [
        st.integers(-(2**63), 2**63 - 1), st.floats(), st.booleans(), st.text(max_size=3), st.dates(),
        st.datetimes(), st.times(), st.binary(max_size=2), st.sampled_from([0, 1]), st.sampled_from(["other", "x"]),
    ]  # fmt: skip
    columns = {}
    for name in data.draw(st.lists(st.text(max_size=3), unique=True, min_size=1, max_size=4)):
        kind = data.draw(st.sampled_from(kinds))
        columns[name] = data.draw(st.lists(st.none() | kind, min_size=rows, max_size=rows))
    target = data.draw(st.none() | st.sampled_from(list(columns)))
    try:
        table = read(columns)
        schema = infer(table, target, max_categories=data.draw(st.integers(1, 3)))
        chosen = present_rows(table, target)
        matrix = schema.encode(table, chosen)
        assert not np.isinf(matrix).any()
        assert matrix.shape == (len(chosen), len(schema.features))
        assert round_trip(schema).encode(table, chosen).tobytes() == matrix.tobytes()
        if target is not None:
            assert np.isfinite(schema.encode_target(table, chosen)).all()
    except FalllineError as error:
        assert len(str(error).splitlines()) == 1
