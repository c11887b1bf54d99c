"""Every kind of file and of data in memory gives the same table, whole and in pieces; and each row leads back home."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas
import polars
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading_cases import refused, streamed

from fallline.data import reading as pieces
from fallline.data.sources import FILES, Reading, Table, read, stream
from fallline.data.sources.dialect import dialect_of
from fallline.data.sparse import MOST_BYTES, MOST_COLUMNS, SparseTable, filled
from fallline.errors import DataError, SpecificationError


def numbers(rng: np.random.Generator, rows: int = 200) -> pa.Table:
    return pa.table({f"x{at}": rng.normal(size=rows) for at in (1, 2, 3)})


def write(table: pa.Table, folder: Path, kind: str) -> Path:
    path = folder / f"t{kind}"
    text = pa.BufferOutputStream()
    pyarrow.csv.write_csv(table, text)
    content = text.getvalue().to_pybytes()
    writers = {
        ".csv": lambda: path.write_bytes(content),
        ".tsv": lambda: path.write_bytes(content.replace(b",", b"\t")),
        ".csv.gz": lambda: path.write_bytes(gzip.compress(content)),
        ".csv.bz2": lambda: path.write_bytes(bz2.compress(content)),
        ".csv.zst": lambda: path.write_bytes(pa.Codec("zstd").compress(content, asbytes=True)),
        ".parquet": lambda: pyarrow.parquet.write_table(table, path, row_group_size=70),
        ".pq": lambda: pyarrow.parquet.write_table(table, path),
        ".feather": lambda: pyarrow.feather.write_feather(table, path, chunksize=70),
        ".arrow": lambda: write_ipc(table, path, pa.ipc.new_file),
        ".ipc": lambda: write_ipc(table, path, pa.ipc.new_file),
        ".arrows": lambda: write_ipc(table, path, pa.ipc.new_stream),
        ".npy": lambda: np.save(path, np.column_stack(table.columns)),
        ".npz": lambda: np.savez(path, **{name: table[name].to_numpy() for name in table.column_names}),
    }
    writers[kind]()
    return path


def write_ipc(table: pa.Table, path: Path, writer: object) -> None:
    with pa.OSFile(str(path), "wb") as file, writer(file, table.schema) as ipc:  # type: ignore[operator]
        ipc.write_table(table, max_chunksize=70)


KINDS = [
    *(".csv", ".tsv", ".csv.gz", ".csv.bz2", ".csv.zst", ".parquet", ".pq", ".feather", ".arrow", ".ipc", ".arrows"),
    *(".npy", ".npz"),
]


def test_the_kinds_here_are_all_there_are() -> None:
    """What FILES lists is tried here; svmlight has its own tests."""
    listed = {suffix for source in FILES for suffix in source.SUFFIXES}
    assert listed == {kind for kind in KINDS if kind.count(".") == 1} | {".svm", ".svmlight", ".libsvm"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_gives_the_same_values(kind: str, tmp_path: Path, rng: np.random.Generator) -> None:
    """The same bytes of float64 come out of every kind of file, whole and in pieces, of chosen columns too."""
    table = numbers(rng)
    path = write(table, tmp_path, kind)
    names = ("x1", "x3")
    for found in (read(path).columns, streamed(path, Reading(numbers=("x1", "x2", "x3")))):
        assert found.column_names == table.column_names
        for name in table.column_names:
            assert found[name].to_numpy().tobytes() == table[name].to_numpy().tobytes()
    chosen = streamed(path, Reading(columns=names, numbers=names))
    assert chosen.column_names == ["x1", "x3"]
    assert chosen["x3"].to_numpy().tobytes() == table["x3"].to_numpy().tobytes()
    assert list(stream(path, Reading(columns=names)).names) == table.column_names


def test_data_in_memory_gives_the_same_values(rng: np.random.Generator) -> None:
    """Arrow, pandas, polars, an array, a reader, iterators and lists of batches, and a SciPy matrix."""
    table = numbers(rng)
    batches = table.to_batches(max_chunksize=70)
    matrix = np.column_stack(table.columns)
    every = [
        table, lambda: pa.RecordBatchReader.from_batches(table.schema, batches), pandas.DataFrame(table.to_pydict()),
        polars.from_arrow(table), matrix, lambda: iter(batches), batches, [table.slice(0, 100), table.slice(100)],
        lambda: (batch.to_pydict() for batch in batches), lambda: (polars.from_arrow(batch) for batch in batches),
        csr(matrix), dict(zip(table.column_names, table.columns)),
    ]  # fmt: skip
    for data in every:
        for found in (lambda data: filled(read(data)), lambda data: Table(streamed(data))):
            columns = found(data() if callable(data) else data).columns
            assert columns.column_names == table.column_names
            assert np.column_stack(columns.columns).tobytes() == matrix.tobytes(), type(data)


def csr(matrix: np.ndarray) -> object:
    """What a SciPy CSR matrix shows of itself: the project does not depend on SciPy."""
    places = [np.flatnonzero(row) for row in matrix]
    found = SimpleNamespace(
        indptr=np.cumsum([0, *map(len, places)], dtype=np.int32),
        indices=np.concatenate(places).astype(np.int32),
        data=np.concatenate([row[at] for row, at in zip(matrix, places)]),
        shape=matrix.shape,
        ndim=2,
        dtype=matrix.dtype,
    )
    found.tocsr = lambda: found
    return found


def test_scipy_itself() -> None:
    """A CSR matrix, a COO array and a boolean matrix of SciPy, where it is installed."""
    sparse = pytest.importorskip("scipy.sparse", reason="SciPy is no dependency of the project")
    matrix = np.array([[0.0, 1.5], [2.0, 0.0], [0.0, 0.0]])
    for data in (sparse.csr_matrix(matrix), sparse.coo_array(matrix), sparse.csc_array(matrix)):
        assert np.array_equal(np.column_stack(filled(read(data)).columns.columns), matrix)
    assert filled(read(sparse.csr_matrix(matrix > 0))).columns["x1"].to_pylist() == [0, 1, 0]
    refused(sparse.csr_matrix(matrix * 1j), "complex128")


def test_sparse_rows_that_would_be_too_large() -> None:
    """With all their zeros they would take more than MOST_BYTES: refused at once. Sparse they are read."""
    wide = csr(np.zeros((1, 1)))
    wide.shape = (1, MOST_BYTES // 4)  # type: ignore[attr-defined]
    table = read(wide)
    assert isinstance(table, SparseTable)
    with pytest.raises(DataError, match="9 GB with all their zeros"):
        table.filled()
    wide.shape = (1, MOST_COLUMNS + 1)  # type: ignore[attr-defined]
    refused(wide, "columns; at most")


# --- pieces


@pytest.mark.parametrize("kind", [".csv", ".parquet", ".arrow", ".arrows"])
def test_pieces_do_not_depend_on_the_file(
    kind: str, tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every piece but the last has PIECE rows, whatever blocks the file has, and knows the number of its first row."""
    monkeypatch.setattr(pieces, "PIECE", 64)
    path = write(numbers(rng), tmp_path, kind)
    found = list(stream(path).pieces())
    assert [piece.rows for piece in found] == [64, 64, 64, 8]
    assert [piece.first for piece in found] == [0, 64, 128, 192]
    assert [piece.place(5).row for piece in found] == [6, 70, 134, 198]
    assert found[2].where(0).startswith("row 129 (")


