"""An iterator of batches: Arrow record batches or tables, dicts of columns, data frames, arrays. It is read once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from ...errors import DataError
from .. import values
from ..origin import in_groups
from ..reading import Reading, Stream
from ..sparse import filled
from ..table import Table
from ..words import listed, shortened
from . import memory


def is_batches(data: Any) -> bool:
    """An iterator, or a list of Arrow tables or batches; what has rows of its own is none."""
    if isinstance(data, list | tuple):
        return bool(data) and all(isinstance(item, pa.Table | pa.RecordBatch) for item in data)
    return hasattr(data, "__next__") and not hasattr(data, "__arrow_c_stream__")


def read(data: Iterable[Any], reading: Reading) -> Table:
    """All batches as one table; the first one's columns are everyone's."""
    tables = list(_tables(data))
    if not tables:
        raise DataError(f"{memory.NAME}: the iterator gave no batches")
    try:
        columns = values.joined(tables)
    except pa.ArrowException as error:
        message = f"{memory.NAME}: the batches do not go together: {shortened(error, 120)}"
        raise DataError(message) from error
    return Table(columns, memory.NAME, find=in_groups(None, [len(table) for table in tables], "batch"))


def stream(data: Iterable[Any], reading: Reading) -> Stream:
    """One batch after the other; only the first is read at once, for its names."""
    tables = _tables(data)
    first = next(tables, None)
    if first is None:
        raise DataError(f"{memory.NAME}: the iterator gave no batches")
    names, sizes = first.column_names, []

    def batches() -> Iterator[pa.Table]:
        table: pa.Table | None = first
        while table is not None:
            sizes.append(len(table))
            yield table.select(reading.needed(names))
            table = next(tables, None)

    return Stream(names, batches(), memory.NAME, find=in_groups(None, sizes, "batch"))


def _tables(data: Iterable[Any]) -> Iterator[pa.Table]:
    names: list[str] | None = None
    for number, item in enumerate(data, 1):
        try:
            table = filled(memory.read(item)).columns
        except DataError as error:
            raise DataError(f"batch {number:,}: {error}", row=error.row, column=error.column) from error
        if names is not None and sorted(table.column_names) != sorted(names):
            odd = sorted(set(table.column_names) ^ set(names))
            raise DataError(f"batch {number:,} has other columns than batch 1: {listed(odd)}")
        names = names or table.column_names
        yield table.select(names)
