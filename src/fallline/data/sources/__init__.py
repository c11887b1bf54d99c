"""`read` makes a Table of a path or of data in memory, `stream` the pieces of one that may be larger than memory.

FILES is the one list of the kinds of file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import chain, count
from typing import Any

import pyarrow as pa

from ...errors import DataError
from ..reading import PIECE, Reading, Stream
from ..sparse import SparseTable
from ..table import Table, check_names
from ..words import nearest
from . import arrow, batches, csv, folder, memory, npy, parquet, svmlight, text

__all__ = ["FILES", "Reading", "Stream", "Table", "read", "stream"]

# Each has SUFFIXES, IS_TEXT and read(path, reading), and may have stream(path, reading); without it, it is read whole.
FILES: tuple[Any, ...] = (csv, parquet, arrow, npy, svmlight)
DEFAULT = Reading()


def read(data: Any, target_values: Any = None, reading: Reading = DEFAULT) -> Table:
    """The table in `data`: a path, a folder, a pattern, or anything that `memory` and `batches` know.

    target_values, an array or a Series, becomes one more column; the Table's `target` is its name.
    """
    table = _read_path(path_of(data), reading) if is_path(data) else _read_memory(data, reading)
    _leave_out_index(table)
    _check(table)
    return table if target_values is None else _with_target(table, target_values)


def stream(data: Any, reading: Reading = DEFAULT) -> Stream:
    """The table in `data`, piece by piece: CSV, Parquet and Arrow files of any size in bounded memory."""
    if isinstance(data, Table):
        return _of_table(data, reading)
    if is_path(data):
        found = _stream_path(path_of(data), reading)
    elif batches.is_batches(data):
        found = batches.stream(data, reading)
    else:
        return _of_table(read(data, reading=reading), reading)
    check_names(list(found.names), found.name, found.path)
    return found


def is_path(data: Any) -> bool:
    return isinstance(data, str | os.PathLike)


def own_target(data: Any) -> str | None:
    """The target of a file that has one by its format, and so need not be told: the labels of svmlight."""
    return svmlight.LABEL if is_path(data) and _source(path_of(data)) is svmlight else None


def path_of(data: Any) -> str:
    return os.fsdecode(os.fspath(data))


def _read_memory(data: Any, reading: Reading) -> Table:
    if isinstance(data, bytes):
        raise DataError("bytes are no table; give the path of a file as text")
    return batches.read(data, reading) if batches.is_batches(data) else memory.read(data)


def _read_path(path: str, reading: Reading) -> Table:
    if _is_many(path):
        files, notes = folder.files_of(path, lambda file: _source(file) is not None)
        return folder.read(path, files, notes, reading, _read_file)
    return _read_file(path, reading)


def _stream_path(path: str, reading: Reading) -> Stream:
    if _is_many(path):
        files, _ = folder.files_of(path, lambda file: _source(file) is not None)
        return folder.stream(path, files, reading, _stream_file)
    return _stream_file(path, reading)


def _is_many(path: str) -> bool:
    return os.path.isdir(path) or folder.is_pattern(path)


def _read_file(path: str, reading: Reading) -> Table:
    source = _checked_source(path)
    try:
        table: Table = source.read(path, reading)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}", file=path) from error
    check_names(table.names, table.name, path)
    return table


def _stream_file(path: str, reading: Reading) -> Stream:
    source = _checked_source(path)
    if not hasattr(source, "stream"):
        return _of_table(_read_file(path, reading), reading)
    try:
        found: Stream = source.stream(path, reading)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}", file=path) from error
    return found


def _of_table(table: Table, reading: Reading) -> Stream:
    """A table that is in memory: it is handed on in pieces, which are no copies; a sparse one's are filled up."""
    if isinstance(table, SparseTable):
        return _of_sparse(table, reading)
    columns = table.columns.select(reading.needed(table.names))

    def pieces() -> Iterator[pa.Table]:
        for start in range(0, table.rows, PIECE):
            yield columns.slice(start, PIECE)

    return Stream(table.names, pieces(), table.name, table.path, table.find, table.files)


def _of_sparse(table: SparseTable, reading: Reading) -> Stream:
    """A sparse table for a model of ordinary columns; x and a number that is nowhere stored is 0 throughout."""
    here = table.filled_names
    known = set(here)
    more = [name for name in reading.columns or () if re.fullmatch(r"x\d+", name) and name not in known]
    names = here if table.first_column is None else [*here, *more]

    def pieces() -> Iterator[pa.Table]:
        for start in range(0, table.rows, PIECE):
            needed = None if reading.columns is None else reading.needed(names)
            yield table.slice(start, PIECE).filled(needed)

    return Stream(names, pieces(), table.name, table.path, table.find, table.files)


def _source(path: str) -> Any | None:
    """The source that reads this kind of file, told by the end of its name."""
    last = os.path.splitext(path)[1].lower()
    for source in FILES:
        if last in source.SUFFIXES or (source.IS_TEXT and text.suffix_of(path) in source.SUFFIXES):
            return source
    return None


def _checked_source(path: str) -> Any:
    _check_file(path)
    source = _source(path)
    if source is not None:
        return source
    suffix = os.path.splitext(path)[1].lower()
    every = ", ".join(suffix for source in FILES for suffix in source.SUFFIXES)
    kind = f"{suffix!r} files are not read" if suffix else "the kind of a file is told by the end of its name"
    raise DataError(f"{os.path.basename(path)}: {kind}; give one of {every}", file=path)


def _check_file(path: str) -> None:
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(_no_file(path), file=path) from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}", file=path) from error
    if os.path.isfile(path) and os.path.getsize(path) == 0:
        raise DataError(f"{os.path.basename(path)} is empty: the file has 0 bytes", file=path)


def _no_file(path: str) -> str:
    parent, name = os.path.split(path)
    try:
        near = nearest(name, os.listdir(parent or "."))
    except OSError:
        return f"there is no file {path}: there is no folder {parent}"
    return f"there is no file {path}" + (f"; did you mean {os.path.join(parent, near)}?" if near else "")


def _leave_out_index(table: Table) -> None:
    """pandas hands on the index of a filtered table under this name; row numbers are no data."""
    kept = [name for name in table.names if not re.fullmatch(r"__index_level_\d+__", name)]
    if len(kept) < len(table.names):
        table.columns = table.columns.select(kept)


def _check(table: Table) -> None:
    if not isinstance(table, SparseTable):  # which may have nothing beside its rows
        check_names(table.names, table.name, table.path)
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
    table.append(free, column)
    table.target = free
    return table
