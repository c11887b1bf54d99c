"""From sparse rows to the sums of a batch, as `leaf_loops.py` does from dense ones, with the same bytes.

What a row does not store is 0: it adds 0.0 to a score and to a gradient, which changes no bit of a sum that started
from 0.0, as long as coefficients and slopes are finite. So it is left out. Sparse features are never centred.

A row's stored entries are `indices[k]` (rising) and `values[k]` for k from spans[row, 0] to spans[row, 1] - 1. Sums
over rows stand in a *slot*: a vector with an entry for every feature, and marks, one bit for each entry that is in use
(and one bit of a summary for each 64 marks), so that a batch's features are found again in order without looking at
all. Every other entry is 0.0. Behind the features stand three numbers: the intercept's sum, the loss, the weight.

Bound by the kernel: `row_loss(score, target, loss_numbers)` and `gradient_point(theta, state, j, numbers)`.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np

from ..sums import LEAF
from .leaf_loops import own_weights
from .prefetch import lowest_bit, prefetch
from .tree_loops import push, total

AHEAD = 4  # rows whose entries are asked for before they are needed
FURTHER = 16  # times as many, for the order
LINE_OF_INDICES = 16  # entries in a cache line
LINE_OF_VALUES = 8


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


def row_score(first, last, indices, values, inverse_scales, scaled, theta, state, numbers):
    """A row's terms, feature by feature; the intercept is still to come."""
    score = 0.0
    if scaled:
        for k in range(first, last):
            j = indices[k]
            score += values[k] * (gradient_point(theta[j], state, j, numbers) * inverse_scales[j])
    else:
        for k in range(first, last):
            j = indices[k]
            score += values[k] * gradient_point(theta[j], state, j, numbers)
    return score


def leaf_shares(table, rows, begin, end, theta, state, numbers, shares, sums):
    """The rows' weight * slope, and their sums (intercept, loss, weight). Return whether a share is not finite in a
    row with features that are not stored: their gradient is then 0 * infinity. table: `SparseArrays.scored`."""
    spans, indices, values, target, weight, inverse_scales, scaled, intercept, loss_numbers = table
    columns = inverse_scales.shape[0]
    each = own_weights(weight)
    b = gradient_point(theta[columns], state, columns, numbers) if intercept else 0.0
    for i in range(begin, end):
        ask_for(spans, indices, values, target, rows, i)
        row = rows[i]
        score = row_score(spans[row, 0], spans[row, 1], indices, values, inverse_scales, scaled, theta, state, numbers)
        shares[i - begin] = score + b if intercept else score
    share_sum = 0.0
    loss_sum = 0.0
    weight_sum = 0.0
    spoilt = False
    for i in range(begin, end):
        row = rows[i]
        value, slope = row_loss(shares[i - begin], target[row], loss_numbers)
        w = weight[row * each]
        share = w * slope
        loss_sum += w * value
        share_sum += share
        weight_sum += w
        shares[i - begin] = share
        if not abs(share) < np.inf:
            spoilt |= spans[row, 1] - spans[row, 0] < columns
    sums[0] = share_sum
    sums[1] = loss_sum
    sums[2] = weight_sum
    return spoilt


def add_leaf(spans, indices, values, rows, begin, end, shares, slot, marks, summary):
    """Add the rows' gradients to a slot, row by row."""
    for i in range(begin, end):
        row = rows[i]
        share = shares[i - begin]
        for k in range(spans[row, 0], spans[row, 1]):
            j = indices[k]
            slot[j] += share * values[k]
            word = np.int64(j) >> 6
            marks[word] |= 1 << (np.int64(j) & 63)
            summary[word >> 6] |= 1 << (word & 63)


def merge(slot, marks, summary, into, into_marks, into_summary):
    """into <- into + slot, which is left empty."""
    for block in range(summary.shape[0]):
        words = summary[block]
        summary[block] = 0
        into_summary[block] |= words
        while words != 0:
            word = (block << 6) + lowest_bit(words)
            words &= words - 1
            bits = marks[word]
            marks[word] = 0
            into_marks[word] |= bits
            while bits != 0:
                j = (word << 6) + lowest_bit(bits)
                bits &= bits - 1
                into[j] = into[j] + slot[j]
                slot[j] = 0.0


def collect(slot, marks, summary, touched, found):
    """The slot's entries in order: their places and their sums. Return how many; the slot is left empty."""
    count = 0
    for block in range(summary.shape[0]):
        words = summary[block]
        summary[block] = 0
        while words != 0:
            word = (block << 6) + lowest_bit(words)
            words &= words - 1
            bits = marks[word]
            marks[word] = 0
            while bits != 0:
                j = (word << 6) + lowest_bit(bits)
                bits &= bits - 1
                touched[count] = j
                found[count] = slot[j]
                slot[j] = 0.0
                count += 1
    return count


def sparse_batch_sums(table, rows, start, stop, theta, state, numbers, scratch, work):
    """The sums of one batch: sums[0:3] for intercept, loss and weight, and a slot for the features.

    Leaves are added up as in `tree_loops`: a binary counter whose digits are slots. places[h] is the slot of digit h,
    the last of places the one to work in. Return the slot that holds the batch, and whether the features that are not
    in it are not 0 but NaN. scratch and work: those of `sparse_lazy_loops.visit`.
    """
    slots, marks, summary = scratch[0], scratch[1], scratch[2]
    places, partial, leaf, sums, shares = work
    last = places.shape[0] - 1
    spoilt = False
    count = 0
    for begin in range(start, stop, LEAF):
        end = min(begin + LEAF, stop)
        spoilt |= leaf_shares(table, rows, begin, end, theta, state, numbers, shares, leaf)
        at = places[last]
        add_leaf(table[0], table[1], table[2], rows, begin, end, shares, slots[at], marks[at], summary[at])
        carry(count, places, slots, marks, summary)
        push(partial, leaf, count)
        count += 1
    collapse(count, places, slots, marks, summary)
    total(partial, count, sums)
    return places[last], spoilt


def carry(count, places, slots, marks, summary):
    """Put the slot worked in, leaf number `count`, into the counter."""
    last = places.shape[0] - 1
    height = 0
    while (count >> height) & 1:
        a, b = places[last], places[height]
        merge(slots[a], marks[a], summary[a], slots[b], marks[b], summary[b])
        places[last] = b
        places[height] = a
        height += 1
    places[last], places[height] = places[height], places[last]


def collapse(count, places, slots, marks, summary):
    """Add the counter's digits up in the slot worked in."""
    last = places.shape[0] - 1
    first = True
    for height in range(last):
        if (count >> height) & 1:
            a, b = places[last], places[height]
            if not first:
                merge(slots[a], marks[a], summary[a], slots[b], marks[b], summary[b])
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
