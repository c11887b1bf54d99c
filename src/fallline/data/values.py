"""Arrow columns as NumPy numbers or as text. Each function takes an Array or a ChunkedArray."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

DAY = {"s": 86_400.0, "ms": 86_400e3, "us": 86_400e6, "ns": 86_400e9}


def is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def family(kind: pa.DataType) -> str:
    """What a column of this Arrow type can be: number, flag, text, date, missing, or unusable (lists, bytes, …)."""
    types = pa.types
    if types.is_dictionary(kind):
        return "text" if family(kind.value_type) not in ("unusable", "missing") else "unusable"
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "number"
    if types.is_boolean(kind):
        return "flag"
    if types.is_null(kind):
        return "missing"
    if types.is_temporal(kind) and not types.is_interval(kind):
        return "date"
    return "text" if is_text(kind) else "unusable"


def numbers(column: pa.Array) -> Floats:
    """float64, NaN where a value is missing. Integers beyond 2^53 are rounded to the nearest float."""
    values: Floats = plain(column).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values


def days(column: pa.Array) -> Floats:
    """Days since 1970-01-01; of a time of day and of a duration, its length in days. NaN where missing."""
    kind = column.type
    if pa.types.is_date32(kind):
        return numbers(column.cast(pa.int32()))
    unit = "ms" if pa.types.is_date64(kind) else kind.unit
    return numbers(column.cast(pa.int32() if pa.types.is_time32(kind) else pa.int64())) / DAY[unit]


def text(column: pa.Array) -> pa.Array:
    """The values as text in one layout (large_string); 1.0 and 1 are both "1", NaN is missing."""
    column = plain(column)
    kind = column.type
    if pa.types.is_timestamp(kind):  # one unit, or the same moment would have several spellings
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    elif pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        column = column.cast(pa.float64())
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return column if pa.types.is_large_string(column.type) else column.cast(pa.large_string())


def plain(column: pa.Array) -> pa.Array:
    """A dictionary column as the values that it stands for; any other column as it is."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def without_views(columns: pa.Table) -> pa.Table:
    """Text as polars lays it out (string_view) as large_string: Arrow cannot choose rows of views."""
    for at, column in enumerate(columns.columns):
        kind = column.type
        if pa.types.is_string_view(kind):
            columns = columns.set_column(at, columns.field(at).name, column.cast(pa.large_string()))
        elif pa.types.is_dictionary(kind) and pa.types.is_string_view(kind.value_type):
            chunks = [_plain_dictionary(chunk) for chunk in column.chunks]
            usual = pa.dictionary(kind.index_type, pa.large_string())
            columns = columns.set_column(at, columns.field(at).name, pa.chunked_array(chunks, usual))
    return columns


def _plain_dictionary(chunk: pa.DictionaryArray) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(chunk.indices, chunk.dictionary.cast(pa.large_string()))


def mixed(tables: Sequence[pa.Table]) -> list[str]:
    """The columns that are of one family in one table and of another in the next; what is missing goes with all."""
    if len({table.schema for table in tables}) == 1:
        return []
    found = []
    for name in tables[0].column_names:
        families = {family(table.schema.field(name).type) for table in tables} - {"missing"}
        if len(families) > 1:
            found.append(name)
    return found


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Tables of the same columns, one below the other. A column that is text in one of them is text in all."""
    for name in mixed(tables):
        tables = [_as_text(table, name) for table in tables]
    return pa.concat_tables(tables, promote_options="permissive")


def _as_text(table: pa.Table, name: str) -> pa.Table:
    if family(table.schema.field(name).type) == "unusable":
        return table
    return table.set_column(table.column_names.index(name), name, text(table.column(name)))


def parsed(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Text read as numbers or as moments; blank text is missing. pyarrow.ArrowInvalid if a value cannot be read."""
    trimmed = pc.utf8_trim_whitespace(text(column))
    blank = pc.equal(trimmed, "")
    return pc.if_else(blank, pa.scalar(None, trimmed.type), trimmed).cast(kind)


def first_unreadable(column: pa.Array, kind: pa.DataType) -> int | None:
    """Where `parsed` fails first, found by halving; None if it does not."""
    if _readable(column, kind):
        return None
    low, high = 0, len(column)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _readable(column.slice(low, middle - low), kind) else (low, middle)
    return low


def _readable(column: pa.Array, kind: pa.DataType) -> bool:
    try:
        parsed(column, kind)
    except pa.ArrowInvalid:
        return False
    return True


def counts(column: pa.ChunkedArray) -> dict[str, int]:
    """How often each word occurs, missing ones not counted."""
    found = pc.value_counts(column.drop_null())
    return dict(zip(found.field(0).to_pylist(), found.field(1).to_pylist(), strict=True))


def odd_one(column: pa.ChunkedArray, words: dict[str, int]) -> int | None:
    """The row of the first value that keeps text from being numbers, if nearly all the words are numbers."""
    odd = [word for word in words if not _is_number(word)]
    if not odd or 10 * len(odd) > len(words):
        return None
    row: int = pc.index(column, pa.scalar(odd[0], column.type)).as_py()
    return row


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
