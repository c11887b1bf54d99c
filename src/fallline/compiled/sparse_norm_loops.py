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
MANY = 16  # touched parameters a leaf
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
    if count > MANY * leaf_places.shape[0]:
        write_full_leaves(count, touched, gradient, leaf_places, leaves)
    else:
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


def write_full_leaves(count, touched, gradient, leaf_places, leaves):
    """The same where a leaf has many entries: it is found where each begins, and four are added up at once."""
    end = 0
    for leaf in range(0, leaf_places.shape[0], 4):
        first = end
        second = leaf_start(leaf + 1, touched, first, count)
        third = leaf_start(leaf + 2, touched, second, count)
        fourth = leaf_start(leaf + 3, touched, third, count)
        end = leaf_start(leaf + 4, touched, fourth, count)
        common = min(second - first, third - second)
        common = min(common, min(fourth - third, end - fourth))  # noqa: PLW3301 - of two alone here
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        for n in range(common):
            a += square(gradient, first + n)
            b += square(gradient, second + n)
            c += square(gradient, third + n)
            d += square(gradient, fourth + n)
        a = more_squares(a, gradient, first + common, second)
        b = more_squares(b, gradient, second + common, third)
        c = more_squares(c, gradient, third + common, fourth)
        d = more_squares(d, gradient, fourth + common, end)
        for k in range(min(4, leaf_places.shape[0] - leaf)):
            leaves[leaf_places[leaf + k]] = a if k == 0 else b if k == 1 else c if k == 2 else d


def leaf_start(leaf, touched, first, last):
    """Where the entries of this leaf, or of the next that has some, begin between first and last."""
    while first < last:
        middle = (first + last) >> 1
        if leaf_of(touched, middle) < leaf:
            first = middle + 1
        else:
            last = middle
    return first


def square(gradient, n):
    g = read(gradient, n, 0)
    return g * g


def more_squares(found, gradient, first, last):
    for n in range(first, last):
        found += square(gradient, n)
    return found


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
