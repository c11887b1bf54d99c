"""Norms of gradients that are 0.0 in most places: the bytes of `tree_loops.tree_sum_of_squares`."""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from ..scalar import where
from ..sums import LEAF
from .leaf_loops import own_weights
from .prefetch import prefetch
from .room import floats, integers, zeroed_floats
from .step_loops import mean_slope
from .tree_loops import DEPTH
from .vectors import read

LEAF_BITS = LEAF.bit_length() - 1
WORTH_A_SWEEP = 16  # leaves of parameters for each one touched, up to which the whole tree is gone through
AHEAD = 8  # rows


def row_norms(table, rows, leaf_places, width, most, shares, norms):
    """norms[i] <- the gradient's norm of a step on rows[i] alone, whose share was shares[i]. table: what it needs of
    `SparseArrays.scored`. leaf_places, width: see `sparse.leaves_of`. most: numbers stored in a row."""
    spans, indices, values, weight, inverse_scales, intercept = table
    columns = inverse_scales.shape[0]
    each = own_weights(weight)
    touched, gradient, leaves = integers(most + 1), floats(most + 1), zeroed_floats(width)
    for i in range(rows.shape[0]):
        later = rows[min(i + AHEAD, rows.shape[0] - 1)]
        prefetch(indices, spans[later, 0])
        prefetch(values, spans[later, 0])
        row = rows[i]
        first, w, share = spans[row, 0], weight[row * each], shares[i]
        count = spans[row, 1] - first
        norms[i] = 0.0
        if w != 0.0:
            spoilt = not abs(share) < np.inf and count < columns
            for n in range(count):
                j = indices[first + n]
                touched[n] = j
                gradient[n] = mean_slope(0.0 + share * values[first + n], inverse_scales[j], w)
            if intercept:
                touched[count] = columns
                gradient[count] = mean_slope(0.0 + share, 1.0, w)
                count += 1
            norms[i] = np.nan if spoilt else norm_of(count, touched, gradient, leaf_places, leaves)


def norm_of(count, touched, gradient, leaf_places, leaves):
    """The norm of the touched features' gradients, which stand in order; all others are 0.0."""
    if leaf_places.shape[0] > WORTH_A_SWEEP * count:
        return np.sqrt(sum_of_touched(count, touched, gradient))
    write_leaves(count, touched, gradient, leaf_places, leaves)
    return np.sqrt(sum_of_leaves(leaves))


def sum_of_touched(count, touched, gradient):
    """`tree_loops.tree_sum_of_squares` of a vector that is 0.0 but for these entries, which stand in order.

    Leaves of zeros add 0.0, so only those with an entry are added: two of them meet at the height of the highest bit
    in which their numbers differ.
    """
    waiting = floats(DEPTH)  # sums that wait for their right-hand neighbour, the widest at the bottom
    joins = integers(DEPTH)
    depth = 0
    found = 0.0
    before = np.int64(-1)
    n = 0
    while n < count:
        place = np.int64(touched[n]) >> LEAF_BITS
        sum_of_squares = 0.0
        while n < count and np.int64(touched[n]) >> LEAF_BITS == place:
            sum_of_squares += gradient[n] * gradient[n]
            n += 1
        if before >= 0:
            join = before ^ place
            while depth > 0 and joins[depth - 1] < join:
                depth -= 1
                found = waiting[depth] + found
            waiting[depth] = found
            joins[depth] = join
            depth += 1
        found = sum_of_squares
        before = place
    while depth > 0:
        depth -= 1
        found = waiting[depth] + found
    return found


def write_leaves(count, touched, gradient, leaf_places, leaves):
    """The leaves' sums of squares, each at its place in `leaves`, which is 0.0 elsewhere.

    A sum so far is written over and over: to read it again, to add to it, would be a wait for each entry. As it is,
    one addition waits for another; so the row is cut in two, between two leaves, and both parts are added up at once.
    """
    middle = (count + 1) // 2
    while 0 < middle < count and leaf_of(touched, middle) == leaf_of(touched, middle - 1):
        middle += 1
    found, other = 0.0, 0.0
    before, other_before = np.int64(-1), np.int64(-1)
    for n in range(count - middle):
        found, before = add_square(n, found, before, touched, gradient, leaf_places, leaves)
        other, other_before = add_square(middle + n, other, other_before, touched, gradient, leaf_places, leaves)
    for n in range(count - middle, middle):
        found, before = add_square(n, found, before, touched, gradient, leaf_places, leaves)


def leaf_of(touched, n):
    return read(touched, n, 3) >> LEAF_BITS


def add_square(n, found, before, touched, gradient, leaf_places, leaves):
    """An entry's square to the sum of its leaf, if that is the one before's, else to 0.0. Return sum and leaf."""
    leaf = leaf_of(touched, n)
    g = read(gradient, n, 0)
    found = where(leaf == before, found, 0.0) + g * g
    leaves[np.uint64(read(leaf_places, leaf, 4))] = found
    return found, leaf


def sum_of_leaves(leaves):
    """The tree over all leaves, level by level. A leaf's place is its number with the bits reversed: so the two leaves
    of a pair, and the two halves of every level, are half the width apart, and a level is one addition of vectors.
    The leaves are 0.0 again afterwards."""
    width = leaves.shape[0]
    while width > 1:
        width >>= 1
        for i in range(width):
            leaves[i] += leaves[width + i]
            leaves[width + i] = 0.0
    found = leaves[0]
    leaves[0] = 0.0
    return found
