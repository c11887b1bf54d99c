"""`read` makes a Table of a file's path or of data in memory. FILES is the one list of the kinds of file."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain, count
from typing import Any

from ...errors import DataError
from ..table import Table
from ..words import listed, nearest
from . import csv, memory, parquet

__all__ = ["FILES", "Table", "read"]

FILES = (csv, parquet)  # each has SUFFIXES and read(path, text)


def read(data: Any, target_values: Any = None, text: Sequence[str] = ()) -> Table:
    """The table in `data`: a path, or anything that `memory` knows.

    target_values, an array or a Series, becomes one more column; the Table's `target` is its name.
    text names columns of a CSV file to be kept as they are written ("007"), not read as numbers.
    """
    if isinstance(data, str | os.PathLike):
        table = _read_file(os.fspath(data), text)
    elif isinstance(data, bytes):
        raise DataError("bytes are no table; give the path of a file as text")
    else:
        table = memory.read(data)
    _leave_out_index(table)
    _check(table)
    return table if target_values is None else _with_target(table, target_values)


def _read_file(path: str | bytes, text: Sequence[str]) -> Table:
    path = os.fsdecode(path)
    _check_file(path)
    suffix = os.path.splitext(path)[1].lower()
    for source in FILES:
        if suffix in source.SUFFIXES:
            try:
                table: Table = source.read(path, text)
                return table
            except OSError as error:
                raise DataError(f"{path} cannot be read: {error.strerror or error}", file=path) from error
    every = ", ".join(suffix for source in FILES for suffix in source.SUFFIXES)
    kind = f"{suffix!r} files are not read" if suffix else "the kind of a file is told by the end of its name"
    raise DataError(f"{os.path.basename(path)}: {kind}; give one of {every}", file=path)


def _check_file(path: str) -> None:
    if os.path.isdir(path):
        raise DataError(f"{path} is a directory; give one .csv or .parquet file", file=path)
    if not os.path.exists(path):
        raise DataError(_no_file(path), file=path)
    if os.path.isfile(path) and os.path.getsize(path) == 0:
        raise DataError(f"{os.path.basename(path)} is empty: the file has 0 bytes", file=path)


def _no_file(path: str) -> str:
    folder, name = os.path.split(path)
    try:
        near = nearest(name, os.listdir(folder or "."))
    except OSError:
        return f"there is no file {path}: there is no folder {folder}"
    return f"there is no file {path}" + (f"; did you mean {os.path.join(folder, near)}?" if near else "")


def _leave_out_index(table: Table) -> None:
    """pandas hands on the index of a filtered table under this name; row numbers are no data."""
    kept = [name for name in table.names if not re.fullmatch(r"__index_level_\d+__", name)]
    if len(kept) < len(table.names):
        table.columns = table.columns.select(kept)


def _check(table: Table) -> None:
    twice = sorted(name for name, times in Counter(table.names).items() if times > 1)
    if twice:
        raise table.error(f"more than one column is named {listed(map(repr, twice))}; rename one of them")
    if not table.names:
        raise table.error("there are no columns")
    if table.rows == 0:
        raise table.error("there are no rows, only the names of columns")


def _with_target(table: Table, values: Any) -> Table:
    name = getattr(values, "name", None)
    wanted = [name] if isinstance(name, str) and name else []
    words = chain(wanted, ("y", "target"), (f"target {number}" for number in count(2)))
    free = next(word for word in words if word not in table.names)
    column = memory.column(values, free)
    if len(column) != table.rows:
        raise table.error(f"{table.rows:,} rows, but {len(column):,} target values; there must be one for each row")
    return Table(table.columns.append_column(free, column), table.name, table.path, free, table.line_of)
