"""How a source is to be read, and the stream of pieces that a large one comes in."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from ..errors import DataError, SpecificationError
from . import values
from .origin import Find, in_memory
from .table import Table

PIECE = 1 << 16  # rows of a piece: a fixed number, so that sums over pieces do not depend on a file's own blocks


@dataclass(frozen=True)
class Reading:
    """text: columns that a text file must keep as they are written ("007"). encoding: of text files, UTF-8 if None.

    In a stream: columns are those that are needed (None: all), numbers those of them that are numbers.
    """

    text: tuple[str, ...] = ()
    encoding: str | None = None
    columns: tuple[str, ...] | None = None
    numbers: tuple[str, ...] = ()

    def needed(self, names: Iterable[str]) -> list[str]:
        """Those of a source's columns that are needed, in its order."""
        return [name for name in names if self.columns is None or name in self.columns]


@dataclass(frozen=True)
class Stream:
    """A table that is read piece by piece. names: all of its columns; batches hold those that are needed."""

    names: Sequence[str]
    batches: Iterable[pa.RecordBatch | pa.Table]
    name: str = "the table"
    path: str | None = None
    find: Find = in_memory
    files: Sequence[str] = ()

    def pieces(self) -> Iterator[Table]:
        """Tables of PIECE rows, the last of what is left: no more than a batch and a piece are in memory."""
        first = 0
        for columns in _of_equal_size(self.batches):
            yield Table(columns, self.name, self.path, find=self.find, files=self.files, first=first)
            first += columns.num_rows
        if first == 0:
            raise DataError(f"{self.name}: there are no rows, only the names of columns", file=self.path)


def _of_equal_size(batches: Iterable[pa.RecordBatch | pa.Table]) -> Iterator[pa.Table]:
    waiting: list[pa.Table] = []
    rows = 0
    for batch in batches:
        table = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
        while rows + table.num_rows >= PIECE:
            yield values.joined([*waiting, table.slice(0, PIECE - rows)])
            table = table.slice(PIECE - rows)
            waiting, rows = [], 0
        if table.num_rows:
            waiting.append(table)
            rows += table.num_rows
    if waiting:
        yield values.joined(waiting)


def checked_encoding(encoding: object) -> str | None:
    """An encoding that Python knows, or None for UTF-8."""
    if encoding is None:
        return None
    try:
        name = codecs.lookup(encoding).name  # type: ignore[arg-type]
    except (LookupError, TypeError, ValueError):
        allowed = "the name of an encoding, such as utf-8, latin-1, cp1252 or utf-16"
        message = f"encoding={encoding!r} is not possible: use {allowed}"
        raise SpecificationError(message, option="encoding", value=encoding, allowed=allowed) from None
    return None if name == "utf-8" else str(encoding)
