"""A folder of files, or a pattern, is one table."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
from reading_cases import refused, streamed

from fallline.data.sources import Reading, read, stream


def folder_of(tmp_path: Path, **files: str) -> Path:
    for name, content in files.items():
        (tmp_path / f"{name}.csv").write_text(content)
    return tmp_path


def test_a_folder_is_one_table(tmp_path: Path) -> None:
    """Files in the order of their names, of several kinds; other files are named in a note, hidden ones passed over."""
    folder_of(tmp_path, b="a,c\n3,z\n", a="c,a\nx,1\n\ny,2\n")
    pyarrow.parquet.write_table(pa.table({"a": [4], "c": ["w"]}), tmp_path / "c.parquet")
    (tmp_path / "notes.txt").write_text("hello")
    for hidden in ("_SUCCESS", ".DS_Store"):
        (tmp_path / hidden).write_text("")
    table = read(tmp_path)
    assert table.columns.to_pydict() == {"c": ["x", "y", "z", "w"], "a": [1, 2, 3, 4]}
    assert table.notes == ("files of other kinds are not read: notes.txt",)
    assert table.where(1) == "row 2 (a.csv, line 4)"
    assert table.where(2) == "row 3 (b.csv, line 2)"
    assert table.where(3) == "row 4 (c.parquet, row group 1, row 1 of it)"
    error = table.error("no", 2, "a")
    assert (error.file, error.row, error.column) == (str(tmp_path / "b.csv"), 1, "a")
    assert streamed(tmp_path, Reading(numbers=("a",)))["a"].to_pylist() == [1, 2, 3, 4]
    assert [place.place(0).row for place in stream(tmp_path).pieces()] == [1]
    pattern = str(tmp_path / "*.csv")
    assert read(pattern).columns["a"].to_pylist() == [1, 2, 3]
    assert read(pattern).fingerprint() != table.fingerprint()


def test_a_pattern_into_folders(tmp_path: Path) -> None:
    """** goes into folders; a file whose name looks like a pattern is that file."""
    (tmp_path / "x" / "y").mkdir(parents=True)
    folder_of(tmp_path / "x" / "y", a="a\n1\n")
    folder_of(tmp_path / "x", b="a\n2\n")
    assert read(str(tmp_path / "**" / "*.csv")).columns["a"].to_pylist() == [2, 1]
    folder_of(tmp_path, **{"q[1]": "a\n7\n"})
    assert read(str(tmp_path / "q[1].csv")).columns["a"].to_pylist() == [7]


def test_a_column_that_is_text_in_one_file(tmp_path: Path) -> None:
    """It is text in all of them, as it was written; whole numbers and others go together."""
    folder_of(tmp_path, a="zip,n,m\n007,1,\n", b="zip,n,m\nA1,2.5,4\n")
    assert read(tmp_path).columns.to_pydict() == {"zip": ["007", "A1"], "n": [1, 2.5], "m": [None, 4]}


def test_folders_that_cannot_be_read(tmp_path: Path) -> None:
    """Other columns in one file, nothing in a folder, a pattern that matches nothing, a bad row in the second file."""
    folder_of(tmp_path, a="a,b\n1,2\n", b="a,c\n1,2\n")
    refused(tmp_path, "b.csv lacks b and has c besides", file=tmp_path / "b.csv")
    refused(str(tmp_path / "*.parquet"), "no file matches")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "holds no file of a kind that is read")
    folder_of(tmp_path, b="a,b\n1,2\n\n3\n")
    refused(tmp_path, "b.csv, row 2 (line 4)", row=2, file=tmp_path / "b.csv")


def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    """As another user than root, whom nothing stops: folder and file are refused in the system's words."""
    folder_of(tmp_path, a="a\n1\n")
    tmp_path.chmod(0)
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(65534)
        refused(tmp_path, "Permission denied", file=tmp_path)
        refused(tmp_path / "a.csv", "Permission denied", file=tmp_path / "a.csv")
    finally:
        if root:
            os.seteuid(0)
        tmp_path.chmod(0o700)


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    """A link to itself, a name that is too long and one with a null byte are DataErrors."""
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    refused(tmp_path / "loop.csv", "loop.csv cannot be read")
    refused(tmp_path / "loop", "loop cannot be read")
    refused(tmp_path / ("a" * 300 + ".csv"), "too long")
    refused(str(tmp_path) + "/a\0.csv", "null")
