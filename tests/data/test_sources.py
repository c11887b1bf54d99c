"""Any table is read into the same columns, and what cannot be read is refused in one line that says where."""

from __future__ import annotations

import datetime
import re
import secrets
from pathlib import Path

import numpy as np
import pandas
import polars
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallline.data.sources import FILES, Reading, read
from fallline.data.table import Table
from fallline.errors import DataError

EXAMPLES = Path(__file__).parents[2] / "examples"


def refused(data: object, says: str, row: int | None = None, column: str | None = None, **options: object) -> DataError:
    """`read` raises a DataError of one line with these words and this place."""
    with pytest.raises(DataError) as caught:
        read(data, **options)  # type: ignore[arg-type]
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (caught.value.row, caught.value.column) == (row, column)
    return caught.value


def file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_diamonds_are_read_whole() -> None:
    """The example table has 53,940 rows and the types of its columns are found."""
    table = read(EXAMPLES / "diamonds.csv")
    assert (table.rows, table.name, len(table.names)) == (53_940, "diamonds.csv", 10)
    assert table.columns.schema.field("carat").type == pa.float64()
    assert table.path == str(EXAMPLES / "diamonds.csv")


def test_types_are_found_over_the_whole_file(tmp_path: Path) -> None:
    """A word after the first megabyte makes text of the column instead of an error."""
    path = file(tmp_path, "late.csv", "a\n" + "1\n" * 800_000 + "x\n")
    assert read(path).columns.column("a")[-1].as_py() == "x"


def test_missing_words() -> None:
    """The usual words for a missing value are null, in text columns too."""
    words = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "n/a", "#N/A", "<NA>"]
    assert set(words) <= set(FILES[0].MISSING)


def test_missing_words_in_a_file(tmp_path: Path) -> None:
    """In numbers and in text alike; a quoted NA is missing as well."""
    path = file(tmp_path, "m.csv", 'a,b\n1,x\nNA,None\nn/a,"NA"\n4,y\n')
    assert read(path).columns.to_pydict() == {"a": [1, None, None, 4], "b": ["x", None, None, "y"]}


def test_infinity_is_left_to_the_schema(tmp_path: Path) -> None:
    """The words for infinity are numbers."""
    path = file(tmp_path, "i.csv", "a\ninf\n-inf\nInfinity\n1\n")
    assert read(path).columns.column("a").to_pylist() == [np.inf, -np.inf, np.inf, 1]


def test_text_is_kept_as_written(tmp_path: Path) -> None:
    """A column named in `text` keeps its leading zeros; a name that is not there does no harm."""
    path = file(tmp_path, "z.csv", "zip,b\n007,1\n")
    assert read(path, reading=Reading(("zip", "none"))).columns.to_pydict() == {"zip": ["007"], "b": [1]}


def test_tabs_and_marks(tmp_path: Path) -> None:
    """A .tsv file is separated by tabs, a byte order mark is no part of a name, a suffix may be in capitals."""
    assert read(file(tmp_path, "a.TSV", "a\tb\n1\t2\n")).columns.to_pydict() == {"a": [1], "b": [2]}
    assert read(file(tmp_path, "b.csv", "\ufeffa,b\r\n1,2\r\n")).names == ["a", "b"]


def test_unnamed_column_has_a_name(tmp_path: Path) -> None:
    """A column without a name in the header is called by its place."""
    assert read(file(tmp_path, "u.csv", ",b\n1,2\n")).names == ["column 1", "b"]


def test_a_row_longer_than_a_block(tmp_path: Path) -> None:
    """A value of three megabytes is read."""
    assert read(file(tmp_path, "l.csv", "a,b\n1," + "x" * 3_000_000 + "\n2,y\n")).rows == 2


@pytest.mark.parametrize("rows", [1, 200_000])
def test_line_breaks_in_quotes(tmp_path: Path, rows: int) -> None:
    """A quoted line break is part of the value, wherever pyarrow's blocks end."""
    path = file(tmp_path, "q.csv", "a,b\n" + '1,"x\ny"\n' * rows)
    table = read(path)
    assert table.rows == rows
    assert table.columns.column("b")[rows - 1].as_py() == "x\ny"


def test_rows_in_words(tmp_path: Path) -> None:
    """Rows are counted from 1; a CSV file adds the line, which blank lines and quoted line breaks move."""
    table = read(file(tmp_path, "w.csv", 'a,b\n1,2\n\n3,"x\ny"\n5,6\n'))
    assert [table.where(row) for row in range(3)] == ["row 1 (line 2)", "row 2 (line 4)", "row 3 (line 6)"]
    assert read([1, 2]).where(1) == "row 2"


