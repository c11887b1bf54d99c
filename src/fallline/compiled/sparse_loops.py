"""From sparse rows to the sums of a batch, as `leaf_loops.py` does from dense ones, with the same bytes.

What a row does not store is 0: it adds 0.0 to a score and to a gradient, which changes no bit of a sum that started
from 0.0, as long as coefficients and slopes are finite. So it is left out. Sparse features are never centred.

A row's stored entries are `indices[k]` (rising) and `values[k]` for k from spans[row, 0] to spans[row, 1] - 1. A
batch's features are numbered, in order, and all that is made of them stands side by side by these numbers. Sums over
rows stand in a *slot*: a vector with an entry for every number, and marks, one byte for each BLOCK of entries of which
any is in use, so that leaves are added up without looking at all. Every other entry is 0.0.

Bound by the kernel: `row_loss(score, target, loss_numbers)` and `gradient_point(theta, state, j, numbers)`.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np

from ..sums import LEAF
from .leaf_loops import slopes
from .prefetch import count_bits, prefetch
from .sparse import BLOCK
from .sparse_index_loops import LINE_OF_INDICES, WORD_BITS, WORD_MASK
from .tree_loops import push, total
from .vectors import read, write

AHEAD = 4  # rows whose entries are asked for before they are needed
FURTHER = 16  # times as many, for the order
LINE_OF_VALUES = 8  # entries in a cache line
BLOCK_BITS = BLOCK.bit_length() - 1
AS_IT_IS, SCALED, BY_NUMBER = 0, 1, 2  # how a row's terms are made


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


def two_scores(which, at, spans, indices, values, how, index, factors, point, inverse_scales):
    """Two rows' terms, feature by feature; the intercept is still to come. Each addition waits for the one before it:
    two rows take hardly longer than one. The features' numbers are listed from place `at` on. how, and what follows:
    see `term`."""
    row, other = which
    first, second = spans[row, 0], spans[other, 0]
    count, other_count = spans[row, 1] - first, spans[other, 1] - second
    other_at = at + count
    score, other_score = 0.0, 0.0
    both = min(count, other_count)
    for n in range(both):
        score += term(first + n, at + n, indices, values, how, index, factors, point, inverse_scales)
        other_score += term(second + n, other_at + n, indices, values, how, index, factors, point, inverse_scales)
    for n in range(both, count):
        score += term(first + n, at + n, indices, values, how, index, factors, point, inverse_scales)
    for n in range(both, other_count):
        other_score += term(second + n, other_at + n, indices, values, how, index, factors, point, inverse_scales)
    return score, other_score


def term(k, at, indices, values, how, index, factors, point, inverse_scales):
    """A stored value times its feature's coefficient: by number, from the factors; or from where the parameters lie."""
    j = read(indices, k, 4)
    if how == BY_NUMBER:
        words, _, bases, _, listed = index
        word = j >> WORD_BITS
        below = (np.int64(1) << (j & WORD_MASK)) - 1
        n = write(listed, at, 3, read(bases, word, 6) + count_bits(read(words, word, 7) & below))
        return read(values, k, 5) * read(factors, n, 0)
    theta, state, numbers = point
    w = gradient_point(read(theta, j, 1), state, j, numbers)
    return read(values, k, 5) * (w * read(inverse_scales, j, 6) if how == SCALED else w)


def rows_that_fit(spans, rows, begin, end, indexed, numbers):
    """The end of the rows from `begin` on whose features' numbers have room in half the list: one row has, always. (A
    last row that has no other beside it is listed twice.)"""
    if not indexed:
        return end
    stored = 0
    for i in range(begin, end):
        stored += spans[rows[i], 1] - spans[rows[i], 0]
        if 2 * stored > numbers.shape[0]:
            return i
    return end


