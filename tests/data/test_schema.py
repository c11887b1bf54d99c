"""What a table's columns become: features in order, raw numbers, and notes about what was left out."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
import pytest
from schema_cases import encoded, refused_schema, schema_of

from fallline.data.columns import Target, bucket_of
from fallline.data.infer import infer, present_rows
from fallline.data.sources import Reading, read
from fallline.errors import DataError, SpecificationError

EXAMPLES = Path(__file__).parents[2] / "examples"
NAN = float("nan")


# --- the example tables


def test_diamonds() -> None:
    """26 features in table order; numbers are scaled, categories are not; nothing is left out."""
    table = read(EXAMPLES / "diamonds.csv")
    schema = infer(table, "price")
    assert schema.features[:6] == ("carat", "cut=Fair", "cut=Good", "cut=Ideal", "cut=Premium", "cut=Very Good")
    assert schema.features[-5:] == ("depth", "table", "x", "y", "z")
    assert (schema.scaled.sum(), schema.notes, schema.target) == (6, (), Target("price", "number"))
    matrix = schema.encode(table)
    assert (matrix.shape, str(matrix.dtype), matrix.flags.c_contiguous) == ((53_940, 26), "float64", True)
    assert np.all(matrix[:, 1:6].sum(axis=1) == 1)
    assert np.array_equal(matrix[:, 0], table.columns.column("carat").to_numpy())
    assert np.array_equal(schema.encode_target(table), table.columns.column("price").to_numpy())


def test_penguins() -> None:
    """Rows without a sex are left out and counted; the two with numbers missing are among them."""
    table = read(EXAMPLES / "penguins.csv")
    schema = infer(table, "sex")
    assert schema.notes == ("11 rows with a missing sex left out",)
    assert schema.target == Target("sex", "classes", ("female", "male"))
    assert not any(column.missing for column in schema.columns)
    rows = present_rows(table, "sex")
    assert (len(rows), str(rows.dtype)) == (333, "int64")
    assert np.isfinite(schema.encode(table, rows)).all()
    assert np.isnan(schema.encode(table)).sum() == 8
    sexes = table.columns.column("sex").to_pylist()
    assert schema.encode_target(table, rows).tolist() == [float(sexes[row] == "male") for row in rows]


# --- kinds of columns


def test_kinds() -> None:
    """Every Arrow type that can be a number, a flag, a date or a category becomes one."""
    day = datetime.date(1970, 1, 3)
    noon = datetime.datetime(1970, 1, 2, 12)
    table = pa.table({
        "int": pa.array([1, 2, 3], pa.int8()), "uint": pa.array([1, 2, 2**64 - 1], pa.uint64()),
        "float": pa.array([1.5, 2, 3], pa.float32()), "half": pa.array(np.array([1, 2, 3], np.float16)),
        "decimal": [Decimal("1.25"), Decimal(2), Decimal(3)],
        "bool": [True, False, True], "zeros": [0, 1, 1], "ones": [0.0, 1.0, 1.0],
        "text": ["b", "a", "b"], "view": pa.array(["b", "a", "b"], pa.string_view()),
        "words": pa.array(["b", "a", "b"]).dictionary_encode(),
        "codes": pa.array([7, 5, 7]).dictionary_encode(),
        "day": [day, day, datetime.date(1970, 1, 4)], "moment": [noon, noon, datetime.datetime(1970, 1, 1)],
        "time": [datetime.time(6), datetime.time(12), datetime.time(0)],
        "length": [datetime.timedelta(days=1.5), datetime.timedelta(0), datetime.timedelta(0)],
    })  # fmt: skip
    schema = infer(read(table), None)
    kinds = {column.name: column.kind for column in schema.columns}
    assert kinds == {
        **dict.fromkeys(("int", "uint", "float", "half", "decimal"), "number"),
        **dict.fromkeys(("bool", "zeros", "ones"), "flag"),
        **dict.fromkeys(("text", "view", "words", "codes"), "category"),
        **dict.fromkeys(("day", "moment"), "date"),
        **dict.fromkeys(("time", "length"), "time"),
    }
    first = dict(zip(schema.features, schema.encode(table)[0], strict=True))
    assert first == {
        "int": 1, "uint": 1, "float": 1.5, "half": 1, "decimal": 1.25, "bool": 1, "zeros": 0, "ones": 0,
        "text=a": 0, "text=b": 1, "view=a": 0, "view=b": 1, "words=a": 0, "words=b": 1, "codes=5": 0, "codes=7": 1,
        "day": 2, "day day of week": 6, "moment": 1.5, "moment day of week": 5, "moment hour": 12,
        "time": 0.25, "length": 1.5,
    }  # fmt: skip
    assert not schema.scaled[5:16].any()
    assert schema.scaled[[*range(5), *range(16, 23)]].all()


def test_dates_in_every_unit() -> None:
    """The unit and type of a date do not change its number; a moment before 1970 is negative."""
    moments = [datetime.datetime(1960, 1, 1), datetime.datetime(2013, 6, 15), None]
    units = [pa.timestamp(unit) for unit in ("s", "ms", "us", "ns")] + [pa.date32(), pa.date64()]
    every = [encoded({"t": pa.array(moments).cast(unit)})[:2] for unit in units]
    # 1 January 1960 was a Friday, 15 June 2013 a Saturday
    assert every == [[[-3653.0, 1960.0, 1.0, 5.0, 0.0], [15871.0, 2013.0, 6.0, 6.0, 0.0]]] * 6


def test_parts_of_dates_are_those_of_the_calendar(rng: np.random.Generator) -> None:
    """Year, month, day of the week (Monday is 1) and hour are Python's own, of any year; a zone is taken to UTC."""
    last = datetime.datetime(9999, 12, 31, 23, 59, 59)
    first = datetime.datetime(1, 1, 1)
    span = int((last - first).total_seconds())
    moments = [first, last, *(first + datetime.timedelta(seconds=int(s)) for s in rng.integers(0, span, 300))]
    expected = [[m.year, m.month, m.isoweekday(), m.hour] for m in moments]
    column = pa.array(moments, pa.timestamp("us"))
    for kind in (pa.timestamp("us"), pa.timestamp("s"), pa.timestamp("ms", "America/New_York")):
        schema = schema_of({"t": column.cast(kind, safe=False)})
        assert schema.features == ("t", "t year", "t month", "t day of week", "t hour")
        assert schema.encode(pa.table({"t": column.cast(kind, safe=False)}))[:, 1:].tolist() == expected
    days = schema_of({"t": column.cast(pa.date32(), safe=False)})
    assert days.features == ("t", "t year", "t month", "t day of week")


