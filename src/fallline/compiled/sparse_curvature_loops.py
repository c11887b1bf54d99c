"""Losses and curvature over sparse rows, with the bytes of `plain/gradient.py` and `plain/curvature.py` on dense ones.

The kernel binds `row_loss`, `row_second`, and `gradient_point` to theta itself.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

from ..plain.curvature import add_statistics, finish_statistics
from ..sums import LEAF
from .room import floats, integers
from .sparse_loops import leaf_shares
from .tree_loops import DEPTH, push, total


def sparse_loss_sums(table, rows, theta, out):
    """out <- the sums of loss and weight of these rows, in the order of the law."""
    partial = floats((DEPTH, 3))
    leaf = floats(3)
    sums = floats(3)
    scratch, b = floats((3, LEAF)), floats(1)
    point = theta, floats((0, 0)), floats(0)  # a gradient that is taken at theta asks for no more
    no_factors = floats(0)
    no_index = integers(0), integers(0), integers(0), integers(0), integers(0)
    count = 0
    for begin in range(0, rows.shape[0], LEAF):
        end = min(begin + LEAF, rows.shape[0])
        for i in range(3):
            leaf[i] = 0.0
        leaf_shares(table, rows, begin, end, False, no_index, no_factors, point, scratch, b, leaf)
        push(partial, leaf, count)
        count += 1
    total(partial, count, sums)
    out[0] = sums[1]
    out[1] = sums[2]


def sharpness(
    spans,
    indices,
    values,
    target,
    weight,
    inverse_scales,
    scaled,
    intercept,
    loss_numbers,
    theta,
    rows,
    vector,
    out,
):
    """`plain.curvature.hessian_product` over sparse rows."""
    columns = inverse_scales.shape[0]
    weight_sum = 0.0
    for j in range(out.shape[0]):
        out[j] = 0.0
    for i in range(rows.shape[0]):
        row = rows[i]
        score = 0.0
        product = 0.0
        for k in range(spans[row, 0], spans[row, 1]):
            j = indices[k]
            score += values[k] * (theta[j] * inverse_scales[j])
            product += values[k] * (vector[j] * inverse_scales[j])
        if intercept:
            score += theta[columns]
            product += vector[columns]
        share = weight[row] * row_second(score, target[row], loss_numbers) * product
        for k in range(spans[row, 0], spans[row, 1]):
            j = indices[k]
            out[j] += share * values[k]
        if intercept:
            out[columns] += share
        weight_sum += weight[row]
    for j in range(columns):
        out[j] = out[j] * inverse_scales[j]
    if weight_sum > 0.0:
        for j in range(out.shape[0]):
            out[j] = out[j] / weight_sum


def row_statistics(
    spans,
    indices,
    values,
    target,
    weight,
    inverse_scales,
    scaled,
    intercept,
    loss_numbers,
    theta,
    out,
    column_curvature,
):
    """`curvature_loops.row_statistics` over sparse rows."""
    columns = inverse_scales.shape[0]
    for row in range(spans.shape[0]):
        score = 0.0
        length = 0.0
        for k in range(spans[row, 0], spans[row, 1]):
            j = indices[k]
            z = values[k] * inverse_scales[j]
            score += values[k] * (theta[j] * inverse_scales[j])
            length += z * z
        if intercept:
            score += theta[columns]
            length += 1.0
        _, slope = row_loss(score, target[row], loss_numbers)
        second = row_second(score, target[row], loss_numbers)
        add_statistics(out, weight[row], slope, second, length)
        if column_curvature.shape[0] > 0:
            share = weight[row] * second
            for k in range(spans[row, 0], spans[row, 1]):
                j = indices[k]
                z = values[k] * inverse_scales[j]
                column_curvature[j] += share * z * z
            if intercept:
                column_curvature[columns] += share
    finish_statistics(out, column_curvature)
