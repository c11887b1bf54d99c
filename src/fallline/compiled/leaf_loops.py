"""From rows to sums: scores, losses, slopes and gradients of a batch, leaf after leaf, as in `plain/gradient.py`.

`row_loss(score, target, loss_numbers)` is bound by the kernel (`kernels.py`) to the loss's scalar function. A leaf's
sums stand in one row of d + 3 numbers: the d features' gradients, the intercept's, the loss, the weight.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np

from ..sums import LEAF
from .tree_loops import push, total


def leaf_sums(x, target, weight, means, coefficients, intercept, b, loss_numbers, rows, start, stop, scores, out):
    """One leaf, rows[start:stop], row by row from 0.0. Phase by phase: scores, losses and slopes, gradients."""
    columns = means.shape[0]
    for i in range(start, stop):
        row = rows[i]
        score = 0.0
        for j in range(columns):
            score += (x[row, j] - means[j]) * coefficients[j]
        if intercept:
            score += b
        scores[i - start] = score
    loss_sum = 0.0
    share_sum = 0.0
    weight_sum = 0.0
    for i in range(start, stop):
        row = rows[i]
        value, slope = row_loss(scores[i - start], target[row], loss_numbers)
        share = weight[row] * slope
        loss_sum += weight[row] * value
        share_sum += share
        weight_sum += weight[row]
        scores[i - start] = share
    for j in range(columns):
        out[j] = 0.0
    for i in range(start, stop):
        row = rows[i]
        share = scores[i - start]
        for j in range(columns):
            out[j] += share * (x[row, j] - means[j])
    out[columns] = share_sum
    out[columns + 1] = loss_sum
    out[columns + 2] = weight_sum


def all_leaves(
    x, target, weight, means, coefficients, intercept, b, loss_numbers, rows, start, stop, first, last, leaves
):
    """The sums of leaves first to last - 1 of the batch rows[start:stop], each in its row of `leaves`."""
    scores = np.empty(LEAF)
    for leaf in range(first, last):
        begin = start + leaf * LEAF
        end = min(begin + LEAF, stop)
        leaf_sums(
            x, target, weight, means, coefficients, intercept, b, loss_numbers, rows, begin, end, scores, leaves[leaf]
        )


def batch_sums(
    x, target, weight, means, coefficients, intercept, b, loss_numbers, rows, start, stop, scores, leaf, partial, out
):
    """The sums of one batch, leaf after leaf."""
    count = 0
    for begin in range(start, stop, LEAF):
        end = min(begin + LEAF, stop)
        leaf_sums(x, target, weight, means, coefficients, intercept, b, loss_numbers, rows, begin, end, scores, leaf)
        push(partial, leaf, count)
        count += 1
    total(partial, count, out)