def test_a_number_that_is_none_far_down(tmp_path: Path) -> None:
    """In a stream, the column goes on as text from that block on; every row comes once and in order."""
    lines = [f"{row},{row % 7}" for row in range(300_000)]
    lines[250_000] = "true,x"
    (tmp_path / "a.csv").write_text("a,b\n" + "\n".join(lines) + "\n")
    found = [piece.columns for piece in stream(tmp_path / "a.csv", Reading(numbers=("a", "b"))).pieces()]
    assert sum(len(part) for part in found) == 300_000
    assert pa.types.is_float64(found[0].schema.field("b").type)
    values = [str(value).removesuffix(".0") for part in found for value in part["b"].to_pylist()]
    assert values == [line.split(",")[1] for line in lines]


def test_types_that_change_far_down(tmp_path: Path, rng: np.random.Generator) -> None:
    """Whole, every column gets the type that all of its values allow: what pyarrow finds over the whole file."""
    columns = {
        "i": "1",
        "f": "1",
        "b": "true",
        "d": "2020-01-01",
        "t": "2020-01-01 00:00:00",
        "n": "",
        "m": "",
        "z": "1",
    }
    changes = {"i": "x", "f": "1.5", "b": "2", "d": "2020-01-01 05:00:00", "t": "soon", "n": "3", "m": "word", "z": "1"}
    rows = [list(columns.values())] * 200_000
    for column, value in changes.items():
        at = int(rng.integers(150_000, 200_000))
        rows[at] = [value if name == column else old for name, old in zip(columns, rows[at], strict=True)]
    text = ",".join(columns) + "\n" + "\n".join(map(",".join, rows)) + "\n"
    (tmp_path / "a.csv").write_text(text)
    expected = pyarrow.csv.read_csv(
        tmp_path / "a.csv", convert_options=pyarrow.csv.ConvertOptions(strings_can_be_null=True)
    )
    assert read(tmp_path / "a.csv").columns.equals(expected)


