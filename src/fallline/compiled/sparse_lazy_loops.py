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
from .prefetch import four_at_once
from .room import floats, four_floats
from .sparse_index_loops import forget_features, number_features
from .sparse_loops import sparse_batch_sums
from .sparse_norm_loops import norm_of
from .sparse_single_loops import single_room, single_steps
from .tiles import WIDTH
from .tree_loops import DEPTH
from .vectors import read, without_scatter, write

AT_A_TIME = 128  # parameters of a step


def take_lazy_steps(table, batches, numbers, stand, limits, records, scratch):
    """As `descent_loops.take_steps`; but where all batches are one row, their shares are recorded in the norms' place,
    of which `row_norms` makes them. table: `SparseArrays.scored`. scratch: what `sparse.scratch_of` makes; slots
    and marks are empty before and after."""
    without_scatter()
    work = np.arange(scratch[0].shape[0]), floats((DEPTH, 3)), floats(3), floats(3), floats((3, LEAF)), floats(1)
    _, bounds = batches
    single = bounds[numbers.shape[0]] - bounds[0] == numbers.shape[0]  # no batch is empty, so all are one row
    room = single_room(scratch[6], single)
    return visit(table, batches, numbers, stand, limits, records, scratch, single, work, room)


def visit(table, batches, numbers, stand, limits, records, scratch, single, work, room):
    """The steps; work and room are for what is made on the way. It makes no array, so it counts no references."""
    rows, bounds = batches
    theta, state, smoothed_loss, _ = stand
    loss_limit, smoothing_rows = limits
    slots, _, index, vectors, leaves, leaf_places, _ = scratch
    touched = index[3]
    sums, states, inverse = work[3], vectors_of(state), vectors[1]
    columns, intercept = table[5].shape[0], table[7]
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
        count, indexed = number_features(table, rows, start, stop, theta, states, arguments, index, vectors)
        point = theta, states, arguments
        at, spoilt = sparse_batch_sums(table, rows, start, stop, (count, indexed), point, scratch, work)
        if indexed:
            forget_features(index)
        loss_sum, batch_weight = sums[1], sums[2]
        slot = slots[at]
        if intercept:
            slot[count] = sums[0]
            touched[count] = columns
            vectors[2, count] = theta[columns]
            count += 1
        bad = step_on_touched(count, slot, table, batch_weight, touched, vectors, theta, state, arguments)
        t += 1
        records[t - 1, 1] = work[4][0, 0] if single else 0.0
        if batch_weight == 0.0:
            records[t - 1, 0] = 0.0
            put_back(count, touched, vectors, theta, state)
            continue
        if not single:
            norm = norm_of(count, touched, vectors[0], leaf_places, leaves)
            records[t - 1, 1] = np.nan if spoilt else norm
        loss = loss_sum / batch_weight
        records[t - 1, 0] = loss
        average = smoothed(smoothed_loss[0], loss, (stop - start) / smoothing_rows)
        if spoilt or bad != 0 or not abs(loss) < np.inf or average > loss_limit:
            put_back(count, touched, vectors, theta, state)
            return t, cause_of(loss, average, loss_limit, spoilt, bad)
        smoothed_loss[0] = average
    return numbers.shape[0], 0


def step_on_touched(count, slot, table, weight, touched, vectors, theta, state, numbers):
    """The step, of the sums in the slot, which is left empty: on some parameters at a time, so that they stay in the
    first-level cache. vectors: of the touched features, the gradient, what `put_back` needs, and more. Return what was
    not finite (see `update_touched`)."""
    inverse_scales, scaled = table[5], table[6]
    keep = kept(numbers)
    bad = 0
    for first in range(0, count, AT_A_TIME):
        last = min(first + AT_A_TIME, count)
        gather(first, last, touched, inverse_scales, scaled, state, vectors)
        bad |= update_touched(first, last, slot, touched, vectors, theta, state, weight, numbers, keep)
    return bad


