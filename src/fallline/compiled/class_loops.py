"""From rows to sums and whole steps for a loss with a score for each class, as in `plain/class_gradient.py`.

`row_loss(scores, target, slopes)` is bound by the kernel (`kernels.py`) to the loss's function. A leaf's sums stand in
one row of (d + 1) * K + 2 numbers: the gradients by the d * K coefficients, by the K intercepts, the loss, the weight.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np

from ..sums import LEAF
from .step_loops import descent_point, finish_step
from .tree_loops import DEPTH, push, total


def leaf_sums(x, target, weight, means, coefficients, intercept, b, loss_numbers, rows, start, stop, scores, out):
    """One leaf, rows[start:stop], row by row from 0.0. b: the K intercepts. scores: room for 2 * K numbers."""
    columns = means.shape[0]
    count = b.shape[0]
    slopes = scores[1]
    loss_sum = 0.0
    weight_sum = 0.0
    for i in range(out.shape[0]):
        out[i] = 0.0
    for i in range(start, stop):
        row = rows[i]
        for c in range(count):
            scores[0, c] = 0.0
        for j in range(columns):
            term = x[row, j] - means[j]
            for c in range(count):
                scores[0, c] += term * coefficients[j * count + c]
        if intercept:
            for c in range(count):
                scores[0, c] += b[c]
        loss_sum += weight[row] * row_loss(scores[0], target[row], slopes)
        for c in range(count):
            slopes[c] = weight[row] * slopes[c]
        for j in range(columns):
            term = x[row, j] - means[j]
            for c in range(count):
                out[j * count + c] += slopes[c] * term
        for c in range(count):
            out[columns * count + c] += slopes[c]
        weight_sum += weight[row]
    out[(columns + 1) * count] = loss_sum
    out[(columns + 1) * count + 1] = weight_sum


def all_leaves(
    x, target, weight, means, coefficients, intercept, b, loss_numbers, rows, start, stop, first, last, leaves
):
    """The sums of leaves first to last - 1 of the batch rows[start:stop], each in its row of `leaves`."""
    scores = np.empty((2, b.shape[0]))
    for leaf in range(first, last):
        begin = start + leaf * LEAF
        end = min(begin + LEAF, stop)
        leaf_sums(
            x, target, weight, means, coefficients, intercept, b, loss_numbers, rows, begin, end, scores, leaves[leaf]
        )


def take_steps(
    x,
    target,
    weight,
    means,
    inverse_scales,
    intercept,
    loss_numbers,
    rows,
    bounds,
    numbers,
    theta,
    state,
    smoothed_loss,
    extra,
    loss_limit,
    smoothing_rows,
    records,
):
    """`descent_loops.take_steps` with K scores a row; theta's length says what K is."""
    columns = means.shape[0]
    count = theta.shape[0] // (columns + (1 if intercept else 0))
    width = (columns + 1) * count + 2
    scales = np.empty(columns * count)
    for j in range(columns * count):
        scales[j] = inverse_scales[j // count]
    coefficients = np.empty(columns * count)
    b = np.zeros(count)
    scores = np.empty((2, count))
    leaf, sums, partial = np.empty(width), np.empty(width), np.empty((DEPTH, width))
    point, gradient, new_theta = np.empty(theta.shape), np.empty(theta.shape), np.empty(theta.shape)
    new_state = np.empty(state.shape)
    for t in range(numbers.shape[0]):
        descent_point(theta, state, numbers[t], point)
        for j in range(columns * count):
            coefficients[j] = point[j] * scales[j]
        for c in range(count if intercept else 0):
            b[c] = point[columns * count + c]
        start, stop = bounds[t], bounds[t + 1]
        leaves = 0
        for begin in range(start, stop, LEAF):
            end = min(begin + LEAF, stop)
            leaf_sums(
                x, target, weight, means, coefficients, intercept, b, loss_numbers, rows, begin, end, scores, leaf
            )
            push(partial, leaf, leaves)
            leaves += 1
        total(partial, leaves, sums)
        cause = finish_step(
            sums,
            scales,
            intercept,
            theta,
            state,
            numbers[t],
            (stop - start) / smoothing_rows,
            smoothed_loss,
            extra,
            loss_limit,
            gradient,
            new_theta,
            new_state,
            records[t],
        )
        if cause != 0:
            return t + 1, cause
    return numbers.shape[0], 0
