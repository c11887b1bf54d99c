"""From sparse rows to the sums of a batch, as `leaf_loops.py` does from dense ones, with the same bytes.

What a row does not store is 0: it adds 0.0 to a score and to a gradient, which changes no bit of a sum that started
from 0.0, as long as coefficients and slopes are finite. So it is left out. Sparse features are never centred.

A row's stored entries are `indices[k]` (rising) and `values[k]` for k from spans[row, 0] to spans[row, 1] - 1. Sums
over rows stand in a *slot*: a vector with an entry for every feature, and marks, one byte for each BLOCK of entries of
which any is in use, so that a batch's features are found again in order without looking at all. Every other entry is
0.0. Behind the features stand three numbers: the intercept's sum, the loss, the weight.

Bound by the kernel: `row_loss(score, target, loss_numbers)` and `gradient_point(theta, state, j, numbers)`.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np

from ..sums import LEAF
from .leaf_loops import slopes
from .prefetch import lowest_bit, prefetch
from .sparse import BLOCK
from .tree_loops import push, total
from .vectors import read, write

AHEAD = 4  # rows whose entries are asked for before they are needed
FURTHER = 16  # times as many, for the order
LINE_OF_INDICES = 16  # entries in a cache line
LINE_OF_VALUES = 8
BLOCK_BITS = BLOCK.bit_length() - 1


def ask_for(spans, indices, values, target, rows, i):
    """Ask for the entries of a row some places ahead, and for the place and the target of one that comes later still;
    and for the order itself, which among rows from anywhere is not seen to be a stream."""
    prefetch(rows, i + FURTHER * AHEAD)
    if i + 2 * AHEAD < rows.shape[0]:
        later = rows[i + 2 * AHEAD]
        prefetch(spans, 2 * later)
        prefetch(target, later)
    if i + AHEAD < rows.shape[0]:
        row = rows[i + AHEAD]
        first, last = spans[row, 0], spans[row, 1]
        for k in range(first, last + LINE_OF_INDICES, LINE_OF_INDICES):
            prefetch(indices, k)
        for k in range(first, last + LINE_OF_VALUES, LINE_OF_VALUES):
            prefetch(values, k)


def two_scores(which, spans, indices, values, inverse_scales, scaled, theta, state, numbers):
    """Two rows' terms, feature by feature; the intercept is still to come. Each addition waits for the one before it:
    two rows take hardly longer than one."""
    row, other = which
    first, second = spans[row, 0], spans[other, 0]
    count, other_count = spans[row, 1] - first, spans[other, 1] - second
    score, other_score = 0.0, 0.0
    both = min(count, other_count)
    for n in range(both):
        score += term(first + n, indices, values, inverse_scales, scaled, theta, state, numbers)
        other_score += term(second + n, indices, values, inverse_scales, scaled, theta, state, numbers)
    for n in range(both, count):
        score += term(first + n, indices, values, inverse_scales, scaled, theta, state, numbers)
    for n in range(both, other_count):
        other_score += term(second + n, indices, values, inverse_scales, scaled, theta, state, numbers)
    return score, other_score


def term(k, indices, values, inverse_scales, scaled, theta, state, numbers):
    j = read(indices, k, 4)
    w = gradient_point(read(theta, j, 1), state, j, numbers)
    return read(values, k, 5) * (w * read(inverse_scales, j, 6) if scaled else w)


def leaf_shares(table, rows, begin, end, theta, state, numbers, scratch, b, sums):
    """The rows' weight * slope in scratch[0], and their sums (intercept, loss, weight). Return whether a share is not
    finite in a row with features that are not stored: their gradient is then 0 * infinity. table:
    `SparseArrays.scored`."""
    spans, indices, values, target, weight, inverse_scales, scaled, intercept, loss_numbers = table
    columns = inverse_scales.shape[0]
    shares = scratch[0]
    if intercept:
        b[0] = gradient_point(theta[columns], state, columns, numbers)
    for i in range(begin, end, 2):
        last = min(i + 1, end - 1)
        ask_for(spans, indices, values, target, rows, i)
        ask_for(spans, indices, values, target, rows, last)
        which = rows[i], rows[last]
        if scaled:
            found = two_scores(which, spans, indices, values, inverse_scales, 1, theta, state, numbers)
        else:
            found = two_scores(which, spans, indices, values, inverse_scales, 0, theta, state, numbers)
        shares[last - begin] = found[1]
        shares[i - begin] = found[0]
    for i in range(3):
        sums[i] = 0.0
    slopes((spans, target, weight, sums[:0], intercept, loss_numbers), b, rows, begin, end, scratch, sums)
    spoilt = False
    for i in range(begin, end):
        if not abs(shares[i - begin]) < np.inf:
            spoilt |= spans[rows[i], 1] - spans[rows[i], 0] < columns
    return spoilt


def add_leaf(spans, indices, values, rows, begin, end, shares, slot, marks):
    """Add the rows' gradients to a slot, row by row."""
    for i in range(begin, end):
        row = rows[i]
        share = shares[i - begin]
        for k in range(spans[row, 0], spans[row, 1]):
            j = np.uint64(read(indices, k, 4))
            slot[j] += share * read(values, k, 5)
            marks[j >> np.uint64(BLOCK_BITS)] = 1