def gather(first, last, touched, inverse_scales, scaled, state, vectors):
    """The touched parameters' scales and their state, side by side."""
    inverse = vectors[1]
    if scaled:
        for n in range(first, last):
            j = read(touched, n, 4)
            inverse[n] = inverse_scales[j] if j < inverse_scales.shape[0] else 1.0
    for i in range(STATES):
        values, old_values = state[i], vectors[3 + i]
        for n in range(first, last):
            old_values[np.uint64(n)] = values[np.uint64(read(touched, n, 4))]


def update_touched(first, last, slot, touched, vectors, theta, state, weight, numbers, keep):
    """The mean gradients, of their sums, and the parameters and states after the step, four at a time: each goes from a
    vector to where it lies. Return what was not finite: the lowest bit for a gradient, the next for a step, and for a
    parameter."""
    gradient, inverse, old_theta = vectors[0], vectors[1], vectors[2]
    old_states, states = vectors_of(vectors[3:]), vectors_of(state)
    afters, new_states = four_floats(), four_states()
    gradients, steps, parameters = four_floats(), four_floats(), four_floats()  # 0.0 while all of them are finite
    for n in range(WIDTH):
        write(gradients, n, 7, 0.0)
        write(steps, n, 7, 0.0)
        write(parameters, n, 7, 0.0)
    one_each = slot, gradient, inverse, old_theta
    checks = gradients, steps, parameters
    whole = first + (last - first) // WIDTH * WIDTH
    for begin in range(first, whole, WIDTH):
        for n in range(WIDTH):
            after = moved_touched(begin + n, one_each, weight, keep, numbers, old_states, new_states, n, checks)
            write(afters, n, 6, after)
            four_at_once()
        for n in range(WIDTH):
            j = read(touched, begin + n, 4)
            write(theta, j, 1, read(afters, n, 6))
            keep_state(states, j, new_states, n)
    for place in range(whole, last):
        after = moved_touched(place, one_each, weight, keep, numbers, old_states, new_states, 0, checks)
        j = read(touched, place, 4)
        write(theta, j, 1, after)
        keep_state(states, j, new_states, 0)
    return is_bad(gradients) + 2 * is_bad(steps) + 4 * is_bad(parameters)


def moved_touched(place, one_each, weight, keep, numbers, old_states, new_states, n, checks):
    """The mean gradient of one parameter, and the parameter after the step; its new state, and what was not finite, in
    entry n of four."""
    slot, gradient, inverse, old_theta = one_each
    gradients, steps, parameters = checks
    g = write(gradient, place, 0, (read(slot, place, 5) * read(inverse, place, 3)) / weight)
    write(slot, place, 5, 0.0)
    before = read(old_theta, place, 2)
    step = update(g, before, old_states, place, numbers, new_states, n)
    after = before * keep - step
    write(gradients, n, 7, read(gradients, n, 7) + (g - g))
    write(steps, n, 7, read(steps, n, 7) + (step - step))
    write(parameters, n, 7, read(parameters, n, 7) + (after - after))
    return after


def is_bad(four):
    """1 where any of the four is NaN, else 0."""
    total = (read(four, 0, 7) + read(four, 1, 7)) + (read(four, 2, 7) + read(four, 3, 7))
    return 0 if total == 0.0 else 1


def put_back(count, touched, vectors, theta, state):
    """The parameters and their state as they were before the step."""
    for n in range(count):
        theta[touched[n]] = vectors[2, n]
    for i in range(STATES):
        for n in range(count):
            state[i, touched[n]] = vectors[3 + i, n]


def cause_of(loss, average, loss_limit, spoilt, bad):
    """What was wrong, in the order in which `step_loops.finish_step` looks."""
    if not abs(loss) < np.inf:
        return 1
    if average > loss_limit:
        return 2
    if spoilt or bad & 1:
        return 3
    return 4 if bad & 2 else 5
