"""Rows that store only what is not 0: SciPy's sparse matrices, and the table that they and a target make.

SciPy itself is not needed: what a matrix has to say is in its arrays (indptr, indices, data, shape).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..errors import DataError
from . import values
from .origin import Find, in_memory
from .table import Table
from .values import Floats, Rows

Places = NDArray[np.uint32]
MOST_COLUMNS = 2**32 - 2
MOST_BYTES = 1 << 32  # that the columns may take where the zeros are written out


class SparseRows:
    """Rows of `columns` numbers of which few are stored: row i has values[k] in column indices[k], counted from 0, for
    k from spans[i, 0] to spans[i, 1] - 1. Within a row the columns rise; all else is 0.0."""

    def __init__(self, spans: Rows, indices: Places, values: Floats, columns: int):
        self.spans, self.indices, self.values, self.columns = spans, indices, values, columns

    def __len__(self) -> int:
        return len(self.spans)

    @property
    def stored(self) -> int:
        """How many numbers are stored."""
        return int((self.spans[:, 1] - self.spans[:, 0]).sum())

    def take(self, rows: Rows) -> SparseRows:
        """Some of the rows, in this order; what they store is shared."""
        return SparseRows(np.ascontiguousarray(self.spans[rows]), self.indices, self.values, self.columns)

    def entries(self) -> tuple[Rows, Places, Floats]:
        """Every stored number's row, column and value, row by row."""
        lengths = self.spans[:, 1] - self.spans[:, 0]
        starts = np.concatenate(([0], np.cumsum(lengths)))
        rows = np.repeat(np.arange(len(self)), lengths)
        places = np.arange(starts[-1]) + (self.spans[:, 0] - starts[:-1])[rows]
        return rows, self.indices[places], self.values[places]

    def narrow(self) -> SparseRows:
        """The same rows with their numbers in float32; OverflowError where one is too large."""
        with np.errstate(over="ignore"):
            values: Floats = self.values.astype(np.float32)
        if np.isinf(values).any():
            raise OverflowError
        return SparseRows(self.spans, self.indices, values, self.columns)

    def dense(self) -> Floats:
        """The rows as an array (n, columns)."""
        array = np.zeros((len(self), self.columns))
        rows, columns, values = self.entries()
        array[rows, columns] = values
        return array

    def products(self, coefficients: Floats) -> Floats:
        """Each row's sum of value * coefficient, column by column from 0.0."""
        rows, columns, values = self.entries()
        return np.bincount(rows, weights=values * coefficients[columns], minlength=len(self)).astype(np.float64)

    def column_sizes(self) -> Floats:
        """The mean of |value| in each column, zeros counted."""
        _, columns, values = self.entries()
        return np.bincount(columns, weights=np.abs(values), minlength=self.columns) / max(len(self), 1)


