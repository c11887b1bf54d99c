"""The loops of the compiled runtime: the same steps in the same order as `fallline.plain`, over arrays.

This text is pasted into each generated kernel, below the loss's and the rule's own functions (see `generate.py`), and
compiled there. In it these names are bound by the kernel, made by `kernels.py` from the loss's and the rule's scalar
functions: `row_loss(score, target)`, `row_second(score, target)`, `update(g, theta, state, j, numbers, new_state)`,
`gradient_point(theta, state, j, numbers)`, `kept(numbers)`, `SUMS` and `terms_of(g, theta, state, j, out)`.

A leaf's sums stand in one row of d + 3 numbers: the d features' gradients, the intercept's, the loss, the weight.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np

from ..order.shuffle import fill_window
from ..plain.curvature import hessian_product
from ..plain.divergence import smoothed
from ..sums import LEAF

DEPTH = 48  # a tree over 2^48 leaves: more rows than any disk holds


def leaf_sums(x, target, weight, means, coefficients, intercept, b, rows, start, stop, scores, out):
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
        value, slope = row_loss(scores[i - start], target[row])
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


def all_leaves(x, target, weight, means, coefficients, intercept, b, rows, start, stop, first, last, leaves):
    """The sums of leaves first to last - 1 of the batch rows[start:stop], each in its row of `leaves`."""
    scores = np.empty(LEAF)
    for leaf in range(first, last):
        begin = start + leaf * LEAF
        end = min(begin + LEAF, stop)
        leaf_sums(x, target, weight, means, coefficients, intercept, b, rows, begin, end, scores, leaves[leaf])


def combine(leaves, partial, out):
    """The tree's sum over leaves that are all there."""
    for leaf in range(leaves.shape[0]):
        push(partial, leaves[leaf], leaf)
    total(partial, leaves.shape[0], out)


def batch_sums(x, target, weight, means, coefficients, intercept, b, rows, start, stop, scores, leaf, partial, out):
    """The sums of one batch, leaf after leaf."""
    count = 0
    for begin in range(start, stop, LEAF):
        end = min(begin + LEAF, stop)
        leaf_sums(x, target, weight, means, coefficients, intercept, b, rows, begin, end, scores, leaf)
        push(partial, leaf, count)
        count += 1
    total(partial, count, out)


def tree_sum_of_squares(values):
    """The sum of squares over parameters, in the order of the law."""
    partial = np.empty((DEPTH, 1))
    leaf = np.empty(1)
    out = np.zeros(1)
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


def with_sums(gradient, theta, state, numbers):
    """The step's numbers (the decay, if there is one, left out), and behind them the sums of the rule's terms."""
    count = numbers.shape[0] - DECAYS
    arguments = np.empty(count + SUMS)
    for i in range(count):
        arguments[i] = numbers[i]
    partial = np.empty((DEPTH, SUMS))
    leaf = np.empty(SUMS)
    terms = np.empty(SUMS)
    leaves = 0
    for begin in range(0, theta.shape[0], LEAF):
        for i in range(SUMS):
            leaf[i] = 0.0
        for j in range(begin, min(begin + LEAF, theta.shape[0])):
            terms_of(gradient[j], theta[j], state, j, terms)
            for i in range(SUMS):
                leaf[i] += terms[i]
        push(partial, leaf, leaves)
        leaves += 1
    total(partial, leaves, arguments[count:])
    return arguments


def descent_point(theta, state, numbers, point):
    """point <- where the gradient is taken."""
    for j in range(theta.shape[0]):
        point[j] = gradient_point(theta[j], state, j, numbers)


def finish_step(
    sums,
    inverse_scales,
    intercept,
    theta,
    state,
    numbers,
    smoothing_share,
    smoothed_loss,
    loss_limit,
    gradient,
    new_theta,
    new_state,
    record,
):
    """From a batch's sums to the new parameters. Return what was wrong, as a number of `CAUSES`; 0 is nothing.

    record receives the loss and the gradient norm; smoothed_loss[0], theta and state change only if nothing is wrong.
    """
    columns = inverse_scales.shape[0]
    weight = sums[columns + 2]
    if weight == 0.0:
        record[0] = 0.0
        record[1] = 0.0
        return 0
    for j in range(columns):
        gradient[j] = (sums[j] * inverse_scales[j]) / weight
    if intercept:
        gradient[columns] = sums[columns] / weight
    loss = sums[columns + 1] / weight
    record[0] = loss
    record[1] = np.sqrt(tree_sum_of_squares(gradient))
    if not abs(loss) < np.inf:
        return 1
    average = smoothed(smoothed_loss[0], loss, smoothing_share)
    if average > loss_limit:
        return 2
    cause = 0
    arguments = with_sums(gradient, theta, state, numbers) if SUMS > 0 else numbers
    keep = kept(numbers)
    for j in range(theta.shape[0]):
        step = update(gradient[j], theta[j], state, j, arguments, new_state)
        new_theta[j] = theta[j] * keep - step
        if not abs(gradient[j]) < np.inf:
            cause = 3
        elif not abs(step) < np.inf:
            cause = 4 if cause == 0 or cause > 4 else cause
        elif not abs(new_theta[j]) < np.inf:
            cause = 5 if cause == 0 else cause
    if cause != 0:
        return cause
    for j in range(theta.shape[0]):  # whole-array assignment would take Numba seconds to compile
        theta[j] = new_theta[j]
        for i in range(state.shape[0]):
            state[i, j] = new_state[i, j]
    smoothed_loss[0] = average
    return 0


