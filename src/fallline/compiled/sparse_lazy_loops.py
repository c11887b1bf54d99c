"""Steps on sparse rows by a rule that leaves a parameter alone while its gradient is 0: only touched ones are visited.

The arithmetic is that of `step_loops.finish_step`, with the same bytes: for every parameter that is not touched the
gradient is 0.0, so it adds 0.0 to the norm, and the rule's step leaves it as it is.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np

from ..plain.divergence import smoothed
from ..sums import LEAF
from .room import floats
from .sparse_loops import collect, sparse_batch_sums
from .sparse_norm_loops import norm_of
from .sparse_single_loops import single_room, single_steps
from .tree_loops import DEPTH
from .vectors import read, write


def take_lazy_steps(table, batches, numbers, stand, limits, records, scratch):
    """As `descent_loops.take_steps`; but where all batches are one row, their shares are recorded in the norms' place,
    of which `row_norms` makes them. table: `SparseArrays.scored`. scratch: what `sparse.scratch_of` makes; slots
    and marks are empty before and after."""
    work = np.arange(scratch[0].shape[0]), floats((DEPTH, 3)), floats(3), floats(3), floats(LEAF)
    _, bounds = batches
    single = bounds[numbers.shape[0]] - bounds[0] == numbers.shape[0]  # no batch is empty, so all are one row
    room = single_room(scratch[6], single)
    return visit(table, batches, numbers, stand, limits, records, scratch, single, work, room)


def visit(table, batches, numbers, stand, limits, records, scratch, single, work, room):
    """The steps; work and room are for what is made on the way. It makes no array, so it counts no references."""
    rows, bounds = batches
    theta, state, smoothed_loss, _ = stand
    loss_limit, smoothing_rows = limits
    inverse_scales, scaled, intercept = table[5], table[6], table[7]
    slots, marks, touched, vectors, leaves, leaf_places, _ = scratch
    sums = work[3]
    gradient, inverse, old_theta, new_theta = vectors[0], vectors[1], vectors[2], vectors[3]
    old_state, new_state = vectors[4 : 4 + STATES], vectors[4 + STATES :]
    states, old_states, new_states = vectors_of(state), vectors_of(old_state), vectors_of(new_state)
    columns = inverse_scales.shape[0]
    for n in range(inverse.shape[0]):
        inverse[n] = 1.0
    one_by_one = 0  # up to this step
    t = 0
    while t < numbers.shape[0]:
        if single and t >= one_by_one:
            count, taken = single_steps(table, rows, bounds[t], numbers, t, stand, limits, records, room)
            if taken:
                t += count
                continue
            one_by_one = t + count
        start, stop = bounds[t], bounds[t + 1]
        arguments = tuple_of(numbers, t)
        at, spoilt = sparse_batch_sums(table, rows, start, stop, theta, states, arguments, scratch, work)
        count = collect(slots[at], marks[at], columns, touched, gradient)
        if intercept:
            touched[count] = columns
            gradient[count] = sums[0]
            count += 1
        gather(count, touched, inverse_scales, scaled, theta, inverse, old_theta)
        loss_sum, batch_weight = sums[1], sums[2]
        t += 1
        records[t - 1, 1] = work[4][0] if single else 0.0
        if batch_weight == 0.0:
            records[t - 1, 0] = 0.0
            continue
        for i in range(STATES):
            for n in range(count):
                old_state[i, n] = state[i, touched[n]]
        keep = kept(arguments)
        bad = update_touched(
            count, gradient, inverse, batch_weight, old_theta, old_states, arguments, keep, new_theta, new_states
        )
        loss = loss_sum / batch_weight
        records[t - 1, 0] = loss
        average = smoothed(smoothed_loss[0], loss, (stop - start) / smoothing_rows)
        if spoilt or bad != 0 or not abs(loss) < np.inf or average > loss_limit:
            if not single:
                norm = norm_of(count, touched, gradient, leaf_places, leaves)
                records[t - 1, 1] = np.nan if spoilt else norm
            return t, cause_of(loss, average, loss_limit, spoilt, bad)
        smoothed_loss[0] = average
        for n in range(count):
            theta[touched[n]] = new_theta[n]
        for i in range(STATES):
            for n in range(count):
                state[i, touched[n]] = new_state[i, n]
        if not single:
            records[t - 1, 1] = norm_of(count, touched, gradient, leaf_places, leaves)
    return numbers.shape[0], 0


def gather(count, touched, inverse_scales, scaled, theta, inverse, old_theta):
    """The touched parameters and their scales, side by side."""
    for n in range(count):
        old_theta[n] = theta[touched[n]]
    if scaled:
        for n in range(count):
            j = touched[n]
            inverse[n] = inverse_scales[j] if j < inverse_scales.shape[0] else 1.0


def update_touched(count, gradient, inverse, weight, old_theta, old_states, numbers, keep, new_theta, new_states):
    """The mean gradients, in place of their sums, and the parameters and states after the step. Return what was not
    finite: 1 for a gradient, 2 for a step, 4 for a parameter, added up."""
    bad_gradient = 0
    bad_step = 0
    bad_theta = 0
    for n in range(count):
        g = (read(gradient, n, 0) * read(inverse, n, 1)) / weight
        before = read(old_theta, n, 2)
        step = update(g, before, old_states, n, numbers, new_states)
        after = write(new_theta, n, 3, before * keep - step)
        write(gradient, n, 0, g)
        bad_gradient |= not abs(g) < np.inf
        bad_step |= not abs(step) < np.inf
        bad_theta |= not abs(after) < np.inf
    return bad_gradient + 2 * bad_step + 4 * bad_theta


def cause_of(loss, average, loss_limit, spoilt, bad):
    """What was wrong, in the order in which `step_loops.finish_step` looks."""
    if not abs(loss) < np.inf:
        return 1
    if average > loss_limit:
        return 2
    if spoilt or bad & 1:
        return 3
    return 4 if bad & 2 else 5
