"""Sums in the order of the law: a binary counter of partial sums, as in `fallline.sums`, over arrays.

This text, like that of every `…_loops.py`, is pasted into the generated kernels (see `generate.py`) and compiled there.
"""

# mypy: ignore-errors

from __future__ import annotations

from ..sums import LEAF
from .room import floats, zeroed_floats

DEPTH = 48  # a tree over 2^48 leaves: more rows than any disk holds


def push(partial, leaf, count):
    """Add leaf number `count` (from 0) to the tree: a binary counter, whose digit h is a sum of 2^h leaves."""
    height = 0
    while (count >> height) & 1:
        for j in range(leaf.shape[0]):
            leaf[j] = partial[height, j] + leaf[j]
        height += 1
    for j in range(leaf.shape[0]):
        partial[height, j] = leaf[j]


def total(partial, count, out):
    """The tree's sum over `count` leaves: its digits from the smallest to the largest, the larger one on the left."""
    first = True
    for height in range(DEPTH):
        if (count >> height) & 1:
            for j in range(out.shape[0]):
                out[j] = partial[height, j] if first else partial[height, j] + out[j]
            first = False


def combine(leaves, out):
    """The tree's sum over leaves that are all there."""
    partial = floats((DEPTH, leaves.shape[1]))
    for leaf in range(leaves.shape[0]):
        push(partial, leaves[leaf], leaf)
    total(partial, leaves.shape[0], out)


def tree_sum_of_squares(values):
    """The sum of squares over parameters, in the order of the law."""
    partial = floats((DEPTH, 1))
    leaf = floats(1)
    out = zeroed_floats(1)
    count = 0
    for begin in range(0, values.shape[0], LEAF):
        sum_of_squares = 0.0
        for j in range(begin, min(begin + LEAF, values.shape[0])):
            sum_of_squares += values[j] * values[j]
        leaf[0] = sum_of_squares
        push(partial, leaf, count)
        count += 1
    total(partial, count, out)
    return out[0]
