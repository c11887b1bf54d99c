"""From rows to sums: scores, losses, slopes and gradients of a batch, leaf after leaf, as in `plain/gradient.py`.

Bound by the kernel (`kernels.py`): `row_loss(score, target, loss_numbers)` to the loss's scalar function; NEAR, whether
the rows next to be scored are asked for once more (`Arrays.near`), and with it LEVEL and ASKED, of `tiles`: into which
cache scores ask for rows, and for how many gradients ask. `scored` is the table and what makes scores and losses of it
besides the coefficients: `Arrays.scored`. A leaf's sums stand in one row of d + 3 numbers: the d features' gradients,
the intercept's, the loss, the weight.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

from ..sums import LEAF
from .prefetch import prefetch, two_at_once
from .room import floats
from .tiles import ROWS, add_rows, eight_scores

CHUNK_BYTES = 1 << 13  # of rows, which are in a first-level cache between their scores and their gradients
AHEAD_BYTES = 1 << 14  # of rows that lie between what is worked on and what is asked for; four times as many if twice
FURTHER = 4  # times as far ahead the order itself is asked for: among rows from anywhere it is not seen to be a stream


def leaf_sums(scored, coefficients, b, rows, start, stop, scratch, out):
    """One leaf, rows[start:stop], row by row from 0.0: some rows at a time, so that they stay in the first-level cache
    between their scores and their gradients."""
    x, target, means = scored[0], scored[1], scored[3]
    columns = means.shape[0]
    for j in range(columns + 3):
        out[j] = 0.0
    chunk = rows_in(CHUNK_BYTES, x)
    ahead = rows_in(AHEAD_BYTES << 2 * NEAR, x)
    count = rows.shape[0]
    shares = scratch[0]
    for begin in range(start, stop, chunk):
        end = min(begin + chunk, stop)
        for i in range(begin, end, ROWS):
            prefetch(rows, i + FURTHER * ahead)
            at, later = i - begin, i + (ROWS if NEAR > 0 else ahead)
            eight_scores(x, target, rows, i, end, means, coefficients, shares, at, later, count, LEVEL)
        slopes(scored, b, rows, begin, end, scratch, out)
        last = begin + (end - begin) // ROWS * ROWS
        for i in range(begin, last, ROWS):
            later = i + ahead + ROWS - ASKED
            add_rows(x, target, rows, i, ROWS, means, shares, i - begin, out, later, count, ASKED)
        for i in range(last, end):
            add_rows(x, target, rows, i, 1, means, shares, i - begin, out, i + ahead, count, 1)


def rows_in(size, x):
    """The rows in so many bytes: whole tiles, and at most a leaf."""
    return max(min(size // (x.itemsize * x.shape[1] + 1), LEAF) // ROWS * ROWS, ROWS)


def slopes(scored, b, rows, start, stop, scratch, out):
    """Scores become shares, weight * slope, in scratch[0]; the sums of shares, losses and weights go on. In phases:
    only the middle one is long, and it is a loop of plain vectors."""
    target, weight, means, intercept, loss_numbers = scored[1:]
    columns = means.shape[0]
    count = stop - start
    each = own_weights(weight)
    scores, targets, weights = scratch[0], scratch[1], scratch[2]
    for i in range(count):
        row = rows[start + i]
        targets[i] = target[row]
        weights[i] = weight[row * each]
    for i in range(count):
        score = scores[i] + b[0] if intercept else scores[i]
        value, slope = row_loss(score, targets[i], loss_numbers)
        scores[i] = weights[i] * slope
        targets[i] = weights[i] * value
        two_at_once()
    share_sum = out[columns]
    loss_sum = out[columns + 1]
    weight_sum = out[columns + 2]
    for i in range(count):
        share_sum += scores[i]
        loss_sum += targets[i]
        weight_sum += weights[i]
    out[columns] = share_sum
    out[columns + 1] = loss_sum
    out[columns + 2] = weight_sum


def own_weights(weight):
    """What to multiply a row's number by: 1 if each row has a weight, 0 if one stands for all."""
    return min(weight.shape[0] - 1, 1)


def all_leaves(scored, coefficients, b, rows, start, stop, first, last, leaves):
    """The sums of leaves first to last - 1 of the batch rows[start:stop], each in its row of `leaves`; by `leaf_sums`
    as it is here, or in `class_loops`."""
    scratch = floats((3, max(LEAF, b.shape[0])))
    for leaf in range(first, last):
        begin = start + leaf * LEAF
        leaf_sums(scored, coefficients, b, rows, begin, min(begin + LEAF, stop), scratch, leaves[leaf])