class SparseTable(Table):
    """Sparse rows, and beside them an Arrow table of the target and the weights, which alone are its `columns`.

    first_column: the number of the first column as the file counts them; None for a matrix, whose columns only stand
    in an order (their names begin with x1).
    """

    def __init__(
        self,
        sparse: SparseRows,
        beside: pa.Table,
        name: str,
        path: str | None = None,
        first_column: int | None = None,
        target: str | None = None,
        find: Find = in_memory,
        notes: Sequence[str] = (),
        first: int = 0,
    ):
        super().__init__(beside, name, path, target, find, (), notes, first)
        self.sparse, self.first_column = sparse, first_column

    @property
    def rows(self) -> int:
        return len(self.sparse)

    @property
    def first_number(self) -> int:
        """The number in the name of the first column."""
        return 1 if self.first_column is None else self.first_column

    def append(self, name: str, column: pa.Array | pa.ChunkedArray) -> None:
        names = self.columns.column_names  # there may be none: then append_column would want as many rows
        columns = pa.Table.from_arrays([*self.columns.columns, column], names=[*names, name])
        self.columns = values.without_views(columns)

    def slice(self, start: int, count: int) -> SparseTable:
        """Some rows that follow one another, as a piece of this table."""
        rows = self.sparse.take(np.arange(start, min(start + count, self.rows)))
        beside = self.columns.slice(start, count) if self.columns.num_columns else self.columns
        at = self.first + start
        return SparseTable(rows, beside, self.name, self.path, self.first_column, self.target, self.find, (), at)

    def aligned(self, columns: int, first_column: int) -> SparseTable:
        """The same rows in the columns that a model knows: what stands in columns beyond is left out.

        DataError for a matrix of another width, and for a file that counts from 0 where the model's counted from 1.
        """
        rows = self.sparse
        if self.first_column is None and rows.columns != columns:
            raise DataError(f"{self.name} has {rows.columns:,} columns, where the model was trained on {columns:,}")
        owners, places, numbers = rows.entries()
        shift = self.first_number - first_column if self.first_column is not None else 0
        if shift < 0 and len(places) and int(places.min()) == 0:
            row = int(owners[int(np.argmin(places))])
            raise self.error("an index is 0, where the model's own file counted its columns from 1", row)
        if shift == 0 and rows.columns <= columns:
            rows = SparseRows(rows.spans, rows.indices, rows.values, columns)
        else:
            moved = places.astype(np.int64) + shift
            kept = moved < columns
            ends = np.cumsum(np.bincount(owners[kept], minlength=len(rows)))
            rows = SparseRows(spans_between(ends), moved[kept].astype(np.uint32), numbers[kept], columns)
        found = self.slice(0, self.rows)
        found.sparse, found.first_column, found.notes = rows, first_column, self.notes
        return found

    @property
    def filled_names(self) -> list[str]:
        """The names of all columns, the sparse ones too: x1, x2, …"""
        first = self.first_number
        return [*self.names, *(f"x{j}" for j in range(first, first + self.sparse.columns))]

    def filled(self, needed: Sequence[str] | None = None) -> pa.Table:
        """The named columns (all of them if None) with their zeros written out; one that is nowhere stored is 0.

        DataError where they would take too much memory.
        """
        count = len(self.names) + self.sparse.columns if needed is None else len(needed)
        size = 8 * count * self.rows
        if size > MOST_BYTES:
            raise self.error(
                f"{self.rows:,} rows × {count:,} columns would take {size / 1e9:,.0f} GB with all their zeros; at most "
                f"{MOST_BYTES / 1e9:.0f} GB are taken: leave out columns that are rarely different from 0"
            )
        names = self.filled_names if needed is None else list(needed)
        own = [name for name in names if name not in self.names]
        order = sorted(range(len(own)), key=lambda i: int(own[i][1:]))
        wanted = np.array([int(own[i][1:]) - self.first_number for i in order], dtype=np.int64)
        rows, places, numbers = self.sparse.entries()
        table = np.zeros((len(own), self.rows))
        if len(wanted):
            at = np.minimum(np.searchsorted(wanted, places), len(wanted) - 1)
            hit = wanted[at] == places
            table[np.array(order)[at[hit]], rows[hit]] = numbers[hit]
        columns = dict(zip(own, table))
        arrays = [pa.array(columns[name]) if name in columns else self.columns.column(name) for name in names]
        return pa.Table.from_arrays(arrays, names=names)

    def _hashed(self) -> str:
        found = super()._hashed()
        if self.path is not None:
            return found
        digest = hashlib.blake2b(repr((found, self.sparse.columns)).encode(), digest_size=16)
        lengths = self.sparse.spans[:, 1] - self.sparse.spans[:, 0]
        for part in (lengths, *self.sparse.entries()[1:]):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()


def filled(table: Table) -> Table:
    """The table with all zeros written out, if it is sparse: for a schema of ordinary columns."""
    if not isinstance(table, SparseTable):
        return table
    return Table(table.filled(), table.name, table.path, table.target, table.find, table.files, table.notes)


def spans_between(ends: Rows) -> Rows:
    """The spans of rows that lie one after the other, from the place where each ends."""
    return np.ascontiguousarray(np.column_stack([np.concatenate(([0], ends[:-1])), ends]).astype(np.int64))


