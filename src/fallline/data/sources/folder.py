"""A folder, or the files that a pattern such as "trips/*.csv" names: one table, in the order of the names."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from ...errors import DataError
from .. import values
from ..origin import Find, in_files
from ..reading import Reading, Stream
from ..sparse import SparseTable
from ..table import Table
from ..words import listed, shortened

ReadFile = Callable[[str, Reading], Table]
StreamFile = Callable[[str, Reading], Stream]
MANY = 1 << 62


def is_pattern(path: str) -> bool:
    """Whether a path is a pattern, and no file whose name only looks like one."""
    return glob.has_magic(path) and not os.path.lexists(path)


def files_of(path: str, readable: Callable[[str], bool]) -> tuple[list[str], tuple[str, ...]]:
    """The files in the order of their names, and a note about those that are of no known kind.

    Names that begin with a dot or an underscore, which other programs leave beside their data, are passed over.
    """
    if is_pattern(path):
        every = sorted(file for file in glob.glob(path, recursive=True) if os.path.isfile(file))
        if not every:
            raise DataError(f"no file matches {path}; check the folder and the pattern", file=path)
    else:
        try:
            every = [os.path.join(path, name) for name in sorted(os.listdir(path))]
        except OSError as error:
            raise DataError(f"the folder {path} cannot be read: {error.strerror}", file=path) from error
        every = [file for file in every if os.path.isfile(file) and os.path.basename(file)[0] not in "._"]
    good, bad = [file for file in every if readable(file)], [file for file in every if not readable(file)]
    if not good:
        there = f"; it holds {listed(map(os.path.basename, bad))}" if bad else ""
        raise DataError(f"{path} holds no file of a kind that is read{there}", file=path)
    note = f"files of other kinds are not read: {listed(map(os.path.basename, bad))}"
    return good, (note,) if bad else ()


def read(path: str, files: Sequence[str], notes: Sequence[str], reading: Reading, one: ReadFile) -> Table:
    """All files as one table. A column that is text in one file is read as text in all."""
    parts = [one(file, reading) for file in files]
    if any(isinstance(part, SparseTable) for part in parts):
        message = f"{path}: svmlight files are read one at a time; join them into one file first (cat a.svm b.svm)"
        raise DataError(message, file=path)
    _check_names(parts)
    mixed = values.mixed([part.columns for part in parts])
    if mixed:
        again = replace(reading, text=(*reading.text, *mixed))
        parts = [one(file, again) for file in files]
    tables = [part.columns.select(parts[0].names) for part in parts]
    try:
        columns = values.joined(tables)
    except pa.ArrowException as error:
        raise DataError(f"{path}: the files do not go together: {shortened(error, 120)}", file=path) from error
    find = in_files([(part.find, part.rows) for part in parts])
    return Table(columns, _name(path), path, find=find, files=files, notes=notes)


def stream(path: str, files: Sequence[str], reading: Reading, one: StreamFile) -> Stream:
    """One file after the other."""
    first = one(files[0], reading)
    started: list[tuple[Find, int]] = []

    def batches() -> Iterator[pa.RecordBatch | pa.Table]:
        for file in files:
            part = first if file == files[0] else one(file, reading)
            _check_same(first.names, part.names, files[0], file)
            started.append((part.find, MANY))
            rows = 0
            for batch in part.batches:
                rows += batch.num_rows
                yield batch
            started[-1] = (part.find, rows)

    return Stream(first.names, batches(), _name(path), path, in_files(started), files)


def _name(path: str) -> str:
    return os.path.basename(path.rstrip("/\\")) or path


def _check_names(parts: Sequence[Table]) -> None:
    for part in parts:
        _check_same(parts[0].names, part.names, str(parts[0].path), str(part.path))


def _check_same(first: Sequence[str], names: Sequence[str], first_file: str, file: str) -> None:
    missing, more = sorted(set(first) - set(names)), sorted(set(names) - set(first))
    said = [f"lacks {listed(missing)}"] if missing else []
    said += [f"has {listed(more)} besides"] if more else []
    if said:
        message = f"{os.path.basename(file)} {' and '.join(said)}, compared with {os.path.basename(first_file)}"
        raise DataError(f"{message}; the files of one table have the same columns", file=file)
