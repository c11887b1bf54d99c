"""The schema of sparse rows: as many numbers as there are columns, x1, x2, …, and the target."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..errors import DataError, SpecificationError
from . import stored
from .columns import Target
from .infer import present_rows
from .schema import Schema
from .sources import memory
from .sparse import SparseRows, SparseTable, is_matrix, of_dense, of_matrix
from .svmlight import LABEL, is_svmlight, read_svmlight
from .table import Table
from .targets import find_target
from .values import Rows

NAME = "the sparse matrix"
WEIGHT = "sample weight"


@dataclass(frozen=True)
class SparseSchema(Schema):
    """count: how many columns there are. first: the number in the first one's name."""

    count: int = 0
    first: int = 1

    @cached_property
    def features(self) -> tuple[str, ...]:
        return tuple(f"x{j}" for j in range(self.first, self.first + self.count))

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
        return cls((), target, weight, notes, count, first)


def schema_from_dict(data: object) -> Schema:
    """The schema that a model file holds, of whichever kind."""
    kind = SparseSchema if isinstance(data, dict) and "sparse" in data else Schema
    return kind.from_dict(data)


def is_sparse(data: object) -> bool:
    """Whether `fit` keeps these rows sparse: a matrix of SciPy's, or an svmlight file."""
    return is_matrix(data) or is_svmlight(data) or isinstance(data, SparseTable)


def sparse_table(data: Any, target: Any = None, sample_weight: Any = None) -> tuple[SparseTable, str, str | None]:
    """The rows with target and weights beside them, and the names of these two.

    target: of a matrix an array, of a file the name `label`, which may be left out, or an array.
    """
    if is_matrix(data):
        if target is None or isinstance(target, str):
            message = "target: a sparse matrix has no column of that name; give an array of its values: fit(X, y)"
            raise SpecificationError(message, option="target", value=target, allowed="an array of values")
        table = SparseTable(of_matrix(data), pa.table({}), NAME)
    else:
        table = read_svmlight(os.fspath(data))
    name: str = LABEL if target is None else target
    if not isinstance(name, str):
        wanted = getattr(target, "name", None)
        name = wanted if isinstance(wanted, str) and wanted else "y"
        _add(table, "target", name, target)
        table.target = name
    elif name != LABEL:
        message = f"target: there is no column {name!r}; the target of an svmlight file is called {LABEL!r}"
        raise SpecificationError(message, option="target", value=name, allowed=LABEL)
    if sample_weight is None:
        return table, name, None
    if isinstance(sample_weight, str):
        message = f"sample_weight: there is no column {sample_weight!r}: sparse rows have none; give an array"
        raise SpecificationError(message, option="sample_weight", value=sample_weight, allowed="an array of numbers")
    _add(table, "sample_weight", WEIGHT, np.asarray(sample_weight, dtype=np.float64))
    table.path = None  # what the file holds is no longer all that the run is made of
    return table, name, WEIGHT


def _add(table: SparseTable, option: str, name: str, values: Any) -> None:
    column = memory.column(values, name)
    if len(column) != table.rows:
        message = f"{option} has {len(column):,} values, and there are {table.rows:,} rows: give one for each"
        raise DataError(f"{table.name}: {message}", file=table.path)
    names = [other for other in table.columns.column_names if other != name]
    columns = [table.columns.column(other) for other in names]
    table.columns = pa.Table.from_arrays([*columns, column], names=[*names, name])


def infer_sparse(table: SparseTable, target: str, sample_weight: str | None = None) -> SparseSchema:
    """The schema of sparse rows; rows whose target is missing are left out later."""
    notes: list[str] = []
    rows = present_rows(table, target)
    if len(rows) < table.rows:
        notes.append(f"{table.rows - len(rows):,} rows with a missing {target} left out")
    column = table.columns.column(target).take(pa.array(rows))
    if pa.types.is_integer(column.type) and set(column.unique().to_pylist()) == {-1, 1}:
        goal = Target(target, "classes", (-1, 1))
    else:
        goal = find_target(
            column,
            target,
            lambda name, message, row=None: table.error(message, None if row is None else int(rows[row]), name),
            notes,
        )
    return SparseSchema((), goal, sample_weight, tuple(notes), table.sparse.columns, table.first)


def table_for(schema: SparseSchema, data: Any) -> SparseTable:
    """Rows to predict for, in the columns that a model was trained on: a matrix, an svmlight file or an array."""
    if isinstance(data, SparseTable):
        table = data
    elif is_svmlight(data):
        return read_svmlight(os.fspath(data), schema.count, schema.first)
    elif is_matrix(data):
        table = SparseTable(of_matrix(data), pa.table({}), NAME, first=schema.first)
    elif hasattr(data, "__array__") and not hasattr(data, "__arrow_c_stream__"):
        table = SparseTable(of_dense(data, schema.count), pa.table({}), "the table", first=schema.first)
    else:
        what = os.fspath(data) if isinstance(data, str | os.PathLike) else type(data).__name__
        raise DataError(f"{what}: the model was trained on sparse rows; give a sparse matrix, an array or a .svm file")
    if table.sparse.columns != schema.count:
        found, wanted = table.sparse.columns, schema.count
        raise DataError(f"{table.name} has {found:,} columns, where the model was trained on {wanted:,}")
    return table