def take_steps(
    x,
    target,
    weight,
    means,
    inverse_scales,
    intercept,
    rows,
    bounds,
    numbers,
    theta,
    state,
    smoothed_loss,
    loss_limit,
    smoothing_rows,
    records,
):
    """One step for each batch rows[bounds[t]:bounds[t + 1]]. Return how many steps were tried, and what was wrong."""
    columns = means.shape[0]
    coefficients = np.empty(columns)
    scores = np.empty(LEAF)
    leaf = np.empty(columns + 3)
    sums = np.empty(columns + 3)
    partial = np.empty((DEPTH, columns + 3))
    point = np.empty(theta.shape)
    gradient = np.empty(theta.shape)
    new_theta = np.empty(theta.shape)
    new_state = np.empty(state.shape)
    for t in range(numbers.shape[0]):
        descent_point(theta, state, numbers[t], point)
        for j in range(columns):
            coefficients[j] = point[j] * inverse_scales[j]
        b = point[columns] if intercept else 0.0
        start, stop = bounds[t], bounds[t + 1]
        batch_sums(x, target, weight, means, coefficients, intercept, b, rows, start, stop, scores, leaf, partial, sums)
        cause = finish_step(
            sums,
            inverse_scales,
            intercept,
            theta,
            state,
            numbers[t],
            (stop - start) / smoothing_rows,
            smoothed_loss,
            loss_limit,
            gradient,
            new_theta,
            new_state,
            records[t],
        )
        if cause != 0:
            return t + 1, cause
    return numbers.shape[0], 0


def fill_epoch(out, windows, rows, block, window_blocks, key):
    """The whole epoch's order, window after window."""
    offset = 0
    for window in range(windows):
        offset += fill_window(out[offset:], window, rows, block, window_blocks, key)


def deviation_sums(x, firsts, shifts, squared, present, varying, out):
    """Every column's sum of x - first, or of ((x - first) - shift)²; NaN adds 0.0. present counts the others."""
    count, columns = x.shape
    leaf = np.empty(columns)
    partial = np.empty((DEPTH, columns))
    leaves = 0
    for j in range(columns):
        present[j] = 0
        varying[j] = 0
    for begin in range(0, count, LEAF):
        for j in range(columns):
            leaf[j] = 0.0
        for i in range(begin, min(begin + LEAF, count)):
            for j in range(columns):
                deviation = (x[i, j] - firsts[j]) - shifts[j] if squared else x[i, j] - firsts[j]
                known = x[i, j] == x[i, j]
                present[j] += known
                varying[j] += known and x[i, j] != firsts[j]
                leaf[j] += (deviation * deviation if squared else deviation) if known else 0.0
        push(partial, leaf, leaves)
        leaves += 1
    total(partial, leaves, out)


def sharpness(x, target, weight, means, inverse_scales, intercept, theta, rows, vector, out):
    """`hessian_product` for this kernel's loss."""
    hessian_product(x, target, weight, means, inverse_scales, intercept, theta, rows, row_second, vector, out)


def row_statistics(x, target, weight, means, inverse_scales, intercept, theta, out, column_curvature):
    """One pass: largest curvature of a row, mean square slope, mean second derivative, mean |z|², total weight."""
    columns = means.shape[0]
    z = np.ones(column_curvature.shape[0])
    for i in range(x.shape[0]):
        score = 0.0
        length = 0.0
        for j in range(columns):
            z[j] = (x[i, j] - means[j]) * inverse_scales[j]
            score += z[j] * theta[j]
            length += z[j] * z[j]
        if intercept:
            score += theta[columns]
            length += 1.0
        _, slope = row_loss(score, target[i])
        second = row_second(score, target[i])
        if weight[i] > 0.0 and second * length > out[0]:
            out[0] = second * length
        out[1] += weight[i] * slope * slope
        out[2] += weight[i] * second
        out[3] += weight[i] * length
        out[4] += weight[i]
        share = weight[i] * second
        for j in range(column_curvature.shape[0]):
            column_curvature[j] += share * z[j] * z[j]
    if out[4] > 0.0:
        for j in range(column_curvature.shape[0]):
            column_curvature[j] /= out[4]
        for j in range(1, 4):
            out[j] /= out[4]