def leaf_shares(table, rows, begin, end, indexed, index, factors, point, scratch, b, sums):
    """The rows' weight * slope in scratch[0]; their sums (intercept, loss, weight) go on. Return whether a share is not
    finite in a row with features that are not stored: their gradient is then 0 * infinity. table:
    `SparseArrays.scored`. factors: what a value is multiplied by, for each feature by its number, if features have one
    in the index. point: theta, the state and the step's numbers, which say where the gradient is taken. b: room for the
    intercept there."""
    spans, indices, values, target, weight, inverse_scales, scaled, intercept, loss_numbers = table
    shares = scratch[0]
    columns = inverse_scales.shape[0]
    if intercept:
        b[0] = gradient_point(point[0][columns], point[1], columns, point[2])
    at = 0
    for i in range(begin, end, 2):
        last = min(i + 1, end - 1)
        ask_for(spans, indices, values, target, rows, i)
        ask_for(spans, indices, values, target, rows, last)
        which = rows[i], rows[last]
        if indexed:
            found = two_scores(which, at, spans, indices, values, BY_NUMBER, index, factors, point, inverse_scales)
        elif scaled:
            found = two_scores(which, at, spans, indices, values, SCALED, index, factors, point, inverse_scales)
        else:
            found = two_scores(which, at, spans, indices, values, AS_IT_IS, index, factors, point, inverse_scales)
        for row in which:
            at += spans[row, 1] - spans[row, 0]
        shares[last - begin] = found[1]
        shares[i - begin] = found[0]
    slopes((spans, target, weight, sums[:0], intercept, loss_numbers), b, rows, begin, end, scratch, sums)
    spoilt = False
    for i in range(begin, end):
        if not abs(shares[i - begin]) < np.inf:
            spoilt |= spans[rows[i], 1] - spans[rows[i], 0] < columns
    return spoilt


def add_rows(table, rows, begin, end, indexed, numbers, shares, slot, marks, alone):
    """Add the rows' gradients to a slot, row by row. alone: no other leaf is added to it, so nobody looks at marks."""
    spans, indices, values = table[:3]
    at = 0
    for i in range(begin, end):
        which = spans[rows[i], 0], spans[rows[i], 1]
        if indexed:
            add_row(which, at, values, numbers, 3, shares[i - begin], slot, marks, alone)
        else:
            add_row(which, which[0], values, indices, 4, shares[i - begin], slot, marks, alone)
        at += which[1] - which[0]


def add_row(which, at, values, numbers, vector, share, slot, marks, alone):
    """The same for one row, whose features' numbers stand in `numbers` from place `at` on."""
    first, last = which
    for k in range(first, last):
        n = np.uint64(read(numbers, at + (k - first), vector))
        slot[n] += share * read(values, k, 5)
        if not alone:
            marks[n >> np.uint64(BLOCK_BITS)] = 1


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
                        into[np.uint64(j)] += read(slot, j, 5)
                        write(slot, j, 5, 0.0)


def sparse_batch_sums(table, rows, start, stop, numbered, point, scratch, work):
    """The sums of one batch: sums[0:3] for intercept, loss and weight, and a slot for the features by their numbers.

    numbered: how many features have a number, and whether by the index. point: see `leaf_shares`. Leaves are added up
    as in `tree_loops`: a binary counter whose digits are slots. places[h] is the slot of digit h, the last of places
    the one to work in. Return the slot that holds the batch, and whether the features that are not in it are not 0 but
    NaN. scratch and work: those of `sparse_lazy_loops.visit`.
    """
    slots, marks, index, vectors = scratch[:4]
    places, partial, leaf, sums, shares, b = work
    features, indexed = numbered
    last = places.shape[0] - 1
    spoilt = False
    count = 0
    alone = stop - start <= LEAF
    into = sums if alone else leaf
    for begin in range(start, stop, LEAF):
        at = places[last]
        for i in range(3):
            into[i] = 0.0
        end, leaf_end = begin, min(begin + LEAF, stop)
        while end < leaf_end:
            first = end
            end = rows_that_fit(table[0], rows, first, leaf_end, indexed, index[4])
            spoilt |= leaf_shares(table, rows, first, end, indexed, index, vectors[0], point, shares, b, into)
            add_rows(table, rows, first, end, indexed, index[4], shares[0], slots[at], marks[at], alone)
        if not alone:
            carry(count, places, slots, marks, features)
            push(partial, leaf, count)
            count += 1
    if not alone:
        collapse(count, places, slots, marks, features)
        total(partial, count, sums)
    at = places[last]
    for block in range(0 if alone else (features + BLOCK - 1) >> BLOCK_BITS):
        marks[at, block] = 0
    return at, spoilt


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
