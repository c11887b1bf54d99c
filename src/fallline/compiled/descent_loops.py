"""Whole steps, many in one call: `plain.PlainRuntime.advance` over arrays."""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from ..sums import LEAF
from .leaf_loops import batch_sums
from .step_loops import descent_point, finish_step
from .tree_loops import DEPTH


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
    """One step for each batch rows[bounds[t]:bounds[t + 1]]. Return how many steps were tried, and what was wrong."""
    columns = means.shape[0]
    coefficients = np.empty(columns)
    scratch = np.empty((3, LEAF))
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
        batch_sums(
            x,
            target,
            weight,
            means,
            coefficients,
            intercept,
            b,
            loss_numbers,
            rows,
            start,
            stop,
            scratch,
            leaf,
            partial,
            sums,
        )
        cause = finish_step(
            sums,
            inverse_scales,
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
