"""The curvature of a loss with a score for each class, as `curvature_loops.py` has it for one score.

With p a row's probabilities and z its scaled features, H is the mean of weight * (diag(p) - p p') for each pair of
z's entries. `row_loss` is bound by the kernel; its slopes are p, less 1 for the row's own class.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

from ..plain.curvature import finish_statistics
from .room import floats


def row_scores(x, means, inverse_scales, intercept, theta, row, z, scores):
    """z <- the row's scaled features and, with an intercept, a 1; scores <- its K scores."""
    count = scores.shape[0]
    for j in range(means.shape[0]):
        z[j] = (x[row, j] - means[j]) * inverse_scales[j]
    if intercept:
        z[means.shape[0]] = 1.0
    for c in range(count):
        scores[c] = 0.0
        for j in range(z.shape[0]):
            scores[c] += z[j] * theta[j * count + c]


def sharpness(x, target, weight, means, inverse_scales, intercept, loss_numbers, theta, rows, vector, out):
    """out <- H(theta) * vector for the mean loss of these rows."""
    z = floats(means.shape[0] + (1 if intercept else 0))
    count = theta.shape[0] // z.shape[0]
    scores, p, product = floats(count), floats(count), floats(count)
    total = 0.0
    for i in range(out.shape[0]):
        out[i] = 0.0
    for row in rows:
        row_scores(x, means, inverse_scales, intercept, theta, row, z, scores)
        row_loss(scores, target[row], p)
        p[int(target[row])] += 1.0
        mean = 0.0
        for c in range(count):
            product[c] = 0.0
            for j in range(z.shape[0]):
                product[c] += z[j] * vector[j * count + c]
            mean += p[c] * product[c]
        for j in range(z.shape[0]):
            for c in range(count):
                out[j * count + c] += weight[row] * p[c] * (product[c] - mean) * z[j]
        total += weight[row]
    if total > 0.0:
        for i in range(out.shape[0]):
            out[i] = out[i] / total


def row_statistics(x, target, weight, means, inverse_scales, intercept, loss_numbers, theta, out, column_curvature):
    """`curvature_loops.row_statistics`: slopes and second derivatives are means over the classes, and a row's largest
    curvature is at most twice the largest p (1 - p) times |z|² (the rows of diag(p) - p p' add up to that)."""
    z = floats(means.shape[0] + (1 if intercept else 0))
    count = theta.shape[0] // z.shape[0]
    scores, slopes = floats(count), floats(count)
    for row in range(x.shape[0]):
        row_scores(x, means, inverse_scales, intercept, theta, row, z, scores)
        row_loss(scores, target[row], slopes)
        length = 0.0
        for j in range(z.shape[0]):
            length += z[j] * z[j]
        largest = 0.0
        for c in range(count):
            p = slopes[c] + (1.0 if c == int(target[row]) else 0.0)
            second = p * (1.0 - p)
            if second > largest:
                largest = second
            out[1] += weight[row] * slopes[c] * slopes[c] / count
            out[2] += weight[row] * second / count
            if column_curvature.shape[0] > 0:
                for j in range(z.shape[0]):
                    column_curvature[j * count + c] += weight[row] * second * z[j] * z[j]
        if weight[row] > 0.0 and 2.0 * largest * length > out[0]:
            out[0] = 2.0 * largest * length
        out[3] += weight[row] * length
        out[4] += weight[row]
    finish_statistics(out, column_curvature)
