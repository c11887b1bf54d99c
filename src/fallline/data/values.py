"""Arrow columns as NumPy numbers or as text. Each function takes an Array or a ChunkedArray."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

TICKS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}  # of a second
SEARCHED = 20  # words whose first row is looked for
PARTS = ("year", "month", "day of week", "hour")
NOT_VALUES = ("date", "time", "unusable")  # families that are no numbers


def is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def family(kind: pa.DataType) -> str:
    """What a column of this Arrow type can be: number, flag, text, date, time, missing, or unusable (lists, bytes, …).

    A date is a day or a moment, a time one of day or a duration.
    """
    types = pa.types
    if types.is_dictionary(kind):
        return "text" if family(kind.value_type) not in ("unusable", "missing") else "unusable"
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "number"
    if types.is_boolean(kind):
        return "flag"
    if types.is_null(kind):
        return "missing"
    if types.is_time(kind) or types.is_duration(kind):
        return "time"
    if types.is_date(kind) or types.is_timestamp(kind):
        return "date"
    return "text" if is_text(kind) else "unusable"


def numbers(column: pa.Array) -> Floats:
    """float64, NaN where a value is missing. Integers beyond 2^53 are rounded to the nearest float."""
    values: Floats = plain(column).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values


def days(column: pa.Array) -> Floats:
    """Days since 1970-01-01; of a time of day and of a duration, its length in days. NaN where missing.

    Whole seconds and the rest of a second are taken apart, so that the unit of the column changes no bit.
    """
    ticks, per_second = _ticks(column)
    seconds, rest = np.divmod(ticks, per_second)
    found = (seconds + rest / per_second) / 86_400.0
    found[_missing(column)] = np.nan
    return found


def part(column: pa.Array, name: str) -> Floats:
    """One of PARTS of a date, in UTC where it has a zone: the month from 1, the day of the week from 1 (Monday)."""
    ticks, per_second = _ticks(column)
    seconds = ticks // per_second
    if name == "hour":
        found = seconds // 3600 % 24
    else:
        day = seconds // 86_400
        months = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        found = {"year": months // 12 + 1970, "month": months % 12 + 1, "day of week": (day + 3) % 7 + 1}[name]
    result = found.astype(np.float64)
    result[_missing(column)] = np.nan
    return result


def _ticks(column: pa.Array) -> tuple[Rows, int]:
    """Whole numbers since 1970-01-01, 0 where missing, and how many of them are a second."""
    kind = column.type
    width = pa.int32() if pa.types.is_date32(kind) or pa.types.is_time32(kind) else pa.int64()
    ticks: Rows = column.cast(width).cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    if pa.types.is_date32(kind):
        return ticks * 86_400, 1
    return ticks, TICKS["ms" if pa.types.is_date64(kind) else kind.unit]


def _missing(column: pa.Array) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = column.is_null().to_numpy(zero_copy_only=False)
    return found


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


def parsed(column: pa.Array, family: str) -> pa.Array:
    """Text read as what a family holds; blank text is missing. pyarrow.ArrowInvalid if a value cannot be read."""
    trimmed = pc.utf8_trim_whitespace(text(column))
    present = pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, trimmed.type), trimmed)
    if family == "date":
        return _moments(present)
    if family == "time":
        day, nothing = pa.scalar("1970-01-01 ", present.type), pa.scalar("", present.type)
        return _moments(pc.binary_join_element_wise(day, present, nothing))
    return _plain_numbers(present)


def _plain_numbers(column: pa.Array) -> pa.Array:
    """true and false are 1 and 0, as in a column that holds nothing else; 0x1F is hexadecimal."""
    try:
        return column.cast(pa.float64())
    except pa.ArrowInvalid:
        lower = pc.utf8_lower(column)
        for word, digit in (("true", "1"), ("false", "0")):
            column = pc.if_else(pc.equal(lower, word), digit, column)
        is_hexadecimal = pc.match_substring_regex(lower, "^0x[0-9a-f]{1,16}$")
        absent = pa.scalar(None, column.type)
        whole = pc.if_else(is_hexadecimal, column, absent).cast(pa.int64())
        return pc.coalesce(whole.cast(pa.float64()), pc.if_else(is_hexadecimal, absent, column).cast(pa.float64()))


def _moments(column: pa.Array) -> pa.Array:
    """With a zone or without, to the microsecond; a moment with a zone is taken to UTC."""
    column = pc.replace_substring_regex(column, r"(:\d\d\.\d{6})\d+", r"\1")
    zoned = pc.match_substring_regex(column, r":\d\d.*(Z|[+-]\d\d:?(\d\d)?)$")
    absent = pa.scalar(None, column.type)
    there = pc.if_else(zoned, column, absent).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    return pc.coalesce(there, pc.if_else(zoned, absent, column).cast(pa.timestamp("us")))


def first_unreadable(column: pa.Array, family: str) -> int | None:
    """Where `parsed` fails first, found by halving; None if it does not."""
    if _readable(column, family):
        return None
    low, high = 0, len(column)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _readable(column.slice(low, middle - low), family) else (low, middle)
    return low


def _readable(column: pa.Array, family: str) -> bool:
    try:
        parsed(column, family)
    except pa.ArrowInvalid:
        return False
    return True


def counts(column: pa.ChunkedArray) -> dict[str, int]:
    """How often each word occurs, missing ones not counted."""
    found = pc.value_counts(column.drop_null())
    return dict(zip(found.field(0).to_pylist(), found.field(1).to_pylist(), strict=True))


def odd_one(column: pa.ChunkedArray, words: dict[str, int]) -> tuple[int, str] | None:
    """The row of the first value that keeps text from being numbers or dates, as nearly all words are; and which."""
    for what, is_one in (("number", _is_number), ("date", _is_date)):
        odd = [word for word in words if not is_one(word)]
        if odd and 10 * len(odd) <= len(words):
            first = min(pc.index(column, pa.scalar(word, column.type)).as_py() for word in odd[:SEARCHED])
            return int(first), what
    return None


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _is_date(word: str) -> bool:
    return re.match(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d|$)", word) is not None
