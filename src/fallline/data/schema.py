"""A table's columns as features: which there are, what they are called, and how rows become numbers.

A Schema is frozen and goes into the model file, so that `predict` takes the raw table. `infer` finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import DataError
from . import columns as kinds
from . import stored, values
from .columns import Column, Fail, Target
from .memory import zeros_on_lines
from .reading import Reading
from .table import Table
from .values import Floats, Rows
from .words import listed, no_column

NarrowFloats = npt.NDArray[np.float32]
MOST_NARROW = float(np.finfo(np.float32).max)
BLOCK = 8192  # rows encoded at a time: few enough to stay in the cache while every column writes into them
HELD = {
    "number": "numbers",
    "flag": "numbers (0 or 1)",
    "date": "dates",
    "time": "times",
    "category": "text",
    "hashed": "text",
}


@dataclass(frozen=True)
class Schema:
    """The columns that are used, in table order, the target and the column of weights.

    notes are sentences for the user: what was left out, and what was decided. left_out are the table's other columns,
    each with the reason.
    """

    columns: tuple[Column, ...]
    target: Target | None = None
    weight: str | None = None
    notes: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The names, such as "carat", "cut=Ideal", "tailnum=other" and "age is missing"."""
        return tuple(name for column in self.columns for name in column.features)

    def column_of(self, feature: str) -> Column:
        """The column that a feature was made of."""
        return next(column for column in self.columns if feature in column.features)

    @cached_property
    def scaled(self) -> npt.NDArray[np.bool_]:
        """True where a feature is to be scaled: numbers and dates, not what is 0 or 1."""
        return np.array([flag for column in self.columns for flag in column.scaled], dtype=bool)

    @property
    def text(self) -> tuple[str, ...]:
        """The columns that a CSV file must keep as they are written: pass them to `sources.read`."""
        names = [column.name for column in self.columns if column.kind in ("category", "hashed")]
        if self.target and any(isinstance(label, str) for label in self.target.classes):
            names.append(self.target.name)
        return tuple(names)

    def reading(self, encoding: str | None = None, target: bool = False) -> Reading:
        """How a table for this schema is to be streamed: which columns are needed, and which of them are numbers."""
        names = [column.name for column in self.columns]
        numbers = [column.name for column in self.columns if column.kind in ("number", "flag")]
        if self.target and target:
            names.append(self.target.name)
            if not any(isinstance(label, bool | str) for label in self.target.classes):
                numbers.append(self.target.name)
        return Reading(self.text, encoding, tuple(names), tuple(numbers))

    def check_names(self, names: Sequence[str], name: str, path: str | None) -> None:
        """Refuses a table that lacks a column, and names every one that it lacks."""
        here = set(names)
        missing = [column.name for column in self.columns if column.name not in here]
        if len(missing) == 1:
            raise DataError(f"{name}: {no_column(missing[0], names)}", file=path, column=missing[0])
        if missing:
            message = f"{name}: there are no columns {listed(map(repr, missing))}; the columns are: {listed(names)}"
            raise DataError(message, file=path, column=missing[0])

    def extra(self, names: Sequence[str]) -> list[str]:
        """Those of a table's columns that training did not know."""
        known = {column.name for column in self.columns} | {name for name, _ in self.left_out}
        known |= {self.weight or "", self.target.name if self.target else ""}
        return [name for name in names if name not in known]

    def encode(self, table: Table | pa.Table, rows: Rows | None = None) -> Floats:
        """float64, rows × features, neither centred nor scaled; a missing number or date is NaN.

        rows (from 0) are those to encode, in this order; None is all. Other columns of the table are ignored.
        """
        encoded = zeros_on_lines((_count(table, rows), len(self.features)))
        for place, write in self._blocks(table, rows):
            write(encoded[place])
        return encoded

    def encode_narrow(self, table: Table | pa.Table, rows: Rows) -> tuple[NarrowFloats, Floats]:
        """The same in float32, and what was taken from each column before it was rounded, or a day of Unix seconds
        would collapse: its first value that is known, if the column is one of numbers; else 0.0."""
        count = len(self.features)
        narrow, firsts = zeros_on_lines((len(rows), count), np.float32), np.zeros(count)
        waiting = self.scaled.copy()
        for place, write in self._blocks(table, rows):
            block = np.zeros((place.stop - place.start, count))
            write(block)
            for j in np.flatnonzero(waiting):
                known = block[:, j] == block[:, j]
                if known.any():
                    firsts[j], waiting[j] = block[np.argmax(known), j], False
            block -= firsts
            with np.errstate(over="ignore"):
                narrow[place] = block
            if (np.abs(block) > MOST_NARROW).any():
                row, j = np.argwhere(np.abs(block) > MOST_NARROW)[0].tolist()
                name = self.column_of(self.features[j]).name
                fail = _failing(_source(table), name, rows, place.start)
                raise fail('a number too large for storage="float32": keep "float64"', row)
        return narrow, firsts

    def _blocks(self, table: Table | pa.Table, rows: Rows | None) -> Iterator[tuple[slice, Callable[[Floats], None]]]:
        """The rows in blocks: each one's place, and what writes its features into an array of zeros."""
        source = _source(table)
        self.check_names(source.names, source.name, source.path)
        part = _part(source, [column.name for column in self.columns])
        for column in self.columns:
            _check_type(source, column, part.schema.field(column.name).type)
        for start, batch in _batches(part, rows):
            yield slice(start, start + len(batch)), partial(self._write, source, rows, start, batch)

    def _write(self, source: Table, rows: Rows | None, start: int, batch: pa.RecordBatch, block: Floats) -> None:
        at = 0
        for column in self.columns:
            width = len(column.features)
            fail = _failing(source, column.name, rows, start)
            column.write(batch.column(column.name), block[:, at : at + width], fail)
            at += width

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
        if values.family(kind) in values.NOT_VALUES:
            raise source.error(f"{kind} values cannot be read as numbers", column=name)
        found = [read(batch.column(0), _failing(source, name, rows, start)) for start, batch in _batches(part, rows)]
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
            "left_out": [list(pair) for pair in self.left_out],
        }

    @classmethod
    def from_dict(cls, data: object) -> Schema:
        """A schema from `to_dict`. A DataError of one line for anything else."""
        return cls(*stored.schema_parts(data))