def test_lines_of_random_files(tmp_path: Path) -> None:
    """The line found for a row is the one on which the row was written."""
    seed = secrets.randbits(32)
    print("seed", seed)
    rng = np.random.default_rng(seed)
    lines, starts = ["a,b"], []
    for row in range(200):
        lines += [""] * int(rng.integers(0, 2))
        starts.append(len(lines) + 1)
        lines += [f'{row},"x', 'y"'] if rng.integers(0, 2) else [f"{row},z"]
    table = read(file(tmp_path, "r.csv", "\n".join(lines) + "\n"))
    assert [table.where(row) for row in range(200)] == [f"row {r + 1} (line {s})" for r, s in enumerate(starts)]


# --- files that cannot be read


def test_missing_file(tmp_path: Path) -> None:
    """The nearest name in the folder is suggested; a folder that is not there is named."""
    file(tmp_path, "trips.csv", "a\n1\n")
    assert "trips.csv?" in str(refused(tmp_path / "trip.csv", "there is no file"))
    assert "did you mean" not in str(refused(tmp_path / "zzzzz.parquet", "there is no file"))
    refused(tmp_path / "none" / "trips.csv", "there is no folder")


def test_folder_without_tables(tmp_path: Path) -> None:
    """A folder in which nothing can be read is refused, and what is in it is named."""
    assert refused(tmp_path, "holds no file of a kind that is read").file == str(tmp_path)
    file(tmp_path, "notes.txt", "a")
    refused(tmp_path, "it holds notes.txt")


@pytest.mark.parametrize("name", ["a.txt", "a", "a.parquet.gz"])
def test_unknown_suffix(tmp_path: Path, name: str) -> None:
    """A suffix that is not known is refused with those that are."""
    refused(file(tmp_path, name, "a\n1\n"), ".csv, .tsv, .parquet")


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_empty_file(tmp_path: Path, name: str) -> None:
    """A file of 0 bytes is empty, whatever it is called."""
    path = file(tmp_path, name, "")
    assert refused(path, f"{name} is empty").file == str(path)


@pytest.mark.parametrize("content", ["a,b\n", "a,b", "\n\n", "a,b\n\n"])
def test_no_rows(tmp_path: Path, content: str) -> None:
    """A header alone, with a line end or without, and blank lines are no table."""
    path = file(tmp_path, "a.csv", content)
    assert refused(path, "no rows").file == str(path)


def test_no_rows_in_parquet(tmp_path: Path) -> None:
    """A Parquet file without rows is refused."""
    pyarrow.parquet.write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / "a.parquet")
    assert refused(tmp_path / "a.parquet", "no rows").file == str(tmp_path / "a.parquet")


@pytest.mark.parametrize("values", ["3", "3,4,5"])
@pytest.mark.parametrize("before", [1, 300_000])
def test_ragged_row(tmp_path: Path, values: str, before: int) -> None:
    """The row and line of the first row with too few or too many values are found, in the first block and later."""
    path = file(tmp_path, "r.csv", "a,b\n" + "1,2\n" * before + values + "\n1,2\n")
    count = f"{len(values.split(','))} value"
    error = refused(path, f"row {before + 1:,} (line {before + 2:,}): {count}", row=before + 1)
    assert "2 columns" in str(error)


def test_ragged_row_after_line_breaks(tmp_path: Path) -> None:
    """Blank lines and quoted line breaks count as lines, not as rows."""
    refused(file(tmp_path, "r.csv", 'a,b\n1,2\n\n"x\ny",3\n4\n'), "row 3 (line 6)", row=3)


@pytest.mark.parametrize("more", [0, 500_000])
def test_quote_that_is_never_closed(tmp_path: Path, more: int) -> None:
    """It would make one value of the rest of the file."""
    path = file(tmp_path, "q.csv", 'a,b\n1,2\n3,"x\n' + "4,5\n" * more)
    refused(path, "never closed", row=2, column="b")


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    """Which one is meant could not be said."""
    refused(file(tmp_path, "d.csv", "a,b,a\n1,2,3\n"), "more than one column is named 'a'")
    pyarrow.parquet.write_table(pa.table([pa.array([1])] * 2, names=["a", "a"]), tmp_path / "d.parquet")
    refused(tmp_path / "d.parquet", "more than one column is named 'a'")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_not_utf8(tmp_path: Path, encoding: str) -> None:
    """Other encodings are refused, in the header and in a value, with the way to mend it."""
    refused(file(tmp_path, "h.csv", "é,b\n1,2\n".encode(encoding)), "UTF-8")
    path = file(tmp_path, "v.csv", "a,b\n1,x\n1,é\n".encode(encoding))
    place = (2, "b") if encoding == "latin-1" else (None, None)
    refused(path, "UTF-8", *place)
    refused(path, "UTF-8", *place, reading=Reading(("b",)))