# --- how a CSV file is written


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_delimiters_and_quotes(delimiter: str, name: str, quote: str, tmp_path: Path) -> None:
    """They are found out, whatever the file is called."""
    rows = [
        ["name", "n"],
        [f"{quote}a{delimiter}b{quote}", "1"],
        [f"{quote}c\nd{quote}", "2"],
        [f"{quote}e{quote}", "3"],
    ]
    (tmp_path / name).write_text("\n".join(map(delimiter.join, rows)) + "\n")
    expected = {"name": [f"a{delimiter}b", "c\nd", "e"], "n": [1, 2, 3]}
    assert read(tmp_path / name).columns.to_pydict() == expected


@pytest.mark.parametrize(
    ("text", "delimiter", "header"),
    [
        ("a;b\n1,5;2,5\n", ";", ("a", "b")),
        ("a,b\nx;y,1\nz;w,2\n", ",", ("a", "b")),
        ("when;what,where;n\n1;2,2;3\n4;5;6\n", ";", ("when", "what,where", "n")),
        ("a\n1\n", ",", ("a",)),
        ("a b\n1;2\n", ",", ("a b",)),
        ('"x,y";b\n1;2\n', ";", ("x,y", "b")),
        ("it's,they're\n1,2\n", ",", ("it's", "they're")),
    ],
)
def test_dialects(text: str, delimiter: str, header: tuple[str, ...], tmp_path: Path) -> None:
    """The delimiter is that with which the rows are as long as the header."""
    (tmp_path / "a.csv").write_text(text)
    found = dialect_of(str(tmp_path / "a.csv"), None)
    assert (found.delimiter, found.header, found.quote) == (delimiter, header, '"')


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-8", "utf-8-sig", "shift_jis"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    """Another encoding is read where it is named; its name is checked."""
    word = "日本" if encoding == "shift_jis" else "é"
    (tmp_path / "a.csv").write_bytes(f"{word},b\n1,{word}x\n\n2,y\n".encode(encoding))
    reading = Reading(encoding=pieces.checked_encoding(encoding))
    assert read(tmp_path / "a.csv", reading=reading).columns.to_pydict() == {word: [1, 2], "b": [f"{word}x", "y"]}
    assert streamed(tmp_path / "a.csv", reading)["b"].to_pylist() == [f"{word}x", "y"]
    assert read(tmp_path / "a.csv", reading=reading).where(1) == "row 2 (line 4)"
    for wrong in ("latin-11", 3, ""):
        with pytest.raises(SpecificationError, match="encoding") as caught:
            pieces.checked_encoding(wrong)
        assert caught.value.option == "encoding"


def test_a_header_longer_than_a_block(tmp_path: Path) -> None:
    """6,000 columns with long names: the header alone has more than a megabyte."""
    names = [f"{at} is a column with a long name {'a' * 200}" for at in range(6_000)]
    (tmp_path / "a.csv").write_text(",".join(names) + "\n" + ",".join(["1"] * len(names)) + "\n")
    assert read(tmp_path / "a.csv").names == names


# --- svmlight


def test_svmlight(tmp_path: Path) -> None:
    """Labels and indices as the file has them; what is not there is 0; comments are passed over, qid with a note."""
    path = tmp_path / "a.svm"
    path.write_text("# a comment\n2.5 1:1.5 3:2 # more\n\n-1 qid:7 2:-1\n0\n")
    expected = {"label": [2.5, -1, 0], "x1": [1.5, 0, 0], "x2": [0, -1, 0], "x3": [2, 0, 0]}
    assert filled(read(path)).columns.to_pydict() == expected
    assert "qid is not used" in read(path).notes[0]
    assert [read(path).where(row) for row in range(3)] == ["row 1 (line 2)", "row 2 (line 4)", "row 3 (line 5)"]
    (tmp_path / "a.svm.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert filled(read(tmp_path / "a.svm.gz")).columns.to_pydict() == expected
    path.write_text("+1 0:1\n-1 1:2\n")
    assert filled(read(path)).columns.to_pydict() == {"label": [1, -1], "x0": [1, 0], "x1": [0, 2]}
    wider = streamed(path, Reading(columns=("x0", "x7")))
    assert wider.to_pydict() == {"x0": [1, 0], "x7": [0, 0]}


@pytest.mark.parametrize(
    ("text", "says", "row"),
    [
        ("1 1:2\nx 1:2\n", "row 2 (line 2)", 2),
        ("1 1:2\n\n1 a:2\n", "row 2 (line 3)", 2),
        ("1 1:2 1:3\n", "stands twice", 1),
        ("1 -1:2\n", "is not index:value with a whole index", 1),
        ("1 1\n", "label index:value", 1),
        ("1 4294967296:1\n2 1:1\n", "is not index:value with a whole index", 1),
        ("# nothing\n", "no rows", None),
    ],
)
def test_svmlight_that_cannot_be_read(text: str, says: str, row: int | None, tmp_path: Path) -> None:
    """The row and its line are named; an index too large is one of them."""
    (tmp_path / "a.svm").write_text(text)
    with pytest.raises(DataError, match=r"a\.svm") as caught:
        read(tmp_path / "a.svm")
    assert says in str(caught.value)
    assert caught.value.row == row


# --- NumPy


def test_npz_and_structured_arrays(tmp_path: Path) -> None:
    """Fields are columns; of a .npz file each array is one column, or several with numbers."""
    np.save(tmp_path / "s.npy", np.array([(1, 2.5), (3, 4.5)], dtype=[("a", "i4"), ("b", "f8")]))
    assert read(tmp_path / "s.npy").columns.to_pydict() == {"a": [1, 3], "b": [2.5, 4.5]}
    np.savez(tmp_path / "t.npz", X=np.eye(2), y=np.array([1, 2]))
    assert read(tmp_path / "t.npz").columns.to_pydict() == {"X1": [1, 0], "X2": [0, 1], "y": [1, 2]}


def test_npy_that_cannot_be_read(tmp_path: Path) -> None:
    """Pickled objects are never loaded; cut files, other files and three dimensions are refused."""
    np.save(tmp_path / "o.npy", np.array([{}, 1], dtype=object), allow_pickle=True)
    refused(tmp_path / "o.npy", "Python objects", file=tmp_path / "o.npy")
    np.save(tmp_path / "c.npy", np.zeros((2, 2, 2)))
    refused(tmp_path / "c.npy", "3 dimensions", file=tmp_path / "c.npy")
    np.save(tmp_path / "d.npy", np.zeros((100, 2)))
    (tmp_path / "e.npy").write_bytes((tmp_path / "d.npy").read_bytes()[:300])
    refused(tmp_path / "e.npy", "e.npy", "cut off")
    (tmp_path / "f.npz").write_bytes(b"PK\x03\x04 something")
    refused(tmp_path / "f.npz", "f.npz is not a NumPy file")
    np.savez(tmp_path / "g.npz", a=np.zeros(2), b=np.zeros(3))
    refused(tmp_path / "g.npz", "'b'", "3 values, while 'a' has 2")


# --- batches


def test_batches_lead_back(rng: np.random.Generator) -> None:
    """A row of an iterator is known by its batch and its row there."""
    table = read(iter(numbers(rng).to_batches(max_chunksize=70)))
    assert table.where(75) == "row 76 (batch 2, row 6 of it)"


def test_batches_that_do_not_go_together() -> None:
    """Other columns, other types, no batch at all, and what is no batch."""

    def batches(*items: object) -> Iterator[object]:
        yield from items

    for items, says in (
        (({"a": [1]}, {"b": [1]}), "batch 2 has other columns than batch 1: a, b"),
        (({"a": [1]}, 3), "batch 2: no table can be made of int"),
        (({"a": [1, 2], "b": [1]},), "batch 1: the table, column 'b'"),
        ((), "no batches"),
    ):
        for reader in (read, lambda data: list(stream(data).pieces())):
            with pytest.raises(DataError) as caught:
                reader(batches(*items))
            assert says in str(caught.value)
    with pytest.raises(DataError, match="do not go together"):
        read(batches({"a": [1]}, {"a": [[1]]}))
    assert read(batches({"a": [1]}, {"a": ["x"]})).columns["a"].to_pylist() == ["1", "x"]


# --- damaged files


@pytest.mark.parametrize("kind", [".csv.gz", ".csv.zst", ".csv.bz2"])
def test_a_compressed_file_that_was_cut(kind: str, tmp_path: Path) -> None:
    """The row is named after which nothing came."""
    table = pa.table({"a": np.arange(100_000), "b": np.random.default_rng(1).normal(size=100_000)})
    path = write(table, tmp_path, kind)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(DataError) as caught:
        read(path)
    row = caught.value.row
    assert row is not None and 20_000 < row < 70_000
    refused(path, f"t{kind} is cut off or damaged", f"after row {row:,}", row=row, file=path)
    path.write_bytes(whole[:1000] + b"\0" * 100 + whole[1100:])
    if kind == ".csv.zst":  # without a checksum, damage may come out as other rows
        with pytest.raises(DataError):
            read(path)
    else:
        refused(path, f"t{kind} is cut off or damaged", row=0, file=path)


def test_a_torn_parquet_footer(tmp_path: Path, rng: np.random.Generator) -> None:
    """Cut at any place, overwritten in the footer, or in one row group, whose first row is named."""
    path = write(numbers(rng), tmp_path, ".parquet")
    good = path.read_bytes()
    for cut in (len(good) - 1, len(good) - 9, len(good) // 2, 5):
        path.write_bytes(good[:cut])
        refused(path, "not a Parquet file, or it was cut off", file=path)
    path.write_bytes(good[:-300] + b"\0" * 100 + good[-200:])
    refused(path, "t.parquet is a damaged Parquet file", file=path)
    start = pyarrow.parquet.ParquetFile(pa.BufferReader(good)).metadata.row_group(1).column(0).data_page_offset
    path.write_bytes(good[:start] + b"\xff" * 60 + good[start + 60 :])
    refused(path, "row group 2, which begins at row 71", row=71, file=path)


def test_a_damaged_arrow_file(tmp_path: Path, rng: np.random.Generator) -> None:
    """Cut files and other files under its name."""
    path = write(numbers(rng), tmp_path, ".arrow")
    good = path.read_bytes()
    path.write_bytes(good[: len(good) // 2])
    refused(path, "t.arrow is a damaged Arrow file, or it was cut off", file=path)
    path.write_text("a,b\n1,2\n")
    refused(path, "t.arrow is not an Arrow file", file=path)
    path.write_bytes(b"FEA1" + bytes(100))
    refused(path, "version 1", file=path)


def test_a_field_too_many_at_line_1_000_000(tmp_path: Path) -> None:
    """The row and its line are right there too, whole and in pieces, compressed too."""
    content = "a,b\n" + "1,2\n" * 999_998 + "1,2,3\n" + "1,2\n" * 10
    path = tmp_path / "a.csv"
    path.write_text(content)
    refused(path, "a.csv, row 999,999 (line 1,000,000): 3 values", row=999_999, file=path)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(content.encode(), 1))
    refused(tmp_path / "a.csv.gz", "row 999,999 (line 1,000,000): 3 values", row=999_999)


def test_mixed_encodings(tmp_path: Path) -> None:
    """One line in another encoding, far down: its row, line and column; in the header: no row."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"n,name\n" + "1,Zoë\n\n".encode() * 200_000 + "2,Zoë\n".encode("latin-1") + b"3,x\n")
    error = refused(path, "row 200,001 (line 400,002), column 'name': the file is not UTF-8 text", row=200_001)
    assert (error.column, error.file) == ("name", str(path))
    path.write_bytes("n,naïve\n1,2\n".encode("latin-1"))
    refused(path, "a.csv: the file is not UTF-8 text", file=path)


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"PAR1", b"ARROW1\0\0", b"\x93NUMPY\1\0", b"PK\3\4", b"\x1f\x8b\x08"]),
)
def test_random_bytes_are_a_table_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, start: bytes
) -> None:
    """Whatever bytes a file of any kind holds, whole or in pieces."""
    folder = tmp_path_factory.mktemp("bytes")
    for suffix in (suffix for source in FILES for suffix in source.SUFFIXES):
        path = folder / f"a{suffix}"
        path.write_bytes(start + content)
        for reader in (lambda path: read(path).rows, lambda path: [piece.rows for piece in stream(path).pieces()]):
            try:
                assert reader(path)
            except DataError as error:
                assert len(str(error).splitlines()) == 1
