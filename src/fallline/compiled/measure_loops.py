"""Loops that measure and take no step, pasted into a kernel that binds `row_loss` and `row_second`."""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations


def row_parts(x, target, weight, means, inverse_scales, intercept, loss_numbers, theta, rows, vector, out):
    """out[i] <- loss, slope, second derivative, |z|² and z · vector of rows[i]; z its scaled features and the 1."""
    columns = means.shape[0]
    for i in range(rows.shape[0]):
        row = rows[i]
        score = 0.0
        length = 0.0
        along = 0.0
        for j in range(columns):
            z = (x[row, j] - means[j]) * inverse_scales[j]
            score += z * theta[j]
            length += z * z
            along += z * vector[j]
        if intercept:
            score += theta[columns]
            length += 1.0
            along += vector[columns]
        value, slope = row_loss(score, target[row], loss_numbers)
        out[i, 0] = value
        out[i, 1] = slope
        out[i, 2] = row_second(score, target[row], loss_numbers)
        out[i, 3] = length
        out[i, 4] = along