def test_the_unit_of_a_moment_changes_no_bit(rng: np.random.Generator) -> None:
    """Moments with parts of a second: microseconds, nanoseconds and text give the same bytes."""
    ticks = pa.array(rng.integers(-(2**50), 2**50, 500), pa.timestamp("us"))
    schema = schema_of({"t": ticks})
    expected = schema.encode(pa.table({"t": ticks})).tobytes()
    for other in (
        ticks.cast(pa.timestamp("ns")),
        ticks.cast(pa.string()),
        pc.binary_join_element_wise(ticks.cast(pa.string()), "Z", ""),
    ):
        assert schema.encode(pa.table({"t": other})).tobytes() == expected


def test_text_that_is_nearly_all_dates() -> None:
    """A word among dates makes text of the column; the note names its row."""
    days = [f"2020-01-{day:02d}" for day in range(1, 21)] * 2
    assert "row 41 holds 'soon', which is not a date" in schema_of({"a": range(41), "d": [*days, "soon"]}).notes[0]


def test_hashed() -> None:
    """A hashed column has max_categories 0/1 features; a value always sets the same one, in any process."""
    columns = {"c": ["x", "y", None, "x"], "n": [1, 2, 3, 4]}
    schema = schema_of(columns, hashed=("c", "n"), max_categories=8)
    assert schema.features == (*(f"c#{at}" for at in range(8)), "c is missing", *(f"n#{at}" for at in range(8)))
    assert not schema.scaled.any()
    matrix = schema.encode(pa.table(columns))
    assert matrix[:, :9].sum(axis=1).tolist() == [1, 1, 1, 1]
    assert (bucket_of("x", 8), bucket_of("y", 8), bucket_of("", 1000)) == (7, 7, 876)
    assert matrix[0, 7] == matrix[3, 7] == matrix[1, 7] == matrix[2, 8] == 1
    assert schema.unseen(pa.table({"c": ["new"], "n": [9]})) == {}
    with pytest.raises(SpecificationError, match="hashed: c is among the categorical"):
        schema_of(columns, hashed="c", categorical="c")


