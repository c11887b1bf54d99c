"""A table's columns as features: which there are, what they are called, and how rows become numbers.

A Schema is frozen and goes into the model file, so that `predict` takes the raw table. `infer` finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import DataError
from . import columns as kinds
from . import stored, values
from .columns import Column, Fail, Target
from .table import Table
from .values import Floats, Rows
from .words import no_column

BLOCK = 8192  # rows encoded at a time: few enough to stay in the cache while every column writes into them


@dataclass(frozen=True)
class Schema:
    """The columns that are used, in table order, the target and the column of weights.

    notes are sentences for the user: what was left out, and what was decided.
    """

    columns: tuple[Column, ...]
    target: Target | None = None
    weight: str | None = None
    notes: tuple[str, ...] = ()

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The names, such as "carat", "cut=Ideal", "tailnum=other" and "age is missing"."""
        return tuple(name for column in self.columns for name in column.features)

    @cached_property
    def scaled(self) -> npt.NDArray[np.bool_]:
        """True where a feature is to be scaled: numbers and dates, not what is 0 or 1."""
        return np.array([flag for column in self.columns for flag in column.scaled], dtype=bool)

    @property
    def text(self) -> tuple[str, ...]:
        """The columns that a CSV file must keep as they are written: pass them to `sources.read`."""
        names = [column.name for column in self.columns if column.kind == "category"]
        if self.target and any(isinstance(label, str) for label in self.target.classes):
            names.append(self.target.name)
        return tuple(names)

    def encode(self, table: Table | pa.Table, rows: Rows | None = None) -> Floats:
        """float64, rows × features, neither centred nor scaled; a missing number or date is NaN.

        rows (from 0) are those to encode, in this order; None is all. Other columns of the table are ignored.
        """
        source = _source(table)
        part = _part(source, [column.name for column in self.columns])
        for column in self.columns:
            _check_type(source, column, part.schema.field(column.name).type)
        part = _at(part, rows)
        encoded = np.zeros((part.num_rows, len(self.features)))
        for start, batch in _batches(part):
            block, at = encoded[start : start + len(batch)], 0
            for column in self.columns:
                width = len(column.features)
                fail = _failing(source, column.name, rows, start)
                column.write(batch.column(column.name), block[:, at : at + width], fail)
                at += width
        return encoded

    def encode_target(self, table: Table | pa.Table, rows: Rows | None = None) -> Floats:
        """The target as numbers; of classes, 0.0 for the first, 1.0 for the second, and so on."""
        if self.target is None:
            raise _source(table).error("the schema has no target; name one when it is made")
        return self._one(table, self.target.name, rows, self.target.read)

    def encode_weight(self, table: Table | pa.Table, rows: Rows | None = None) -> Floats | None:
        """The sample weights; None if the schema has none."""
        return None if self.weight is None else self._one(table, self.weight, rows, kinds.weights)

    def _one(
        self, table: Table | pa.Table, name: str, rows: Rows | None, read: Callable[[pa.Array, Fail], Floats]
    ) -> Floats:
        source = _source(table)
        part = _part(source, [name])
        kind = part.schema.field(name).type
        if values.family(kind) in ("date", "unusable"):
            raise source.error(f"{kind} values cannot be read as numbers", column=name)
        part = _at(part, rows)
        found = [read(batch.column(0), _failing(source, name, rows, start)) for start, batch in _batches(part)]
        return np.concatenate(found) if found else np.zeros(0)

    def unseen(self, table: Table | pa.Table, rows: Rows | None = None) -> dict[str, int]:
        """How many values of each category column are none of its categories; columns without any are not listed.

        A column with "other" is not counted: which values the cap put there is not kept, so there is no telling.
        """
        wanted = [column for column in self.columns if column.kind == "category" and not column.other]
        part = _at(_part(_source(table), [column.name for column in wanted]), rows)
        counts = {column.name: _unseen(column, part.column(column.name)) for column in wanted}
        return {name: count for name, count in counts.items() if count}

    def to_dict(self) -> dict[str, Any]:
        """What `from_dict` reads, fit for JSON."""
        return {
            "columns": [stored.of_column(column) for column in self.columns],
            "target": None if self.target is None else stored.of_target(self.target),
            "weight": self.weight,
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: object) -> Schema:
        """A schema from `to_dict`. A DataError of one line for anything else."""
        return cls(*stored.schema_parts(data))


def _source(table: Table | pa.Table) -> Table:
    return table if isinstance(table, Table) else Table(table)


def _part(source: Table, names: list[str]) -> pa.Table:
    here = set(source.names)
    for name in names:
        if name not in here:
            raise DataError(f"{source.name}: {no_column(name, source.names)}", file=source.path, column=name)
    return source.columns.select(names)


def _at(part: pa.Table, rows: Rows | None) -> pa.Table:
    return part if rows is None else part.take(pa.array(rows))


def _batches(part: pa.Table) -> Iterator[tuple[int, pa.RecordBatch]]:
    start = 0
    for batch in part.to_batches(max_chunksize=BLOCK):
        yield start, batch
        start += len(batch)


def _failing(source: Table, column: str, rows: Rows | None, start: int) -> Fail:
    """Makes the error for a row of the block that begins at `start`: messages name the row of the whole table."""

    def fail(message: str, row: int) -> DataError:
        at = start + row
        return source.error(message, at if rows is None else int(rows[at]), column)

    return fail


def _check_type(source: Table, column: Column, kind: pa.DataType) -> None:
    family = values.family(kind)
    if not column.accepts(family):
        held = {"number": "numbers", "flag": "numbers (0 or 1)", "date": "dates", "category": "text"}[column.kind]
        raise source.error(f"{kind} values, where the model was trained on {held}", column=column.name)


def _unseen(column: Column, chunks: pa.ChunkedArray) -> int:
    words = values.text(chunks)
    known = pc.is_in(words, value_set=pa.array(column.categories, pa.large_string()))
    return int(pc.sum(pc.and_(pc.invert(known), words.is_valid())).as_py() or 0)
