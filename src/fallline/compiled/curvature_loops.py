"""The curvature of a loss over rows, eight rows at a time; the kernel binds `row_loss` and `row_second`."""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

from ..plain.curvature import add_statistics, finish_statistics
from .leaf_loops import AHEAD_BYTES, rows_in
from .prefetch import INTO_SECOND_LEVEL
from .room import floats, integers
from .tiles import HALF, ROWS, add_rows, eight_lengths, eight_scores


def sharpness(x, target, weight, means, inverse_scales, intercept, loss_numbers, theta, rows, vector, out):
    """`plain.curvature.hessian_product` for this kernel's loss, with the same bytes."""
    columns, count = means.shape[0], rows.shape[0]
    coefficients, direction = floats(columns), floats(columns)
    scores, shares = floats(ROWS), floats(ROWS)
    ahead = rows_in(AHEAD_BYTES, x)
    total = 0.0
    for j in range(out.shape[0]):
        out[j] = 0.0
    for j in range(columns):
        coefficients[j] = theta[j] * inverse_scales[j]
        direction[j] = vector[j] * inverse_scales[j]
    moved = any_moved(coefficients)
    for i in range(0, count, ROWS):
        tile = min(count - i, ROWS)
        eight_scores(x, target, rows, i, count, means, direction, shares, 0, i + ahead, count, INTO_SECOND_LEVEL)
        if moved:
            eight_scores(x, target, rows, i, count, means, coefficients, scores, 0, i, count, INTO_SECOND_LEVEL)
        else:
            for k in range(ROWS):
                scores[k] = 0.0
        for k in range(tile):
            row = rows[i + k]
            if intercept:
                scores[k] += theta[columns]
                shares[k] += vector[columns]
            shares[k] = weight[row] * row_second(scores[k], target[row], loss_numbers) * shares[k]
            if intercept:
                out[columns] += shares[k]
            total += weight[row]
        if tile == ROWS:
            add_rows(x, target, rows, i, ROWS, means, shares, 0, out, i + ahead + HALF, count, HALF)
        else:
            for k in range(tile):
                add_rows(x, target, rows, i + k, 1, means, shares, k, out, i + ahead, count, 1)
    for j in range(columns):
        out[j] = out[j] * inverse_scales[j]
    if total > 0.0:
        for j in range(out.shape[0]):
            out[j] = out[j] / total


def any_moved(coefficients):
    """Whether a coefficient is not 0. Before step 1 all of them are, mostly, and so are the scores of all rows."""
    moved = 0
    for j in range(coefficients.shape[0]):
        moved += coefficients[j] != 0.0
    return moved > 0


def row_statistics(x, target, weight, means, inverse_scales, intercept, loss_numbers, theta, out, column_curvature):
    """One pass: largest curvature of a row, mean square slope, mean second derivative, mean |z|², total weight. And
    the diagonal of H: the mean of weight * second * z² of each feature, and of the intercept's 1; not if there is no
    room for it."""
    columns, count = means.shape[0], x.shape[0]
    coefficients = floats(columns)
    scores, lengths, rows = floats(ROWS), floats(ROWS), integers(ROWS)
    for j in range(columns):
        coefficients[j] = theta[j] * inverse_scales[j]
    moved = any_moved(coefficients)
    for i in range(0, count, ROWS):
        for k in range(ROWS):
            rows[k] = min(i + k, count - 1)
            scores[k] = 0.0
        if moved:
            eight_scores(x, target, rows, 0, ROWS, means, coefficients, scores, 0, 0, ROWS, INTO_SECOND_LEVEL)
        eight_lengths(x, target, rows, 0, ROWS, means, inverse_scales, lengths, 0, 0, ROWS, INTO_SECOND_LEVEL)
        for k in range(min(count - i, ROWS)):
            row = i + k
            score, length = scores[k], lengths[k]
            if intercept:
                score += theta[columns]
                length += 1.0
            _, slope = row_loss(score, target[row], loss_numbers)
            second = row_second(score, target[row], loss_numbers)
            add_statistics(out, weight[row], slope, second, length)
            if column_curvature.shape[0] > 0:
                share = weight[row] * second
                for j in range(columns):
                    z = (x[row, j] - means[j]) * inverse_scales[j]
                    column_curvature[j] += share * z * z
                if intercept:
                    column_curvature[columns] += share
    finish_statistics(out, column_curvature)
