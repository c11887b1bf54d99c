"""From rows to sums for a loss with a score for each class, as in `plain/class_gradient.py`.

`row_loss(scores, target, slopes)` is bound by the kernel (`kernels.py`) to the loss's function. A leaf's sums stand in
one row of (d + 1) * K + 2 numbers: the gradients by the d * K coefficients, by the K intercepts, the loss, the weight.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

from .leaf_loops import own_weights


def leaf_sums(scored, coefficients, b, rows, start, stop, scratch, out):
    """One leaf, rows[start:stop], row by row from 0.0. b: the K intercepts. scratch: rows of room for K numbers."""
    x, target, weight, means, intercept = scored[:5]
    columns = means.shape[0]
    count = b.shape[0]
    scores, slopes = scratch[0], scratch[1]
    each = own_weights(weight)
    loss_sum = 0.0
    weight_sum = 0.0
    for i in range(out.shape[0]):
        out[i] = 0.0
    for i in range(start, stop):
        row = rows[i]
        w = weight[row * each]
        for c in range(count):
            scores[c] = 0.0
        for j in range(columns):
            term = x[row, j] - means[j]
            for c in range(count):
                scores[c] += term * coefficients[j * count + c]
        if intercept:
            for c in range(count):
                scores[c] += b[c]
        loss_sum += w * row_loss(scores[:count], target[row], slopes[:count])
        for c in range(count):
            slopes[c] = w * slopes[c]
        for j in range(columns):
            term = x[row, j] - means[j]
            for c in range(count):
                out[j * count + c] += slopes[c] * term
        for c in range(count):
            out[columns * count + c] += slopes[c]
        weight_sum += w
    out[(columns + 1) * count] = loss_sum
    out[(columns + 1) * count + 1] = weight_sum
