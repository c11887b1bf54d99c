"""One column of a table as features, and the target; how each is written into the numbers of a block of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import DataError
from . import values
from .values import Floats
from .words import listed, shortened

KINDS = ("number", "flag", "category", "date")
TARGETS = ("number", "classes")
MOMENT = pa.timestamp("us")  # what text is read as where a column held dates

Label = str | bool | int
Fail = Callable[[str, int], DataError]  # (message, row of the block) -> the error with its place


@dataclass(frozen=True)
class Column:
    """A column that becomes features.

    number    one scaled feature
    flag      one feature that is 0 or 1
    date      one scaled feature: days since 1970-01-01 (of a time of day: its length in days)
    category  a 0/1 feature for each category, and one for all others if `other`

    missing adds the 0/1 feature "NAME is missing".
    """

    name: str
    kind: str
    missing: bool = False
    categories: tuple[str, ...] = ()
    other: bool = False

    @property
    def features(self) -> tuple[str, ...]:
        if self.kind == "category":
            words = (*self.categories, *(("other",) if self.other else ()))
            names = tuple(f"{self.name}={word}" for word in words)
        else:
            names = (self.name,)
        return (*names, f"{self.name} is missing") if self.missing else names

    @property
    def scaled(self) -> tuple[bool, ...]:
        first = self.kind in ("number", "date")
        return (first, *(False for _ in self.features[1:]))

    def write(self, column: pa.Array, block: Floats, fail: Fail) -> None:
        """Fills the block's features, which are this column's alone and hold zeros."""
        if self.kind == "category":
            self._write_category(column, block)
            return
        found = numbers(column, self.kind == "date", fail)
        block[:, 0] = found
        if self.missing:
            block[:, 1] = np.isnan(found)

    def _write_category(self, column: pa.Array, block: Floats) -> None:
        words = values.text(column)
        codes = self.codes(words)
        seen = np.flatnonzero(codes >= 0)
        block[seen, codes[seen]] = 1.0
        present = words.is_valid().to_numpy(zero_copy_only=False)
        if self.other:
            block[:, len(self.categories)] = present & (codes < 0)
        if self.missing:
            block[:, -1] = ~present

    def codes(self, words: pa.Array) -> values.Rows:
        """Each word's place among the categories, -1 if it is missing or none of them."""
        known = pa.array(self.categories, pa.large_string())
        codes: values.Rows = pc.index_in(words, value_set=known).fill_null(-1).to_numpy().astype(np.int64)
        return codes

    def accepts(self, family: str) -> bool:
        """Whether a column of this family can be encoded; text may still turn out not to be numbers."""
        allowed = {"category": ("text", "number", "flag", "date"), "date": ("date", "text")}
        return family in ("missing", *allowed.get(self.kind, ("number", "flag", "text")))


@dataclass(frozen=True)
class Target:
    """What is predicted: numbers, or classes, which count as 0.0, 1.0, 2.0, …"""

    name: str
    kind: str
    classes: tuple[Label, ...] = ()

    def read(self, column: pa.Array, fail: Fail) -> Floats:
        """float64: the numbers, or 0.0, 1.0, … for the classes. A missing value is an error."""
        found = numbers(column, False, fail) if self.kind == "number" else self._classes(column, fail)
        missing = np.flatnonzero(np.isnan(found))
        if missing.size:
            raise fail("the target is missing; leave the row out", int(missing[0]))
        return found

    def _classes(self, column: pa.Array, fail: Fail) -> Floats:
        words = values.text(column)
        codes = pc.index_in(words, value_set=pa.array([spelled(label) for label in self.classes], pa.large_string()))
        unknown = np.flatnonzero(pc.and_(codes.is_null(), words.is_valid()).to_numpy(zero_copy_only=False))
        if unknown.size:
            row = int(unknown[0])
            message = f"{shortened(words[row].as_py())!r} is none of the classes, which are {listed(self.classes)}"
            raise fail(message, row)
        return values.numbers(codes)


def spelled(label: Label) -> str:
    """A class as Arrow spells it when it turns a column into text."""
    return str(label).lower() if isinstance(label, bool) else str(label)


def numbers(column: pa.Array, dates: bool, fail: Fail) -> Floats:
    """The column as numbers, NaN where missing. Text is read as numbers (or dates) if every value allows it."""
    column = values.plain(column)
    if values.is_text(column.type):
        column = _read_text(column, MOMENT if dates else pa.float64(), fail)
    if dates and not pa.types.is_null(column.type):
        return values.days(column)
    found = values.numbers(column)
    infinite = np.flatnonzero(np.isinf(found))
    if infinite.size:
        row = int(infinite[0])
        message = f"the value is {found[row]}; a number must be finite, so correct it or make it missing"
        raise fail(message, row)
    return found


def weights(column: pa.Array, fail: Fail) -> Floats:
    """Sample weights: finite and not negative, none missing."""
    found = numbers(column, False, fail)
    wrong = np.flatnonzero(~(found >= 0))  # not (found < 0): NaN is wrong too
    if wrong.size:
        row = int(wrong[0])
        what = "missing" if np.isnan(found[row]) else f"{found[row]:g}"
        raise fail(f"the weight is {what}; a weight must be a number that is not negative", row)
    return found


def _read_text(column: pa.Array, kind: pa.DataType, fail: Fail) -> pa.Array:
    try:
        return values.parsed(column, kind)
    except pa.ArrowInvalid:
        row = values.first_unreadable(column, kind) or 0
        what = "number" if pa.types.is_floating(kind) else "date"
        raise fail(f"{shortened(column[row].as_py())!r} is not a {what}", row) from None
