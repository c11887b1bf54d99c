"""The schema of sparse rows: as many numbers as there are columns, x1, x2, …, and the target."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..errors import DataError, SpecificationError
from . import stored
from .columns import Column, Target
from .infer import present_rows
from .reading import Reading
from .schema import Schema
from .sources import is_path, memory, path_of, read
from .sources.svmlight import LABEL
from .sparse import SparseRows, SparseTable, is_matrix, of_dense
from .table import Table
from .targets import find_target
from .values import Rows


@dataclass(frozen=True)
class SparseSchema(Schema):
    """count: how many columns there are. first: the number in the first one's name."""

    count: int = 0
    first: int = 1

    @cached_property
    def features(self) -> tuple[str, ...]:
        return tuple(f"x{j}" for j in range(self.first, self.first + self.count))

    def column_of(self, feature: str) -> Column:
        return Column(feature, "number")

    @cached_property
    def scaled(self) -> npt.NDArray[np.bool_]:
        return np.ones(self.count, dtype=bool)

    def encode(self, table: Table | pa.Table, rows: Rows | None = None) -> SparseRows:  # type: ignore[override]
        assert isinstance(table, SparseTable)
        return table.sparse if rows is None else table.sparse.take(rows)

    def unseen(self, table: Table | pa.Table, rows: Rows | None = None) -> dict[str, int]:
        return {}

    def to_dict(self) -> dict[str, Any]:
        target = None if self.target is None else stored.of_target(self.target)
        notes = list(self.notes)
        return {"sparse": self.count, "first": self.first, "target": target, "weight": self.weight, "notes": notes}

    @classmethod
    def from_dict(cls, data: object) -> SparseSchema:
        target, weight, notes, count, first = stored.sparse_parts(data)
        return cls((), target, weight, notes, (), count, first)


def schema_from_dict(data: object) -> Schema:
    """The schema that a model file holds, of whichever kind."""
    kind = SparseSchema if isinstance(data, dict) and "sparse" in data else Schema
    return kind.from_dict(data)


def infer_sparse(
    table: SparseTable, target: str, sample_weight: str | None = None, classes: bool | None = None
) -> SparseSchema:
    """The schema of sparse rows; rows whose target is missing are left out later. classes: as in `find_target`."""
    if target not in table.names:
        raise _no_target(table, target)
    notes: list[str] = list(table.notes)
    rows = present_rows(table, target)
    if len(rows) < table.rows:
        notes.append(f"{table.rows - len(rows):,} rows with a missing {target} left out")
    column = table.columns.column(target).take(pa.array(rows))
    if classes is not False and pa.types.is_integer(column.type) and set(column.unique().to_pylist()) == {-1, 1}:
        goal = Target(target, "classes", (-1, 1))
    else:
        goal = find_target(
            column,
            target,
            lambda name, message, row=None: table.error(message, None if row is None else int(rows[row]), name),
            notes,
            classes,
        )
    return SparseSchema((), goal, sample_weight, tuple(notes), (), table.sparse.columns, table.first_number)


def _no_target(table: SparseTable, target: str) -> SpecificationError:
    if table.first_column is None:
        message = "target: a sparse matrix has no column of that name; give an array of its values: fit(X, y)"
        return SpecificationError(message, option="target", value=target, allowed="an array of values")
    message = f"target: there is no column {target!r}; the target of an svmlight file is called {LABEL!r}"
    return SpecificationError(message, option="target", value=target, allowed=LABEL)


def table_for(schema: SparseSchema, data: Any, encoding: str | None = None) -> SparseTable:
    """Rows in the columns that a model was trained on: of a sparse matrix, an svmlight file or an array."""
    if is_path(data) or is_matrix(data) or isinstance(data, Table):
        table = data if isinstance(data, Table) else read(data, reading=Reading(encoding=encoding))
        if isinstance(table, SparseTable):
            return table.aligned(schema.count, schema.first)
    elif hasattr(data, "__array__") and not hasattr(data, "__arrow_c_stream__"):
        return SparseTable(of_dense(data, schema.count), pa.table({}), memory.NAME)
    what = path_of(data) if is_path(data) else type(data).__name__
    raise DataError(f"{what}: the model was trained on sparse rows; give a sparse matrix, an array or a .svm file")
