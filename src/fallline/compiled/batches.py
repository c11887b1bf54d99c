"""Batches as the kernels take them: all rows in one array, and where each batch begins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..order.batches import Batches

Rows = NDArray[np.int64]


class Layout:
    """Lays batches out. A batch of all rows stands in the same order in every step: its repetition is kept."""

    def __init__(self) -> None:
        self._repeated: tuple[Rows | None, int, Rows] = (None, 0, np.empty(0, dtype=np.int64))

    def __call__(self, batches: Batches | Sequence[Rows]) -> tuple[Rows, Rows]:
        """The rows, and count + 1 bounds: batch t is rows[bounds[t]:bounds[t + 1]]."""
        if not isinstance(batches, Batches):
            sizes = [len(batch) for batch in batches]
            return np.concatenate(batches).astype(np.int64, copy=False), np.cumsum([0, *sizes])
        size, pieces = batches.batch_rows, batches.pieces
        if len(pieces) == 1:
            order, first, last = pieces[0]
            bounds = np.arange(first * size, last * size + 1, size)
            bounds[-1] = min(bounds[-1], batches.rows)
            return order, bounds
        if size >= batches.rows:
            order, count = pieces[0][0], len(pieces)
            if self._repeated[0] is not order or self._repeated[1] < count:
                self._repeated = (order, count, np.tile(order, count))
            return self._repeated[2], np.arange(count + 1) * batches.rows
        parts, ends = [], [np.zeros(1, dtype=np.int64)]
        for order, first, last in pieces:
            start = int(ends[-1][-1]) - first * size
            parts.append(order[first * size : min(last * size, batches.rows)])
            ends.append(start + np.minimum(np.arange(first + 1, last + 1) * size, batches.rows))
        return np.concatenate(parts), np.concatenate(ends)
