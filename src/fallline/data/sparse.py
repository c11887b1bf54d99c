"""Rows that store only what is not 0: SciPy's sparse matrices, and the table that they and a target make.

SciPy itself is not needed: what a matrix has to say is in its arrays (indptr, indices, data, shape).
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..errors import DataError
from .table import Table
from .values import Floats, Rows

Places = NDArray[np.uint32]
MOST_COLUMNS = 2**32 - 2


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
    """Sparse rows, and beside them an Arrow table of the target and the weights. first: the number in the name of the
    first column, as a file counts them."""

    def __init__(self, sparse: SparseRows, beside: pa.Table, name: str, path: str | None = None, first: int = 1):
        super().__init__(beside, name, path)
        self.sparse, self.first = sparse, first
        self.lines: Rows | None = None  # of a file: the line of each row

    @property
    def rows(self) -> int:
        return len(self.sparse)

    def beside(self) -> Table:
        """Target and weights as a table of their own."""
        return Table(self.columns, self.name, self.path, self.target, None if self.lines is None else self.line)

    def line(self, row: int) -> int | None:
        """The line of a file on which a row stands."""
        return None if self.lines is None else int(self.lines[row])

    def where(self, row: int) -> str:
        return f"row {row + 1:,}" + ("" if self.lines is None else f" (line {self.line(row):,})")

    def narrowed(self, columns: int) -> SparseTable:
        """The same rows with this many columns; what stands in columns beyond is left out."""
        rows = self.sparse
        if rows.columns > columns:
            owners, places, values = rows.entries()
            kept = places < columns
            ends = np.cumsum(np.bincount(owners[kept], minlength=len(rows)))
            spans = np.ascontiguousarray(np.column_stack([np.concatenate(([0], ends[:-1])), ends]).astype(np.int64))
            rows = SparseRows(spans, places[kept], values[kept], columns)
        rows.columns = columns
        self.sparse = rows
        return self

    def _hashed(self) -> str:
        found = super()._hashed()
        if self.path is not None:
            return found
        digest = hashlib.blake2b(repr((found, self.sparse.columns)).encode(), digest_size=16)
        lengths = self.sparse.spans[:, 1] - self.sparse.spans[:, 0]
        for part in (lengths, *self.sparse.entries()[1:]):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()


def is_matrix(data: object) -> bool:
    """Whether this is a sparse matrix or array of SciPy's, in whatever format."""
    return hasattr(data, "tocsr") and hasattr(data, "shape") and hasattr(data, "nnz")


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
    spans = np.column_stack([np.concatenate(([0], ends[:-1])), ends]).astype(np.int64)
    found = SparseRows(np.ascontiguousarray(spans), places.astype(np.uint32), array[rows, places], columns)
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
