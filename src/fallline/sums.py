"""The order in which sums are taken: row by row inside a leaf of 1,024, leaves by one fixed binary tree.

The tree pairs neighbours: (0,1), (2,3), …, then pairs of pairs; an odd one is carried up unchanged. It is built like
a binary counter, so a stream of leaves needs one partial sum for each bit of their number.
"""

from __future__ import annotations

LEAF = 1024

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

Vector = list[float]


def add(left: Vector, right: Vector) -> Vector:
    return [a + b for a, b in zip(left, right)]


def tree_total(leaves: Iterable[Vector]) -> Vector:
    """The sum of leaves (vectors of equal length, at least one) in the order of the law, as they come."""
    partial: list[tuple[int, Vector]] = []  # (height, sum), heights falling from left to right
    for leaf in leaves:
        height = 0
        while partial and partial[-1][0] == height:
            leaf = add(partial.pop()[1], leaf)
            height += 1
        partial.append((height, leaf))
    total = partial.pop()[1]
    while partial:
        total = add(partial.pop()[1], total)
    return total


def tree_sum(values: Vector) -> float:
    """The sum of numbers in the order of the law: a sum over parameters, or over one column's rows."""
    return tree_total([[leaf_sum(values[i : i + LEAF])] for i in range(0, max(len(values), 1), LEAF)])[0]


def leaf_sum(values: Vector) -> float:
    total = 0.0
    for value in values:
        total += value
    return total
