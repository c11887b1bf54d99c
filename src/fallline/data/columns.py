"""One column of a table as features, and the target; how each is written into the numbers of a block of rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import DataError
from . import values
from .values import Floats
from .words import listed, shortened

KINDS = ("number", "flag", "category", "date", "time", "hashed")
TARGETS = ("number", "classes")

Label = str | bool | int
Fail = Callable[[str, int], DataError]  # (message, row of the block) -> the error with its place


@dataclass(frozen=True)
class Column:
    """A column that becomes features.

    number    one scaled feature
    flag      one feature that is 0 or 1
    date      scaled features: days since 1970-01-01, then its `parts`, such as "NAME month" (in UTC)
    time      one scaled feature: of a time of day or a duration, its length in days
    category  a 0/1 feature for each category, and one for all others if `other`
    hashed    `buckets` 0/1 features, "NAME#0" and so on: a value sets the one that its hash names

    missing adds the 0/1 feature "NAME is missing".
    """

    name: str
    kind: str
    missing: bool = False
    categories: tuple[str, ...] = ()
    other: bool = False
    parts: tuple[str, ...] = ()
    buckets: int = 0

    @property
    def features(self) -> tuple[str, ...]:
        if self.kind == "category":
            words = (*self.categories, *(("other",) if self.other else ()))
            names = tuple(f"{self.name}={word}" for word in words)
        elif self.kind == "hashed":
            names = tuple(f"{self.name}#{bucket}" for bucket in range(self.buckets))
        else:
            names = (self.name, *self.part_features)
        return (*names, f"{self.name} is missing") if self.missing else names

    @property
    def part_features(self) -> dict[str, str]:
        """The features that are parts of a date, and which part each is."""
        return {f"{self.name} {part}": part for part in self.parts}

    @property
    def scaled(self) -> tuple[bool, ...]:
        first = 1 + len(self.parts) if self.kind in ("number", "date", "time") else 0
        return tuple(at < first for at in range(len(self.features)))

    def write(self, column: pa.Array, block: Floats, fail: Fail) -> None:
        """Fills the block's features, which are this column's alone and hold zeros."""
        if self.kind in ("category", "hashed"):
            self._write_words(values.text(column), block)
            return
        family = self.kind if self.kind in ("date", "time") else "number"
        known = readable(column, family, fail)
        block[:, 0] = found = numbers(known, family, fail)
        for at, part in enumerate(self.parts, 1):
            block[:, at] = values.part(known, part) if not pa.types.is_null(known.type) else np.nan
        if self.missing:
            block[:, -1] = np.isnan(found)

    def _write_words(self, words: pa.Array, block: Floats) -> None:
        codes = self.codes(words)
        seen = np.flatnonzero(codes >= 0)
        block[seen, codes[seen]] = 1.0
        present = words.is_valid().to_numpy(zero_copy_only=False)
        if self.other:
            block[:, len(self.categories)] = present & (codes < 0)
        if self.missing:
            block[:, -1] = ~present

    def codes(self, words: pa.Array) -> values.Rows:
        """Each word's place among the categories or buckets, -1 if it is missing or none of them."""
        if self.kind == "hashed":
            return _buckets(words, self.buckets)
        known = pa.array(self.categories, pa.large_string())
        codes: values.Rows = pc.index_in(words, value_set=known).fill_null(-1).to_numpy().astype(np.int64)
        return codes

    def accepts(self, family: str) -> bool:
        """Whether a column of this family can be encoded; text may still turn out not to be numbers."""
        if self.kind in ("category", "hashed"):
            return family != "unusable"
        own = (self.kind,) if self.kind in ("date", "time") else ("number", "flag")
        return family in ("missing", "text", *own)


@dataclass(frozen=True)
class Target:
    """What is predicted: numbers, or classes, which count as 0.0, 1.0, 2.0, …"""

    name: str
    kind: str
    classes: tuple[Label, ...] = ()

    def read(self, column: pa.Array, fail: Fail) -> Floats:
        """float64: the numbers, or 0.0, 1.0, … for the classes. A missing value is an error."""
        found = (
            numbers(readable(column, "number", fail), "number", fail)
            if self.kind == "number"
            else self._classes(column, fail)
        )
        missing = np.flatnonzero(np.isnan(found))
        if missing.size:
            raise fail("the target is missing; leave the row out", int(missing[0]))
        return found

    def _classes(self, column: pa.Array, fail: Fail) -> Floats:
        words = values.text(column)
        if isinstance(self.classes[0], bool):
            words = pc.utf8_lower(words)  # a file of text may say True
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


def readable(column: pa.Array, family: str, fail: Fail) -> pa.Array:
    """The column, or what its text spells: numbers, dates or times."""
    column = values.plain(column)
    if not values.is_text(column.type):
        return column
    try:
        return values.parsed(column, family)
    except pa.ArrowInvalid:
        row = values.first_unreadable(column, family) or 0
        raise fail(f"{shortened(column[row].as_py())!r} is not a {family}", row) from None


def numbers(column: pa.Array, family: str, fail: Fail) -> Floats:
    """What `readable` gave as numbers, NaN where missing; infinity is an error."""
    if family in ("date", "time") and not pa.types.is_null(column.type):
        return values.days(column)
    found = values.numbers(column)
    infinite = np.flatnonzero(np.isinf(found))
    if infinite.size:
        row = int(infinite[0])
        message = f"the value is {found[row]}; a number must be finite, so correct it or make it missing"
        raise fail(message, row)
    return found


def _buckets(words: pa.Array, buckets: int) -> values.Rows:
    coded = (words.combine_chunks() if isinstance(words, pa.ChunkedArray) else words).dictionary_encode()
    places = np.array([bucket_of(word, buckets) for word in coded.dictionary.to_pylist()] + [-1], dtype=np.int64)
    found: values.Rows = places[coded.indices.fill_null(len(places) - 1).to_numpy(zero_copy_only=False)]
    return found


@lru_cache(1 << 16)
def bucket_of(word: str, buckets: int) -> int:
    """The bucket of a word: the same in every process and on every machine."""
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big") % buckets


def weights(column: pa.Array, fail: Fail) -> Floats:
    """Sample weights: finite and not negative, none missing."""
    found = numbers(readable(column, "number", fail), "number", fail)
    wrong = np.flatnonzero(~(found >= 0))  # not (found < 0): NaN is wrong too
    if wrong.size:
        row = int(wrong[0])
        what = "missing" if np.isnan(found[row]) else f"{found[row]:g}"
        raise fail(f"the weight is {what}; a weight must be a number that is not negative", row)
    return found
