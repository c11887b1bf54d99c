"""`plain.scaling.uncentred_scale` over sparse columns, in two passes over what is stored, with the same bytes."""

from __future__ import annotations

import numpy as np

from ..data.sparse import SparseRows
from ..plain.scaling import finish_uncentred, unscalable
from .on_demand import sparse_table_kernel
from .runtime import Floats


def sparse_scales(rows: SparseRows, names: tuple[str, ...]) -> Floats:
    """The scales of the columns; DataError for one whose spread is not a normal number."""
    kernel = sparse_table_kernel().sparse_column_sums
    columns, count = rows.columns, len(rows)
    sums, squares = np.empty((2, columns))
    table = rows.spans, rows.indices, rows.values
    kernel(*table, np.zeros(columns), False, sums)
    shifts = sums / count
    kernel(*table, shifts, True, squares)
    stored, lowest, highest = _extremes(rows)
    scales = np.ones(columns)
    for j in np.flatnonzero(stored).tolist():
        varies = stored[j] < count or lowest[j] < highest[j]
        try:
            scales[j] = finish_uncentred(
                float(shifts[j]), float(squares[j]), count - int(stored[j]), count, bool(varies)
            )
        except ValueError:
            raise unscalable(names[j]) from None
    return scales


def _extremes(rows: SparseRows) -> tuple[Floats, Floats, Floats]:
    """How many numbers of each column are not 0, the smallest of them and the largest."""
    _, places, values = rows.entries()
    places, values = places[values != 0.0], values[values != 0.0]
    lowest, highest = np.full(rows.columns, np.inf), np.full(rows.columns, -np.inf)
    np.minimum.at(lowest, places, values)
    np.maximum.at(highest, places, values)
    return np.bincount(places, minlength=rows.columns).astype(np.float64), lowest, highest