def any_marked(marks, first):
    """Whether a block is marked of the BLOCK from this one on; marks stand in whole BLOCKs of them."""
    found = 0
    for i in range(BLOCK):
        found |= read(marks, first + i, 2)
    return found != 0


def merge(slot, marks, columns, into, into_marks):
    """into <- into + slot, which is left empty. What is not in use is 0.0 in both: no bit of a sum changes by it."""
    for group in range(0, marks.shape[0], BLOCK):
        if any_marked(marks, group):
            for block in range(group, group + BLOCK):
                if marks[block] != 0:
                    marks[block] = 0
                    into_marks[block] = 1
                    for j in range(block << BLOCK_BITS, min((block + 1) << BLOCK_BITS, columns)):
                        into[np.uint64(j)] += read(slot, j, 1)
                        write(slot, j, 1, 0.0)


def collect(slot, first, columns, touched, found, count):
    """The entries that are not 0.0 of the block from `first` on, in order: their places and their sums, behind those
    that are there. Return how many there are; the block is left empty. An entry that is 0.0 is as good as untouched:
    a lazy rule leaves its parameter alone."""
    bits = used(slot, first, min(BLOCK, columns - first))
    while bits != 0:
        j = np.uint64(first + lowest_bit(bits))
        bits &= bits - 1
        touched[np.uint64(count)] = j
        found[np.uint64(count)] = slot[j]
        slot[j] = 0.0
        count += 1
    return count


def used(slot, first, count):
    """A bit for each entry that is not 0.0, of BLOCK of them at most."""
    bits = np.int64(0)
    for i in range(count):
        bits |= np.int64(slot[np.uint64(first + i)] != 0.0) << i
    return bits


def sparse_batch_sums(table, rows, start, stop, theta, state, numbers, scratch, work):
    """The sums of one batch: sums[0:3] for intercept, loss and weight, and a slot for the features.

    Leaves are added up as in `tree_loops`: a binary counter whose digits are slots. places[h] is the slot of digit h,
    the last of places the one to work in. Return the slot that holds the batch, and whether the features that are not
    in it are not 0 but NaN. scratch and work: those of `sparse_lazy_loops.visit`.
    """
    slots, marks = scratch[0], scratch[1]
    places, partial, leaf, sums, shares, b = work
    columns = table[5].shape[0]
    last = places.shape[0] - 1
    spoilt = False
    count = 0
    alone = stop - start <= LEAF  # then always in the same slot, which stays in the caches
    for begin in range(start, stop, LEAF):
        end = min(begin + LEAF, stop)
        spoilt |= leaf_shares(table, rows, begin, end, theta, state, numbers, shares, b, sums if alone else leaf)
        at = places[last]
        add_leaf(table[0], table[1], table[2], rows, begin, end, shares[0], slots[at], marks[at])
        if not alone:
            carry(count, places, slots, marks, columns)
            push(partial, leaf, count)
            count += 1
    if not alone:
        collapse(count, places, slots, marks, columns)
        total(partial, count, sums)
    return places[last], spoilt


def carry(count, places, slots, marks, columns):
    """Put the slot worked in, leaf number `count`, into the counter."""
    last = places.shape[0] - 1
    height = 0
    while (count >> height) & 1:
        a, b = places[last], places[height]
        merge(slots[a], marks[a], columns, slots[b], marks[b])
        places[last] = b
        places[height] = a
        height += 1
    places[last], places[height] = places[height], places[last]


def collapse(count, places, slots, marks, columns):
    """Add the counter's digits up in the slot worked in."""
    last = places.shape[0] - 1
    first = True
    for height in range(last):
        if (count >> height) & 1:
            a, b = places[last], places[height]
            if not first:
                merge(slots[a], marks[a], columns, slots[b], marks[b])
            places[last] = b
            places[height] = a
            first = False


def digits(rows):
    """How many digits the counter needs for a batch of so many rows."""
    leaves = (rows + LEAF - 1) // LEAF
    count = 1
    while (leaves >> count) > 0:
        count += 1
    return count
