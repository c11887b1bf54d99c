"""Sums over the stored numbers of each column, by the leaves and the tree of every other sum over rows."""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from ..sums import LEAF
from .room import zeroed_floats
from .sparse import marks_for
from .sparse_loops import BLOCK_BITS, carry, collapse, digits


def sparse_column_sums(spans, indices, values, shifts, squared, out):
    """out <- each column's sum of x, or of (x - shift)², over what is not 0."""
    height = digits(spans.shape[0])
    columns = out.shape[0]
    slots = zeroed_floats((height + 1, columns))
    marks = np.zeros((height + 1, marks_for(columns)), dtype=np.uint8)
    places = np.arange(height + 1)
    count = 0
    for begin in range(0, spans.shape[0], LEAF):
        at = places[height]
        for row in range(begin, min(begin + LEAF, spans.shape[0])):
            for k in range(spans[row, 0], spans[row, 1]):
                j = indices[k]
                x = values[k]
                deviation = x - shifts[j]
                if x != 0.0:
                    slots[at, j] += deviation * deviation if squared else x
                marks[at, np.int64(j) >> BLOCK_BITS] = 1
        carry(count, places, slots, marks, columns)
        count += 1
    collapse(count, places, slots, marks, columns)
    for j in range(columns):
        out[j] = slots[places[height], j]
