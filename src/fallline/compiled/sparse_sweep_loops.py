"""Steps on sparse rows by a rule that moves a parameter, or its state, while its gradient is 0: every step visits all.

The batch's sums are made from the stored entries alone; what follows is the dense step. So a step costs as much as a
step of the rule on all parameters, however few the batch touches.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np

from ..sums import LEAF
from .room import floats
from .sparse_loops import sparse_batch_sums
from .step_loops import finish_step
from .tree_loops import DEPTH


def take_sweeping_steps(table, batches, numbers, stand, limits, records, scratch):
    """As `descent_loops.take_steps`. table, scratch: as in `sparse_lazy_loops`."""
    count = stand[0].shape[0]
    work = np.arange(scratch[0].shape[0]), floats((DEPTH, 3)), floats(3), floats(3), floats((3, LEAF)), floats(1)
    after = floats(count), floats(count), floats(stand[1].shape)
    return sweep(table, batches, numbers, stand, limits, records, scratch, work, after)


def sweep(table, batches, numbers, stand, limits, records, scratch, work, after):
    """The steps; work and after are room for what is made on the way. It makes no array, so it counts no references."""
    rows, bounds = batches
    theta, state, smoothed_loss, extra = stand
    loss_limit, smoothing_rows = limits
    inverse_scales, slots = table[5], scratch[0]
    last_sums = work[3]
    gradient, new_theta, new_matrix = after
    states, new_states = vectors_of(state), vectors_of(new_matrix)
    columns = inverse_scales.shape[0]
    for t in range(numbers.shape[0]):
        arguments = tuple_of(numbers, t)
        start, stop = bounds[t], bounds[t + 1]
        point = theta, states, arguments
        at, spoilt = sparse_batch_sums(table, rows, start, stop, (columns, False), point, scratch, work)
        sums = slots[at]
        if spoilt:
            sums[0] = np.nan
        for i in range(3):
            sums[columns + i] = last_sums[i]
        cause = finish_step(
            sums,
            inverse_scales,
            theta,
            states,
            arguments,
            (stop - start) / smoothing_rows,
            smoothed_loss,
            extra,
            loss_limit,
            gradient,
            new_theta,
            new_states,
            records[t],
        )
        for j in range(columns):
            sums[j] = 0.0
        if cause != 0:
            return t + 1, cause
    return numbers.shape[0], 0