def is_matrix(data: object) -> bool:
    """Whether this is a sparse matrix or array of SciPy's, in whatever format."""
    return hasattr(data, "tocsr") and hasattr(data, "shape")


def of_matrix(data: Any) -> SparseRows:
    """A sparse matrix's rows; DataError for one that cannot be used. Entries that stand twice are added up."""
    if len(data.shape) != 2:
        raise DataError(f"a sparse array of {len(data.shape)} dimensions is no table; give one of 2, rows by columns")
    matrix = data.tocsr()
    rows, columns = (int(size) for size in matrix.shape)
    if matrix.data.dtype.kind not in "fiub":
        raise DataError(f"the sparse matrix holds {matrix.data.dtype} values; give numbers")
    if columns == 0 or rows == 0:
        raise DataError(f"the sparse matrix has {rows:,} rows and {columns:,} columns; give at least one of each")
    if columns > MOST_COLUMNS:
        raise DataError(f"the sparse matrix has {columns:,} columns; at most {MOST_COLUMNS:,} are possible")
    indptr = np.asarray(matrix.indptr, dtype=np.int64)
    indices, values = np.asarray(matrix.indices), np.asarray(matrix.data)
    _check_structure(indptr, indices, values, rows, columns)
    if not _rising(indptr, indices):
        matrix = matrix.copy()  # the caller's stays as it is
        matrix.sum_duplicates()
        indptr = np.asarray(matrix.indptr, dtype=np.int64)
        indices, values = np.asarray(matrix.indices), np.asarray(matrix.data)
    spans = np.ascontiguousarray(np.column_stack([indptr[:-1], indptr[1:]]))
    found = SparseRows(
        spans,
        np.ascontiguousarray(indices, dtype=np.uint32),
        np.ascontiguousarray(values, dtype=np.float64),
        columns,
    )
    _check_finite(found)
    return found


def of_dense(data: Any, columns: int) -> SparseRows:
    """An array's rows, for a model that was trained on sparse ones."""
    array = np.asarray(data, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != columns:
        raise DataError(f"an array of shape {array.shape}, where the model was trained on {columns:,} columns")
    rows, places = np.nonzero(array)  # NaN is not 0 either
    ends = np.searchsorted(rows, np.arange(len(array)), side="right")
    found = SparseRows(spans_between(ends), places.astype(np.uint32), array[rows, places], columns)
    _check_finite(found)
    return found


def _check_structure(indptr: Rows, indices: NDArray[Any], values: NDArray[Any], rows: int, columns: int) -> None:
    """SciPy does not look: a matrix that contradicts itself would be read outside of its memory."""
    sound = (
        len(indptr) == rows + 1
        and indptr[0] == 0
        and bool(np.all(indptr[1:] >= indptr[:-1]))
        and indptr[-1] <= min(len(indices), len(values))
    )
    stored = indices[: indptr[-1]]
    if sound and len(stored):
        sound = int(stored.min()) >= 0 and int(stored.max()) < columns
    if not sound:
        raise DataError("the sparse matrix contradicts itself: its indptr or indices point outside of it")


def _rising(indptr: Rows, indices: NDArray[Any]) -> bool:
    """Whether the columns rise within each row, so that none stands twice."""
    stored = indices[: indptr[-1]]
    steps = stored[1:] > stored[:-1]
    starts = indptr[1:-1]
    steps[starts[(starts > 0) & (starts < len(stored))] - 1] = True  # from one row to the next they may fall
    return bool(steps.all())


def _check_finite(rows: SparseRows) -> None:
    if np.isfinite(rows.values).all():
        return
    numbers, columns, values = rows.entries()
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        row, column, value = int(numbers[wrong[0]]), int(columns[wrong[0]]), values[wrong[0]]
        raise DataError(
            f"the sparse matrix, row {row + 1:,}, column 'x{column + 1}': the value is {value}; a stored number must "
            f"be finite",
            row=row + 1,
            column=f"x{column + 1}",
        )
