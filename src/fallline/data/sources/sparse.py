"""Rows of which most values are 0: SciPy's matrices, and what `svmlight` reads. They become columns here.

`Rows` is all that the rest needs to know about them; whoever keeps them sparse starts from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ...errors import DataError

LIMIT = 1 << 32  # bytes that the columns may take


@dataclass(frozen=True)
class Rows:
    """Compressed sparse rows: row i has values[starts[i] : starts[i + 1]] in the columns that stand beside them."""

    starts: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    columns: int

    @property
    def count(self) -> int:
        return len(self.starts) - 1


def of_scipy(data: Any) -> Rows:
    """The rows of a SciPy sparse matrix or array; entries that stand twice at one place are added up."""
    found = data.tocsr()
    if found.ndim != 2:
        raise DataError(f"a sparse array of {found.ndim} dimensions is no table; give one of 2, rows by columns")
    if found.dtype.kind not in "buif":
        raise DataError(f"a sparse matrix of {found.dtype} is no table of numbers")
    return Rows(
        found.indptr.astype(np.int64), found.indices.astype(np.int64), found.data.astype(np.float64), found.shape[1]
    )


def dense(rows: Rows, first: int, what: str, path: str | None = None) -> pa.Table:
    """Columns x1, x2, … (or x0, x1, …) of float64 with all the zeros. DataError where they are too many."""
    size = rows.count * rows.columns * 8
    if size > LIMIT:
        shape = f"{rows.count:,} rows × {rows.columns:,} columns"
        message = f"{what}: {shape} would take {size / 1e9:,.0f} GB with all their zeros"
        mend = f"at most {LIMIT / 1e9:.0f} GB are taken: leave out columns that are rarely different from 0"
        raise DataError(f"{message}; {mend}", file=path)
    table = np.zeros((rows.columns, rows.count))
    owners = np.repeat(np.arange(rows.count), np.diff(rows.starts))
    np.add.at(table, (rows.places, owners), rows.values)
    return pa.Table.from_arrays([pa.array(x) for x in table], names=[f"x{first + at}" for at in range(len(table))])
