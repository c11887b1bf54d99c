"""Finds out what a target column is: numbers, or two classes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import DataError
from . import values
from .columns import Label, Target, numbers
from .words import listed, shortened

Error = Callable[..., DataError]  # (column's name, message, row or None)


def find_target(column: pa.ChunkedArray, name: str, error: Error, notes: list[str]) -> Target:
    """The target in a column whose missing values have been taken out; `error` makes the errors."""
    family = values.family(column.type)
    if not len(column) or family == "missing":
        raise error(name, "every value of the target is missing; there is nothing to learn from")
    if family in ("date", "time"):
        raise error(name, f"the target is a {family}; give a number, such as the days from a fixed date")
    if family == "unusable":
        raise error(name, f"the target holds {shortened(column.type)} values; give numbers or two classes")
    if family == "text":
        return Target(name, "classes", _text_classes(column, name, error))
    _check_numbers(column, name, error)
    if family == "flag":
        return Target(name, "classes", (False, True))
    if pa.types.is_integer(column.type) and pc.all(pc.is_in(column, value_set=pa.array([0, 1], column.type))).as_py():
        notes.append(
            f"target {name!r} holds only 0 and 1: taken as two classes; a column of floats would be taken as numbers"
        )
        return Target(name, "classes", (0, 1))
    return Target(name, "number")


def _text_classes(column: pa.ChunkedArray, name: str, error: Error) -> tuple[Label, ...]:
    words = values.text(column)
    counts = values.counts(words)
    if len(counts) == 1:
        raise error(name, f"the target is constant: every value is {shortened(next(iter(counts)))!r}")
    if len(counts) == 2:
        return tuple(sorted(counts))
    odd = values.odd_one(words, counts)
    if odd is not None:
        value = shortened(words[odd[0]].as_py())
        raise error(name, f"{value!r} is not a {odd[1]}, as nearly all values of the target are", odd[0])
    some = listed(shortened(word) for word in sorted(counts))
    raise error(name, f"the target has {len(counts):,} classes ({some}); this version takes two classes, or numbers")


def _check_numbers(column: pa.ChunkedArray, name: str, error: Error) -> None:
    found = numbers(column, "number", lambda message, row: error(name, message, row))
    if np.min(found) == np.max(found):
        raise error(name, f"the target is constant: every value is {shortened(column[0].as_py())}")
