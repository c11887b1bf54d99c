"""Finds out what a target column is: numbers, or classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import DataError
from ..losses import Loss
from . import values
from .columns import Label, Target, numbers
from .schema import Schema
from .table import Table
from .values import Rows
from .words import listed, shortened

Error = Callable[..., DataError]  # (column's name, message, row or None)
MOST_CLASSES = 100  # each has coefficients of its own for all features


def find_target(
    column: pa.ChunkedArray, name: str, error: Error, notes: list[str], classes: bool | None = None
) -> Target:
    """The target in a column whose missing values have been taken out; `error` makes the errors.

    classes: whether the loss asks for classes, and so whole numbers are classes too; None where no loss was named.
    """
    family = values.family(column.type)
    if not len(column) or family == "missing":
        raise error(name, "every value of the target is missing; there is nothing to learn from")
    if family in ("date", "time"):
        raise error(name, f"the target is a {family}; give a number, such as the days from a fixed date")
    if family == "unusable":
        raise error(name, f"the target holds {shortened(column.type)} values; give numbers or classes")
    if family == "text":
        return Target(name, "classes", _text_classes(column, name, error))
    _check_numbers(column, name, error)
    if family == "flag":
        return Target(name, "classes", (False, True))
    if classes and pa.types.is_integer(column.type):
        found = sorted(int(value) for value in pc.unique(column).to_pylist())
        if len(found) > MOST_CLASSES:
            raise error(name, _too_many(found))
        return Target(name, "classes", tuple(found))
    if classes is None and pa.types.is_integer(column.type) and _all_0_or_1(column):
        notes.append(
            f"target {name!r} holds only 0 and 1: taken as two classes; a column of floats would be taken as numbers"
        )
        return Target(name, "classes", (0, 1))
    return Target(name, "number")


def _all_0_or_1(column: pa.ChunkedArray) -> bool:
    return bool(pc.all(pc.is_in(column, value_set=pa.array([0, 1], column.type))).as_py())


def _text_classes(column: pa.ChunkedArray, name: str, error: Error) -> tuple[Label, ...]:
    words = values.text(column)
    counts = values.counts(words)
    if len(counts) == 1:
        raise error(name, f"the target is constant: every value is {shortened(next(iter(counts)))!r}")
    odd = None if len(counts) == 2 else values.odd_one(words, counts)
    if odd is not None:
        value = shortened(words[odd[0]].as_py())
        raise error(name, f"{value!r} is not a {odd[1]}, as nearly all values of the target are", odd[0])
    if len(counts) > MOST_CLASSES:
        raise error(name, _too_many(sorted(counts)))
    return tuple(sorted(counts))


def _too_many(classes: Sequence[Label]) -> str:
    some = listed(shortened(str(label)) for label in classes)
    return f"the target has {len(classes):,} classes ({some}), and at most {MOST_CLASSES} are taken; join the rare ones"


def _check_numbers(column: pa.ChunkedArray, name: str, error: Error) -> None:
    found = numbers(column, "number", lambda message, row: error(name, message, row))
    if np.min(found) == np.max(found):
        raise error(name, f"the target is constant: every value is {shortened(column[0].as_py())}")


def check_domain(table: Table, schema: Schema, loss: Loss, rows: Rows) -> None:
    """DataError with the first of these rows (from 0) whose target is none that the loss is defined for."""
    domain = loss.domain
    if domain is None or schema.target is None:
        return
    targets = schema.encode_target(table, rows)
    above = targets >= domain.low if domain.low_included else targets > domain.low
    below = targets <= domain.high if domain.high_included else targets < domain.high
    outside = np.flatnonzero(~(above & below))
    if outside.size:
        row = int(outside[0])
        raise table.error(
            f"the target is {targets[row]:g}, and the {loss.name} loss needs {domain}; leave the row out or use "
            "another loss",
            int(rows[row]),
            schema.target.name,
        )