def test_what_was_left_out_is_kept_with_its_reason() -> None:
    """Dropped columns, those not chosen, and those of no use; a table's other columns are extra."""
    columns = {"a": [1, 2], "b": [1, 3], "one": [1, 1], "v": [True, False], "y": [1.0, 2.0]}
    schema = schema_of(columns, "y", drop=["b"], held_out="v")
    reasons = {"b": "is dropped", "v": "says which rows are held out", "one": "has one value (1)"}
    assert dict(schema.left_out) == reasons
    assert dict(schema_of(columns, "y", only=["a"]).left_out)["b"] == "is not among the columns to use"
    assert schema.extra(["new", "a", "b", "one", "v", "y", "other"]) == ["new", "other"]
    with pytest.raises(DataError, match=r"there are no columns 'n', 's'; the columns are: t"):
        schema_of({"n": [1, 2], "s": [1, 2]}).encode(pa.table({"t": [1]}))


def test_missing_values() -> None:
    """Null and NaN: a number is NaN beside an indicator, a category is all zeros beside one, a flag is a number."""
    columns = {"n": [1.0, NAN, 3.0, 4.0], "c": ["x", "y", None, "x"], "f": [True, None, False, False]}
    schema = schema_of(columns)
    assert schema.features == ("n", "n is missing", "c=x", "c=y", "c is missing", "f", "f is missing")
    assert schema.scaled.tolist() == [True, False, False, False, False, True, False]
    np.testing.assert_array_equal(
        schema.encode(pa.table(columns)),
        [[1, 0, 1, 0, 0, 1, 0], [NAN, 1, 0, 1, 0, NAN, 1], [3, 0, 0, 0, 1, 0, 0], [4, 0, 1, 0, 0, 0, 0]],
    )


def test_missing_where_none_was() -> None:
    """A column that was complete has no indicator later: its number is NaN, its categories are zeros."""
    schema = schema_of({"n": [1, 2, 5], "c": ["x", "y", "x"]})
    assert schema.features == ("n", "c=x", "c=y")
    later = pa.table({"n": pa.array([None, 2], pa.int64()), "c": pa.array([None, "y"])})
    np.testing.assert_array_equal(schema.encode(later), [[NAN, 0, 0], [2, 0, 1]])
    nothing = pa.table({"n": pa.nulls(1), "c": pa.nulls(1)})
    np.testing.assert_array_equal(schema.encode(nothing), [[NAN, 0, 0]])


def test_rows_without_a_target_do_not_count() -> None:
    """Neither their categories nor their missing values are part of the schema."""
    columns = {"c": ["x", "y", "x", "only here"], "n": [1, 2, 3, None], "y": [1.5, 2.5, 3.5, None]}
    schema = schema_of(columns, "y")
    assert schema.features == ("c=x", "c=y", "n")
    assert schema.notes == ("1 row with a missing y left out",)


def test_left_out_with_a_note() -> None:
    """What cannot help: no values, one value, identifiers, lists, structs, bytes."""
    columns = {
        "ok": [1, 2, 3], "null": pa.nulls(3), "nan": [NAN] * 3, "year": [2013] * 3, "same": ["a"] * 3,
        "yes": [True] * 3, "id": ["u", "v", "w"], "list": [[1], [2], [3]], "struct": [{"a": 1}] * 3,
        "bytes": [b"a", b"b", b"b"], "gone": pa.array([None] * 3, pa.string()),
    }  # fmt: skip
    schema = schema_of(columns)
    assert schema.features == ("ok",)
    assert schema.notes == (
        "null has no values: left out",
        "nan has no values: left out",
        "year has one value (2013): left out",
        "same has one value (a): left out",
        "yes has one value (True): left out",
        "id is text with 3 values that are all different (like an identifier): left out",
        "list holds list<item: int64> values, which cannot be features: left out",
        "struct holds struct<a: int64> values, which cannot be features: left out",
        "bytes holds binary values, which cannot be features: left out",
        "gone has no values: left out",
    )


def test_one_value_and_missing_ones_stay() -> None:
    """That a value is missing may tell something."""
    assert encoded({"a": [1, 2], "b": ["x", None]}) == [[1, 1, 0], [2, 0, 1]]


def test_text_that_is_nearly_all_numbers() -> None:
    """The note names the row and the value that keep a column from being a number."""
    twice = [str(number) for number in range(30)] * 2
    notes = schema_of({"a": range(60), "b": [*twice[:-1], "abc"], "id": [*map(str, range(59)), "12,5"]}).notes
    assert notes[0] == "b is taken as text: row 60 holds 'abc', which is not a number as nearly all values are"
    assert "row 60 holds '12,5'" in notes[1]