def test_not_parquet(tmp_path: Path) -> None:
    """A CSV file, half a Parquet file and a damaged one under the name of a Parquet file."""
    pyarrow.parquet.write_table(pa.table({"a": np.arange(10_000.0)}), tmp_path / "good.parquet")
    good = (tmp_path / "good.parquet").read_bytes()
    refused(file(tmp_path, "trips.parquet", "a,b\n1,2\n"), "trips.parquet is not a Parquet file")
    refused(file(tmp_path, "half.parquet", good[: len(good) // 2]), "half.parquet is not a Parquet file")
    damaged = good[:4] + b"\0" * 2000 + good[2004:]
    refused(file(tmp_path, "damaged.parquet", damaged), "damaged.parquet is a damaged Parquet file: row group 1", row=1)


def test_parquet_under_the_name_of_csv(tmp_path: Path) -> None:
    """What is no text is not parsed as text."""
    refused(file(tmp_path, "a.csv", b"PAR1" + bytes(100)), "not a CSV file")


def test_unreadable_file(tmp_path: Path) -> None:
    """A broken link, and a file that may not be read (unless the tests run as root), are DataErrors."""
    (tmp_path / "link.csv").symlink_to(tmp_path / "nothing.csv")
    refused(tmp_path / "link.csv", "there is no file")
    path = file(tmp_path, "closed.csv", "a\n1\n")
    path.chmod(0)
    try:
        path.read_bytes()
    except PermissionError:
        refused(path, "cannot be read")


@given(st.binary(max_size=200))
def test_random_bytes_never_raise_anything_else(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever bytes a file holds, it is a table or a DataError of one line."""
    folder = tmp_path_factory.mktemp("bytes")
    for name in ("a.csv", "a.tsv", "a.parquet"):
        try:
            assert read(file(folder, name, content)).rows > 0
        except DataError as error:
            assert "\n" not in str(error)


# --- data in memory

COLUMNS = {"a": [1.5, None, 3.0], "b": ["x", "y", None], "c": [1, 2, 3], "d": [True, False, True]}
DAYS = [datetime.date(2020, 1, 1), None, datetime.date(2021, 6, 5)]


def test_every_kind_gives_the_same_values(tmp_path: Path) -> None:
    """Files, Arrow, pandas, polars and dicts."""
    columns = {**COLUMNS, "e": DAYS}
    arrow = pa.table(columns)
    pyarrow.csv.write_csv(arrow, tmp_path / "a.csv")
    pyarrow.parquet.write_table(arrow, tmp_path / "a.parquet")
    every = [
        tmp_path / "a.csv", str(tmp_path / "a.parquet"), arrow, arrow.to_batches()[0], columns,
        pandas.DataFrame(columns), polars.DataFrame(columns),
        {name: pa.array(values) for name, values in columns.items()},
    ]  # fmt: skip
    for data in every:
        assert read(data).columns.to_pydict() == columns, type(data)


@pytest.mark.parametrize(
    ("data", "columns"),
    [
        (np.array([[1, 2], [3, 4]]), {"x1": [1, 3], "x2": [2, 4]}),
        (np.array([1.5, np.nan]), {"x1": [1.5, None]}),
        (np.array([1, 2], ">i4"), {"x1": [1, 2]}),
        ([[1, "a"], [2, None]], {"x1": [1, 2], "x2": ["a", None]}),
        ([1, 2], {"x1": [1, 2]}),
        (((1, 2), (3, 4)), {"x1": [1, 3], "x2": [2, 4]}),
        (pandas.Series([1, 2], name="s"), {"s": [1, 2]}),
        (polars.Series([1, 2]), {"x1": [1, 2]}),
        ({"a": range(2), "b": np.array(["u", "v"])}, {"a": [0, 1], "b": ["u", "v"]}),
        ({3: pandas.Series([0, 1]), "c": polars.Series(["u", None])}, {"3": [0, 1], "c": ["u", None]}),
    ],
)  # fmt: skip
def test_arrays_and_lists(data: object, columns: dict[str, list[object]]) -> None:
    """Columns of an array are x1, x2, …; one dimension is one column; mixed lists keep each column's type."""
    assert read(data).columns.to_pydict() == columns


def test_pandas_index_is_no_column() -> None:
    """A filtered table carries its row numbers along; they are not data."""
    frame = pandas.DataFrame({"a": [1, 2, 3]})
    assert read(frame[frame.a > 1]).columns.to_pydict() == {"a": [2, 3]}


@pytest.mark.parametrize(
    ("data", "says", "row", "column"),
    [
        (3, "no table can be made of int", None, None),
        (None, "no table can be made of NoneType", None, None),
        (b"a.csv", "as text", None, None),
        (polars.DataFrame({"a": [1]}).lazy(), "collect", None, None),
        ({}, "no columns", None, None),
        ({"a": []}, "no rows", None, None),
        ([], "no rows", None, None),
        ([[1, 2], [3]], "row 2: 1 value", 2, None),
        ({"a": [1, 2], "b": [1]}, "'a' has 2", None, "b"),
        ({"a": 1}, "one column", None, "a"),
        ({"a": [1, "x"]}, "one column", None, "a"),
        (np.zeros((2, 2, 2)), "3 dimensions", None, None),
        (np.array([[1j]]), "one column", None, "x1"),
        (pandas.DataFrame({"a": [1, "x"]}, dtype=object), "column a", None, None),
        (pandas.DataFrame(np.eye(2), columns=["a", "a"]), "Duplicate", None, None),
    ],
)
def test_what_is_no_table(data: object, says: str, row: int | None, column: str | None) -> None:
    """Each is refused in words, with the place if there is one."""
    refused(data, says, row, column)


def test_target_values() -> None:
    """An array beside the table becomes its last column, under a name that is free."""
    rows = [[1, 2], [3, 4]]
    for values in ([5, 6], np.array([[5], [6]]), (5, 6), polars.Series([5, 6])):
        table = read(rows, values)
        assert (table.target, table.columns.column("y").to_pylist()) == ("y", [5, 6])
    assert read(rows, pandas.Series([5, 6], name="price")).target == "price"
    assert read({"y": [1], "target": [2]}, [3]).target == "target 2"
    refused(rows, "2 rows, but 3 target values", target_values=[1, 2, 3])


# --- fingerprints


def test_fingerprint_of_a_file(tmp_path: Path) -> None:
    """Equal bytes, equal fingerprint; one byte more, another one; added target values count."""
    one, two = file(tmp_path, "1.csv", "a\n1\n"), file(tmp_path, "2.csv", "a\n1\n")
    assert read(one).fingerprint() == read(two).fingerprint()
    assert re.fullmatch("[0-9a-f]{32}", read(one).fingerprint())
    assert read(one).fingerprint() != read(file(tmp_path, "3.csv", "a\n1\n\n")).fingerprint()
    assert len({read(one, values).fingerprint() for values in (None, [1], [2])}) == 3


def test_fingerprint_does_not_depend_on_layout() -> None:
    """pandas, polars and Arrow tables of the same values agree, however they are cut into chunks."""
    columns = {"a": [1.5, None, 3.0], "b": ["x", "", None], "c": [1, 2, 3], "d": [True, None, False], "e": DAYS}
    arrow = pa.table(columns)
    chunks = pa.concat_tables([arrow.slice(0, 1), arrow.slice(1, 0), arrow.slice(1)])
    shifted = pa.concat_tables([arrow, arrow]).combine_chunks().slice(3)
    words = arrow.set_column(1, "b", arrow.column("b").dictionary_encode())
    every = [arrow, chunks, shifted, words, columns, polars.DataFrame(columns)]
    assert len({read(data).fingerprint() for data in every}) == 1


def test_fingerprint_ignores_what_stands_under_a_null() -> None:
    """Two nulls are the same, whatever bytes are left there."""
    hidden = pa.Array.from_buffers(pa.int64(), 2, [pa.py_buffer(b"\x01"), pa.py_buffer(np.array([7, 8]))])
    assert read({"a": hidden}).fingerprint() == read({"a": pa.array([7, None], pa.int64())}).fingerprint()


@given(st.lists(st.tuples(st.text(max_size=3), st.none() | st.integers(-5, 5)), min_size=1), st.data())
def test_fingerprint_tells_values_apart(rows: list[tuple[str, int | None]], data: st.DataObject) -> None:
    """Changing one value changes the fingerprint, and cutting the table elsewhere does not."""
    schema = pa.schema({"a": pa.string(), "b": pa.int64()})
    table = pa.Table.from_pylist([{"a": a, "b": b} for a, b in rows], schema)
    cut = data.draw(st.integers(0, len(rows)))
    print_of = Table(table).fingerprint()
    assert Table(pa.concat_tables([table.slice(0, cut), table.slice(cut)])).fingerprint() == print_of
    at = data.draw(st.integers(0, len(rows) - 1))
    changed = table.to_pylist()
    changed[at]["b"] = 6
    assert Table(pa.Table.from_pylist(changed, schema)).fingerprint() != print_of
    changed = table.to_pylist()
    changed[at]["a"] += "!"
    assert Table(pa.Table.from_pylist(changed, schema)).fingerprint() != print_of
