"""Steps on sparse rows by a rule that moves a parameter, or its state, while its gradient is 0: every step visits all.

The batch's sums are made from the stored entries alone; what follows is the dense step. So a step costs as much as a
step of the rule on all parameters, however few the batch touches.
"""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from ..sums import LEAF
from .sparse_loops import sparse_batch_sums
from .step_loops import finish_step
from .tree_loops import DEPTH


def take_sweeping_steps(
    spans,
    indices,
    values,
    target,
    weight,
    inverse_scales,
    scaled,
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
    scratch,
):
    """As `descent_loops.take_steps`. scratch: what `sparse.scratch_of` makes; slots, marks and summary are empty before
    and after."""
    slots, marks, summary = scratch[0], scratch[1], scratch[2]
    columns = inverse_scales.shape[0]
    places = np.arange(slots.shape[0])
    partial = np.empty((DEPTH, 3))
    leaf = np.empty(3)
    shares = np.empty(LEAF)
    gradient = np.empty(theta.shape[0])
    new_theta = np.empty(theta.shape[0])
    new_state = np.empty(state.shape)
    last_sums = np.empty(3)
    for t in range(numbers.shape[0]):
        start, stop = bounds[t], bounds[t + 1]
        at, spoilt = sparse_batch_sums(
            spans,
            indices,
            values,
            target,
            weight,
            inverse_scales,
            scaled,
            intercept,
            loss_numbers,
            rows,
            start,
            stop,
            theta,
            state,
            numbers[t],
            shares,
            slots,
            marks,
            summary,
            places,
            partial,
            leaf,
            last_sums,
        )
        sums = slots[at]
        if spoilt:
            sums[0] = np.nan
        for i in range(3):
            sums[columns + i] = last_sums[i]
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
        for j in range(columns):
            sums[j] = 0.0
        for word in range(marks.shape[1]):
            marks[at, word] = 0
        for block in range(summary.shape[1]):
            summary[at, block] = 0
        if cause != 0:
            return t + 1, cause
    return numbers.shape[0], 0
