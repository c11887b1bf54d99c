"""The curvature of a loss over rows, as in `plain/curvature.py`; the kernel binds `row_loss` and `row_second`."""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

from ..plain.curvature import hessian_product
from .room import floats


def sharpness(x, target, weight, means, inverse_scales, intercept, loss_numbers, theta, rows, vector, out):
    """`hessian_product` for this kernel's loss."""
    hessian_product(
        x, target, weight, means, inverse_scales, intercept, theta, rows, row_second, loss_numbers, vector, out
    )


def row_statistics(x, target, weight, means, inverse_scales, intercept, loss_numbers, theta, out, column_curvature):
    """One pass: largest curvature of a row, mean square slope, mean second derivative, mean |z|², total weight."""
    columns = means.shape[0]
    z = floats(column_curvature.shape[0])
    for j in range(columns, z.shape[0]):  # the intercept, if there is one
        z[j] = 1.0
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
        _, slope = row_loss(score, target[i], loss_numbers)
        second = row_second(score, target[i], loss_numbers)
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