def test_cap_and_other() -> None:
    """The most frequent are kept, ties by name, in sorted order; the rest, and what is unseen, is "other"."""
    columns = {"c": ["d", "d", "a", "b", "c", "c", None]}
    schema = schema_of(columns, max_categories=3)
    assert schema.features == ("c=a", "c=c", "c=d", "c=other", "c is missing")
    assert "c has 4 values: the 3 most frequent are kept" in schema.notes[0]
    later = pa.table({"c": ["b", "new", "c", None]})
    assert schema.encode(later).tolist() == [[0, 0, 0, 1, 0], [0, 0, 0, 1, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 1]]
    assert schema.unseen(later) == {}


def test_a_category_called_other() -> None:
    """It joins the others where there are too many; else it is a category as any."""
    columns = {"c": ["other", "other", "a", "a", "b", "b", "z"]}
    assert schema_of(columns, max_categories=3).features == ("c=a", "c=b", "c=other")
    assert schema_of(columns).features == ("c=a", "c=b", "c=other", "c=z")


def test_unseen_categories() -> None:
    """They are all zeros, and counted; missing values are not."""
    schema = schema_of({"c": ["x", "y", "x"], "d": ["u", "v", "v"]})
    later = pa.table({"c": ["z", None, "x"], "d": ["u", "v", "u"]})
    assert schema.encode(later)[:, :2].tolist() == [[0, 0], [0, 0], [1, 0]]
    assert schema.unseen(later) == {"c": 1}
    assert schema.unseen(later, np.array([1, 2])) == {}


def test_categorical() -> None:
    """A column named so is one-hot whatever it holds, an identifier too; 1 and 1.0 are one category."""
    columns = {"n": [1, 2, 2], "f": [1.0, 2.5, NAN], "b": [True, False, True], "id": ["u", "v", "w"]}
    schema = schema_of(columns, categorical=("n", "f", "b", "id"))
    assert schema.features == (
        "n=1", "n=2", "f=1", "f=2.5", "f is missing", "b=false", "b=true", "id=u", "id=v", "id=w",
    )  # fmt: skip
    later = pa.table({"n": [2.0], "f": [1], "b": [True], "id": ["w"]})
    assert schema.encode(later).tolist() == [[0, 1, 1, 0, 0, 0, 1, 0, 0, 1]]


def test_codes_with_leading_zeros(tmp_path: Path) -> None:
    """`text` tells the reader to keep them, so that a file of digits alone still finds its categories."""
    (tmp_path / "train.csv").write_text("zip,y\n007,1.5\nA1,2.5\n007,3.5\n")
    (tmp_path / "new.csv").write_text("zip\n007\n")
    schema = infer(read(tmp_path / "train.csv"), "y")
    assert schema.encode(read(tmp_path / "new.csv")).tolist() == [[0, 0]]
    assert schema.encode(read(tmp_path / "new.csv", reading=Reading(schema.text))).tolist() == [[1, 0]]


# --- options


def test_only_and_drop() -> None:
    """Columns are kept in table order; one name may be given as a string."""
    columns = {"a": [1, 2], "b": [1, 3], "c": [1, 4], "y": [1.0, 2.0]}
    assert schema_of(columns, "y", only=["c", "a"]).features == ("a", "c")
    assert schema_of(columns, "y", drop="b").features == ("a", "c")
    assert schema_of(columns, "y", only=["a", "b"], drop=["a"], sample_weight="c").features == ("b",)


@pytest.mark.parametrize("option", ["target", "sample_weight", "drop", "only", "categorical"])
def test_unknown_column(option: str) -> None:
    """The nearest name is suggested, and at most ten columns are listed."""
    columns = {"price": [1, 2], **{f"c{number}": [1, 2] for number in range(20)}}
    options: dict[str, Any] = {option: "Pric" if option in ("target", "sample_weight") else ["c1", "Pric"]}
    target = options.pop("target", None)
    with pytest.raises(SpecificationError, match="there is no column 'Pric'; did you mean 'price'") as caught:
        schema_of(columns, target, **options)
    assert (caught.value.option, caught.value.value) == (option, "Pric")
    assert str(caught.value).endswith("c7, c8 and 11 more")


@pytest.mark.parametrize("option", ["drop", "sample_weight", "only", "categorical", "hashed", "held_out"])
def test_target_cannot_be_something_else(option: str) -> None:
    """The target dropped, or used as weight, is a contradiction."""
    with pytest.raises(SpecificationError, match="is the target"):
        schema_of({"a": [1, 2], "y": [1, 2]}, "y", **{option: "y"})
    with pytest.raises(SpecificationError, match="is the column of weights"):
        schema_of({"a": [1, 2], "w": [1, 2]}, sample_weight="w", held_out="w")