def _source(table: Table | pa.Table) -> Table:
    return table if isinstance(table, Table) else Table(table)


def _count(table: Table | pa.Table, rows: Rows | None) -> int:
    return _source(table).columns.num_rows if rows is None else len(rows)


def _part(source: Table, names: list[str]) -> pa.Table:
    missing = [name for name in names if name not in set(source.names)]
    if missing:
        raise DataError(f"{source.name}: {no_column(missing[0], source.names)}", file=source.path, column=missing[0])
    return source.columns.select(names)


def _at(part: pa.Table, rows: Rows | None) -> pa.Table:
    return part if rows is None else part.take(pa.array(rows))


def _batches(part: pa.Table, rows: Rows | None) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The rows in batches, each with the place of its first. Rows in rising order are chosen batch by batch."""
    rising = rows is None or len(rows) < 2 or bool(np.all(rows[1:] > rows[:-1]))
    if not rising:
        part, rows = _at(part, rows), None
    start = first = 0
    for batch in part.to_batches(max_chunksize=BLOCK):
        last = first + len(batch)
        if rows is not None:
            inside = rows[start : np.searchsorted(rows, last)] - first
            batch = batch if len(inside) == len(batch) else batch.take(pa.array(inside))
        if len(batch):
            yield start, batch
        start, first = start + len(batch), last


def _failing(source: Table, column: str, rows: Rows | None, start: int) -> Fail:
    """Makes the error for a row of the block that begins at `start`: messages name the row of the whole table."""

    def fail(message: str, row: int) -> DataError:
        at = start + row
        return source.error(message, at if rows is None else int(rows[at]), column)

    return fail


def _check_type(source: Table, column: Column, kind: pa.DataType) -> None:
    family = values.family(kind)
    if not column.accepts(family):
        held = HELD[column.kind]
        raise source.error(f"{kind} values, where the model was trained on {held}", column=column.name)


def _unseen(column: Column, chunks: pa.ChunkedArray) -> int:
    words = values.text(chunks)
    known = pc.is_in(words, value_set=pa.array(column.categories, pa.large_string()))
    return int(pc.sum(pc.and_(pc.invert(known), words.is_valid())).as_py() or 0)
