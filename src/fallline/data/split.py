"""Which rows are held out: a rule for each row by itself, so that it holds for a stream and for a cluster alike.

A row is held out if the hash of (seed, row number) is under fraction × 2^32. The number of rows held out is
therefore not exactly the fraction, and of few rows it may be none or all. Three other rules are written as text:

    last:N         the table's last N rows; below 1, that fraction of the rows (rounded down)
    column:NAME    the rows in which this column says so: true, 1, test, validation, valid, val or holdout
    table:PATH     none: the rows of another table are
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import SpecificationError
from ..order.random import key_of
from . import values
from .table import Table
from .values import Rows
from .words import no_column, shortened

LAST, COLUMN, TABLE = "last:", "column:", "table:"
HELD_OUT = ("true", "1", "test", "validation", "valid", "val", "holdout")
TRAINING = ("false", "0", "train", "training")
SALT = 0x5B1D  # so that the split and the order of rows, of one seed, have nothing to do with each other


def hashed(seed: int, row: Any) -> Any:
    """A word of 32 bits from the seed and the number of a row (from 0), or of an array of rows."""
    return key_of(key_of(SALT, seed), row)


def split(rows: Rows, fraction: float, seed: int) -> tuple[Rows, Rows]:
    """(training, held out): the row numbers in their order. Either may be empty, which is the caller's to judge."""
    if not 0 <= fraction < 1:  # false for NaN as well
        message = f"validation is {fraction!r}; the fraction held out must be at least 0 and below 1"
        raise SpecificationError(message, option="validation", value=fraction, allowed="a fraction from 0 to below 1")
    if not 0 <= seed < 2**63:
        message = f"seed is {seed!r}; it must be a whole number from 0 to 2^63 − 1"
        raise SpecificationError(message, option="seed", value=seed, allowed="a whole number from 0 to 2^63 − 1")
    held_out = hashed(seed, np.asarray(rows, dtype=np.int64)) < int(fraction * 2**32)
    return rows[~held_out], rows[held_out]


def is_rule(rule: object) -> bool:
    """Whether this says which rows of the table itself are held out; all else is another table, or its path."""
    return isinstance(rule, float) or (isinstance(rule, str) and rule.startswith((LAST, COLUMN)))


def held_out_column(rule: float | str) -> str | None:
    """The column that says which rows are held out, if that is the rule."""
    return rule.removeprefix(COLUMN) if isinstance(rule, str) and rule.startswith(COLUMN) else None


def split_table(table: Table, rows: Rows, rule: float | str, seed: int) -> tuple[Rows, Rows]:
    """(training, held out) of these rows of a table by a rule: a fraction, or one of the texts above."""
    column = held_out_column(rule)
    if column is not None:
        return _by_column(table, rows, column)
    if isinstance(rule, str):
        count = last_rows(rule, table.rows) if rule.startswith(LAST) else 0
        return rows[rows < table.rows - count], rows[rows >= table.rows - count]
    return split(rows, rule, seed)


def last_rows(rule: str, rows: int) -> int:
    """How many rows "last:…" holds out of a table of so many."""
    number = float(rule.removeprefix(LAST))
    return int(number * rows) if number < 1 else int(number)


def _by_column(table: Table, rows: Rows, name: str) -> tuple[Rows, Rows]:
    if name not in table.names:
        message = f"validation: {no_column(name, table.names)}"
        raise SpecificationError(message, option="validation", value=f"{COLUMN}{name}", allowed="a column of the table")
    column = table.columns.column(name)
    if values.family(column.type) in values.NOT_VALUES:
        raise table.error(f"{column.type} values cannot say which rows are held out", column=name)
    words = pc.utf8_lower(pc.utf8_trim_whitespace(values.text(column)))
    held_out = _among(words, HELD_OUT)
    unknown = np.flatnonzero(~(held_out | _among(words, TRAINING))[rows])
    if unknown.size:
        row = int(rows[unknown[0]])
        said = shortened(repr(column[row].as_py()))
        raise table.error(
            f"{said} does not say whether the row is held out: use true or false, or train or test", row, name
        )
    return rows[~held_out[rows]], rows[held_out[rows]]


def _among(words: pa.ChunkedArray, known: tuple[str, ...]) -> Any:
    return pc.is_in(words, value_set=pa.array(known, words.type)).to_numpy(zero_copy_only=False).astype(bool)