@pytest.mark.parametrize("cap", [0, -1, 2.5, True, "many"])
def test_wrong_cap(cap: Any) -> None:
    """A whole number of at least 1."""
    with pytest.raises(SpecificationError, match="max_categories"):
        schema_of({"a": [1, 2]}, max_categories=cap)


# --- values that cannot be encoded


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_infinity(tmp_path: Path, bad: float) -> None:
    """Row, line and column of the first infinite number, when the schema is made and later."""
    (tmp_path / "i.csv").write_text(f"a,b,y\n1,1,\n\n2,{bad},2\n3,4,3\n")
    with pytest.raises(DataError, match=rf"i\.csv, row 2 \(line 4\), column 'b': the value is {bad}") as caught:
        infer(read(tmp_path / "i.csv"), "y")
    assert (caught.value.file, caught.value.row, caught.value.column) == (str(tmp_path / "i.csv"), 2, "b")
    schema = schema_of({"b": [1, 2]})
    with pytest.raises(DataError, match="row 3, column 'b'"):
        schema.encode(pa.table({"b": [1.0, 2.0, bad]}))
    with pytest.raises(DataError, match="row 20,001, column 'b'"):
        schema.encode(pa.table({"b": [1.0] * 20_000 + [bad]}))
    with pytest.raises(DataError, match="row 3, column 'b'"):
        schema.encode(pa.table({"b": [bad, 2.0, bad]}), np.array([1, 2]))


def test_no_usable_column() -> None:
    """The notes say why."""
    refused_schema({"id": ["u", "v"], "y": [1, 2]}, "y", "no usable column is left to predict from (id is text")


def test_two_features_of_one_name() -> None:
    """Coefficients are reported by name."""
    refused_schema({"a=b": ["c", "d", "d"], "a": ["b=c", "x", "x"]}, None, "two features would be named 'a=b=c'")


def test_missing_column() -> None:
    """The nearest name is suggested; other columns of the table are ignored."""
    schema = schema_of({"carat": [1, 2]})
    assert schema.encode(pa.table({"more": ["x"], "carat": [5]})).tolist() == [[5]]
    with pytest.raises(DataError, match="there is no column 'carat'; did you mean 'Carats'") as caught:
        schema.encode(pa.table({"Carats": [5], "b": [1]}))
    assert caught.value.column == "carat"


def test_text_that_parses() -> None:
    """Numbers and dates that arrive as text are read; blank text is missing."""
    schema = schema_of({"n": [1, 2], "t": [datetime.date(1970, 1, 1), datetime.date(1970, 1, 2)]})
    later = pa.table({"n": ["1", " 2.5 ", ""], "t": ["1970-01-03", "1970-01-02 12:00:00", None]})
    np.testing.assert_array_equal(schema.encode(later), [[1, 2, 6], [2.5, 1.5, 5], [NAN] * 3])
    flags = schema_of({"f": [0, 1], "time": [datetime.time(1), datetime.time(2)]})
    later = pa.table({"f": ["true", " False", "0x1F"], "time": ["12:00:00", None, " 18:00"]})
    np.testing.assert_array_equal(flags.encode(later), [[1, 0.5], [0, NAN], [31, 0.75]])


@pytest.mark.parametrize(("column", "what"), [("n", "number"), ("t", "date")])
def test_text_that_does_not_parse(column: str, what: str) -> None:
    """The first such row is named."""
    schema = schema_of({"n": [1, 2], "t": [datetime.date(1970, 1, 1), datetime.date(1970, 1, 2)]})
    good = {"n": ["1"] * 20_000, "t": ["1970-01-01"] * 20_000}
    good[column][17_000] = good[column][18_000] = "abc"
    with pytest.raises(DataError, match=f"row 17,001, column '{column}': 'abc' is not a {what}") as caught:
        schema.encode(pa.table(good))
    assert (caught.value.row, caught.value.column) == (17_001, column)


def test_wrong_types() -> None:
    """Dates where numbers were, numbers where dates were, lists where words were."""
    day = datetime.date(1970, 1, 1)
    schema = schema_of({"n": [1, 2, 3], "t": [day, day, datetime.date(1970, 1, 2)], "c": ["x", "y", "x"]})
    good = {"n": [1], "t": [day], "c": ["x"]}
    for name, value, says in (("n", day, "numbers"), ("t", 5, "dates"), ("c", [1], "text"), ("n", b"1", "numbers")):
        with pytest.raises(DataError, match=f"trained on {says}") as caught:
            schema.encode(pa.table({**good, name: [value]}))
        assert caught.value.column == name
