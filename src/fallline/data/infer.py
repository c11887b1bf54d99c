"""Finds the schema of a table: which columns are of use, what each is, and what is predicted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from ..errors import DataError, SpecificationError
from . import values
from .columns import Column, numbers
from .schema import Schema
from .table import Table
from .targets import find_target
from .values import Floats, Rows
from .words import listed, no_column, shortened


def infer(
    table: Table,
    target: str | None,
    *,
    sample_weight: str | None = None,
    drop: Sequence[str] = (),
    only: Sequence[str] | None = None,
    categorical: Sequence[str] = (),
    hashed: Sequence[str] = (),
    max_categories: int = 50,
    held_out: str | None = None,
    classes: bool | None = None,
) -> Schema:
    """The schema of the rows whose target is present. `notes` says what was left out and why.

    drop names columns to leave out, only the columns to keep, categorical those to be one-hot whatever they hold;
    a column keeps its max_categories most frequent values (ties by name), the rest become "other". hashed names the
    columns whose values are hashed into max_categories features instead. held_out is the column that says which rows
    are held out, and is no feature. classes: whether the target is to be classes, and whole
    numbers too; None leaves that to the column.
    """
    drop, only, categorical = names_of(drop), None if only is None else names_of(only), names_of(categorical)
    lists = {"drop": drop, "only": only or (), "categorical": categorical, "hashed": names_of(hashed)}
    _check_options(table, {"target": target, "sample_weight": sample_weight, "validation": held_out}, lists)
    _check_cap(max_categories)
    rows = present_rows(table, target)
    look = _Look(table, rows, set(categorical), set(lists["hashed"]), max_categories)
    look.notes += table.notes
    if len(rows) < table.rows:
        look.notes.append(f"{_rows(table.rows - len(rows))} with a missing {target} left out")
    goal = None if target is None else find_target(look.values(target), target, look.error, look.notes, classes)
    wanted = [name for name in table.names if name not in {target, sample_weight}]
    reasons = dict.fromkeys(wanted if only is not None else (), "is not among the columns to use")
    reasons = {name: why for name, why in reasons.items() if name not in (only or ())} | dict.fromkeys(
        drop, "is dropped"
    )
    if held_out is not None:
        reasons[held_out] = "says which rows are held out"
    look.left_out = {name: why for name, why in reasons.items() if name in wanted}
    found = [look.column(name) for name in wanted if name not in reasons]
    columns = tuple(column for column in found if column is not None)
    schema = Schema(columns, goal, sample_weight, tuple(look.notes), tuple(look.left_out.items()))
    _check_features(table, schema)
    _check_weight(table, schema, rows)
    return schema


def present_rows(table: Table, target: str | None) -> Rows:
    """The rows, from 0, whose target is neither null nor NaN; all rows if there is no target."""
    if target is None:
        return np.arange(table.rows, dtype=np.int64)
    if target not in table.names:
        message = f"target: {no_column(target, table.names)}"
        raise SpecificationError(message, option="target", value=target, allowed=f"one of {listed(table.names)}")
    missing = table.columns.column(target).is_null(nan_is_null=True).to_numpy()
    return np.flatnonzero(~missing.astype(bool)).astype(np.int64)


def names_of(given: Iterable[str]) -> tuple[str, ...]:
    """Names as a tuple; one name may stand by itself."""
    return (given,) if isinstance(given, str) else tuple(given)  # drop="id" means one column, not "i" and "d"


def _check_options(table: Table, roles: Mapping[str, str | None], lists: Mapping[str, Sequence[str]]) -> None:
    target = roles["target"]
    given = list(roles.items())
    given += [(option, name) for option, names in lists.items() for name in names]
    for option, name in given:
        if name is not None and name not in table.names:
            said = f"validation column:{name}" if option == "validation" else option
            message = f"{said}: {no_column(str(name), table.names)}"
            raise SpecificationError(message, option=option, value=name, allowed=f"one of {listed(table.names)}")
    for option, name in given:
        if option != "target" and target is not None and name == target:
            message = f"{option}: {target!r} is the target; it cannot be both"
            raise SpecificationError(message, option=option, value=target, allowed="a column other than the target")
    if roles["validation"] is not None and roles["validation"] == roles["sample_weight"]:
        message = f"validation: {roles['validation']!r} is the column of weights; it cannot be both"
        raise SpecificationError(message, option="validation", value=roles["validation"], allowed="another column")
    twice = set(lists["categorical"]) & set(lists["hashed"])
    if twice:
        message = f"hashed: {listed(sorted(twice))} is among the categorical columns too; it cannot be both"
        raise SpecificationError(message, option="hashed", value=sorted(twice)[0], allowed="a column not categorical")


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _check_cap(cap: object) -> None:
    if isinstance(cap, bool) or not isinstance(cap, int) or cap < 1:
        message = f"max_categories is {cap!r}; it must be a whole number of at least 1"
        raise SpecificationError(message, option="max_categories", value=cap, allowed="a whole number of at least 1")


class _Look:
    """Looks at one column after the other, and notes what is left out."""

    def __init__(self, table: Table, rows: Rows, categorical: set[str], hashed: set[str], cap: int):
        self.table = table
        self.rows = rows
        self.mask = (
            pa.array(np.isin(np.arange(table.rows), rows, assume_unique=True)) if len(rows) < table.rows else None
        )
        self.categorical = categorical
        self.hashed = hashed
        self.cap = cap
        self.notes: list[str] = []
        self.left_out: dict[str, str] = {}

    def values(self, name: str) -> pa.ChunkedArray:
        column = self.table.columns.column(name)
        usable = values.family(column.type) != "unusable"  # rows of some other types cannot even be chosen
        return column if len(self.rows) == self.table.rows or not usable else column.filter(self.mask)

    def error(self, name: str, message: str, row: int | None = None) -> DataError:
        return self.table.error(message, None if row is None else int(self.rows[row]), name)

    def out(self, name: str, why: str) -> None:
        self.notes.append(f"{name} {why}: left out")
        self.left_out[name] = why

    def column(self, name: str) -> Column | None:
        found = self.values(name)
        family = values.family(found.type)
        if family == "unusable":
            self.out(name, f"holds {shortened(found.type)} values, which cannot be features")
        elif family == "missing":
            self.out(name, "has no values")
        elif name in self.hashed:
            return Column(name, "hashed", found.null_count > 0, buckets=self.cap)
        elif family == "text" or name in self.categorical:
            return self.category(name, values.text(found))
        else:
            return self.number(name, found, family)
        return None

    def number(self, name: str, column: pa.ChunkedArray, family: str) -> Column | None:
        found = numbers(column, family, lambda message, row: self.error(name, message, row))
        absent = np.isnan(found)
        missing, present = bool(absent.any()), found[~absent]
        if not len(present):
            self.out(name, "has no values")
        elif not missing and present.min() == present.max():
            self.out(name, f"has one value ({shortened(column[0].as_py())})")
        elif family == "date":
            parts = tuple(part for part in values.PARTS if _varies(values.part(column, part)[~absent]))
            return Column(name, "date", missing, parts=parts)
        elif family == "time":
            return Column(name, "time", missing)
        else:
            flag = not missing and bool(np.isin(present, (0.0, 1.0)).all())
            return Column(name, "flag" if flag else "number", missing)
        return None

    def category(self, name: str, column: pa.ChunkedArray) -> Column | None:
        missing = column.null_count > 0
        counts = values.counts(column)
        present = len(column) - column.null_count
        if not counts:
            self.out(name, "has no values")
        elif len(counts) == 1 and not missing:
            self.out(name, f"has one value ({shortened(next(iter(counts)))})")
        elif len(counts) == present > 1 and name not in self.categorical:
            odd = values.odd_one(column, counts)
            why = "like an identifier" if odd is None else self.odd(column, *odd)
            self.out(name, f"is text with {present:,} values that are all different ({why})")
        else:
            self._note_numbers(name, column, counts)
            return self._capped(name, counts, missing)
        return None

    def _capped(self, name: str, counts: dict[str, int], missing: bool) -> Column:
        if len(counts) <= self.cap:
            return Column(name, "category", missing, tuple(sorted(counts)))
        kept = sorted(counts, key=lambda word: (-counts[word], word))[: self.cap]
        # A category that is itself called "other" joins the others: two features cannot share a name.
        kept = sorted(word for word in kept if word != "other") or kept
        note = f"{name} has {len(counts):,} values: the {len(kept):,} most frequent are kept"
        self.notes.append(f"{note}, the others are one feature, '{name}=other'")
        return Column(name, "category", missing, tuple(kept), kept != ["other"])

    def _note_numbers(self, name: str, column: pa.ChunkedArray, counts: dict[str, int]) -> None:
        odd = values.odd_one(column, counts)
        if odd is not None and name not in self.categorical:
            self.notes.append(f"{name} is taken as text: {self.odd(column, *odd)}")

    def odd(self, column: pa.ChunkedArray, row: int, what: str) -> str:
        place = self.table.where(int(self.rows[row]))
        return f"{place} holds {shortened(column[row].as_py())!r}, which is not a {what} as nearly all values are"


def _varies(part: Floats) -> bool:
    """Whether a part of a date is of use: one row in a hundred is not of the commonest value.

    Fewer would be far out of scale, as when a few flights of a year's last evening are in the next one.
    """
    return int(np.unique(part, return_counts=True)[1].max()) < 0.99 * len(part)


def _check_features(table: Table, schema: Schema) -> None:
    if not schema.columns:
        said = f" ({shortened('; '.join(schema.notes), 300)})" if schema.notes else ""
        raise table.error(f"no usable column is left to predict from{said}")
    twice = [name for name, times in Counter(schema.features).items() if times > 1]
    if twice:
        raise table.error(f"two features would be named {twice[0]!r}; rename a column")


def _check_weight(table: Table, schema: Schema, rows: Rows) -> None:
    weights = schema.encode_weight(table, rows)
    if weights is not None and not weights.any():
        raise table.error("every weight is 0; at least one row must count", column=schema.weight)
