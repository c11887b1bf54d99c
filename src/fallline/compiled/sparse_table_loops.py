"""Sums over the stored numbers of each column, by the leaves and the tree of every other sum over rows."""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from ..sums import LEAF
from .room import zeroed_floats
from .sparse_loops import carry, collapse, digits


def sparse_column_sums(spans, indices, values, shifts, squared, out):
    """out <- each column's sum of x, or of (x - shift)², over what is not 0."""
    height = digits(spans.shape[0])
    columns = out.shape[0]
    slots = zeroed_floats((height + 1, columns))
    words = (columns + 63) >> 6
    marks = np.zeros((height + 1, words), dtype=np.int64)
    summary = np.zeros((height + 1, (words + 63) >> 6), dtype=np.int64)
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
                word = np.int64(j) >> 6
                marks[at, word] |= 1 << (np.int64(j) & 63)
                summary[at, word >> 6] |= 1 << (word & 63)
        carry(count, places, slots, marks, summary)
        count += 1
    collapse(count, places, slots, marks, summary)
    for j in range(columns):
        out[j] = slots[places[height], j]
