"""Steps on sparse rows by a rule that leaves a parameter alone while its gradient is 0: only touched ones are visited.

The arithmetic is that of `step_loops.finish_step`, with the same bytes: for every parameter that is not touched the
gradient is 0.0, so it adds 0.0 to the norm, and the rule's step leaves it as it is.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np

from ..plain.divergence import smoothed
from ..scalar import where
from ..sums import LEAF
from .leaf_loops import own_weights
from .room import floats, integers
from .sparse_loops import ask_for, collect, sparse_batch_sums
from .tree_loops import DEPTH
from .vectors import read, write

LEAF_BITS = LEAF.bit_length() - 1
WORTH_A_SWEEP = 16  # leaves of parameters for each one touched, up to which the whole tree is gone through


def take_lazy_steps(table, batches, numbers, stand, limits, records, scratch):
    """As `descent_loops.take_steps`. table: `SparseArrays.scored`. scratch: what `sparse.scratch_of` makes; slots,
    marks and summary are empty before and after."""
    work = np.arange(scratch[0].shape[0]), floats((DEPTH, 3)), floats(3), floats(3), floats(LEAF)
    return visit(table, batches, numbers, stand, limits, records, scratch, work)


def visit(table, batches, numbers, stand, limits, records, scratch, work):
    """The steps; work is room for what is made on the way. It makes no array, so it counts no references."""
    rows, bounds = batches
    theta, state, smoothed_loss, _ = stand
    loss_limit, smoothing_rows = limits
    spans, indices, values, target, weight, inverse_scales, scaled, intercept, loss_numbers = table
    slots, marks, summary, touched, vectors, leaves, leaf_places = scratch
    sums = work[3]
    gradient, inverse, old_theta, new_theta = vectors[0], vectors[1], vectors[2], vectors[3]
    old_state, new_state = vectors[4 : 4 + STATES], vectors[4 + STATES :]
    states, old_states, new_states = vectors_of(state), vectors_of(old_state), vectors_of(new_state)
    columns = inverse_scales.shape[0]
    each = own_weights(weight)
    for n in range(inverse.shape[0]):
        inverse[n] = 1.0
    unsummed = False  # whether the squares of the step before stand in their leaves
    for t in range(numbers.shape[0]):
        start, stop = bounds[t], bounds[t + 1]
        arguments = tuple_of(numbers, t)
        if stop - start == 1:
            ask_for(spans, indices, values, target, rows, start)
            row = rows[start]
            first = spans[row, 0]
            count = spans[row, 1] - first
            score = one_score(first, count, indices, values, inverse_scales, scaled, theta, inverse, old_theta)
            if unsummed:
                records[t - 1, 1] = np.sqrt(sum_of_leaves(leaves))
            count, spoilt, loss_sum, batch_weight = one_gradient(
                first,
                count,
                indices,
                values,
                score,
                target[row],
                weight[row * each],
                columns,
                intercept,
                loss_numbers,
                theta,
                touched,
                gradient,
                inverse,
                old_theta,
            )
        else:
            if unsummed:
                records[t - 1, 1] = np.sqrt(sum_of_leaves(leaves))
            at, spoilt = sparse_batch_sums(table, rows, start, stop, theta, states, arguments, scratch, work)
            count = collect(slots[at], marks[at], summary[at], touched, gradient)
            if intercept:
                touched[count] = columns
                gradient[count] = sums[0]
                count += 1
            gather(count, touched, inverse_scales, scaled, theta, inverse, old_theta)
            loss_sum, batch_weight = sums[1], sums[2]
        unsummed = False
        if batch_weight == 0.0:
            records[t, 0] = 0.0
            records[t, 1] = 0.0
            continue
        for i in range(STATES):
            for n in range(count):
                old_state[i, n] = state[i, touched[n]]
        keep = kept(arguments)
        if batch_weight == 1.0:  # the usual batch of one: a division by 1.0 changes nothing
            bad = update_touched(
                count, gradient, inverse, 1.0, old_theta, old_states, arguments, keep, new_theta, new_states
            )
        else:
            bad = update_touched(
                count, gradient, inverse, batch_weight, old_theta, old_states, arguments, keep, new_theta, new_states
            )
        loss = loss_sum / batch_weight
        records[t, 0] = loss
        average = smoothed(smoothed_loss[0], loss, (stop - start) / smoothing_rows)
        if spoilt or bad != 0 or not abs(loss) < np.inf or average > loss_limit:
            norm = np.sqrt(sum_of_touched(count, touched, gradient))
            records[t, 1] = np.nan if spoilt else norm
            return t + 1, cause_of(loss, average, loss_limit, spoilt, bad)
        smoothed_loss[0] = average
        for n in range(count):
            theta[touched[n]] = new_theta[n]
        for i in range(STATES):
            for n in range(count):
                state[i, touched[n]] = new_state[i, n]
        if leaf_places.shape[0] <= WORTH_A_SWEEP * count:
            write_leaves(count, touched, gradient, leaf_places, leaves)
            unsummed = True  # the next row's score is a long wait, in which the tree can be gone through
        else:
            records[t, 1] = np.sqrt(sum_of_touched(count, touched, gradient))
    if unsummed:
        records[numbers.shape[0] - 1, 1] = np.sqrt(sum_of_leaves(leaves))
    return numbers.shape[0], 0


def one_score(first, count, indices, values, inverse_scales, scaled, theta, inverse, old_theta):
    """A row's score but for the intercept. Its parameters, and their scales, come to stand side by side."""
    score = 0.0
    if scaled:
        for n in range(count):
            j = read(indices, first + n, 4)
            scale = write(inverse, n, 1, read(inverse_scales, j, 6))
            score += read(values, first + n, 5) * (write(old_theta, n, 2, read(theta, j, 7)) * scale)
    else:
        for n in range(count):
            w = write(old_theta, n, 2, read(theta, read(indices, first + n, 4), 7))
            score += read(values, first + n, 5) * w
    return score


def one_gradient(
    first,
    count,
    indices,
    values,
    score,
    target,
    weight,
    columns,
    intercept,
    loss_numbers,
    theta,
    touched,
    gradient,
    inverse,
    old_theta,
):
    """A batch of one row: its own entries are the touched features, in order. Return how many, whether the others'
    gradient is not 0 but NaN, and the sums of loss and weight."""
    if intercept:
        score += theta[columns]
    value, slope = row_loss(score, target, loss_numbers)
    share = weight * slope
    for n in range(count):
        write(gradient, n, 0, 0.0 + share * read(values, first + n, 5))
        write(touched, n, 3, read(indices, first + n, 4))
    spoilt = not abs(share) < np.inf and count < columns
    if intercept:
        touched[count] = columns
        old_theta[count] = theta[columns]
        inverse[count] = 1.0
        gradient[count] = 0.0 + share
        count += 1
    return count, spoilt, 0.0 + weight * value, weight


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


def sum_of_touched(count, touched, gradient):
    """`tree_loops.tree_sum_of_squares` of a vector that is 0.0 but for these entries, which stand in order.

    Leaves of zeros add 0.0, so only those with an entry are added: two of them meet at the height of the highest bit
    in which their numbers differ.
    """
    waiting = floats(DEPTH)  # sums that wait for their right-hand neighbour, the widest at the bottom
    joins = integers(DEPTH)
    depth = 0
    found = 0.0
    before = np.int64(-1)
    n = 0
    while n < count:
        place = np.int64(touched[n]) >> LEAF_BITS
        sum_of_squares = 0.0
        while n < count and np.int64(touched[n]) >> LEAF_BITS == place:
            sum_of_squares += gradient[n] * gradient[n]
            n += 1
        if before >= 0:
            join = before ^ place
            while depth > 0 and joins[depth - 1] < join:
                depth -= 1
                found = waiting[depth] + found
            waiting[depth] = found
            joins[depth] = join
            depth += 1
        found = sum_of_squares
        before = place
    while depth > 0:
        depth -= 1
        found = waiting[depth] + found
    return found


def write_leaves(count, touched, gradient, leaf_places, leaves):
    """The leaves' sums of squares, each at its place in `leaves`, which is 0.0 elsewhere.

    A sum so far is written over and over: to read it again, to add to it, would be a wait for each entry. As it is,
    one addition waits for another; so the row is cut in two, between two leaves, and both parts are added up at once.
    """
    middle = (count + 1) // 2
    while 0 < middle < count and leaf_of(touched, middle) == leaf_of(touched, middle - 1):
        middle += 1
    found, other = 0.0, 0.0
    before, other_before = np.int64(-1), np.int64(-1)
    for n in range(count - middle):
        found, before = add_square(n, found, before, touched, gradient, leaf_places, leaves)
        other, other_before = add_square(middle + n, other, other_before, touched, gradient, leaf_places, leaves)
    for n in range(count - middle, middle):
        found, before = add_square(n, found, before, touched, gradient, leaf_places, leaves)


def leaf_of(touched, n):
    return read(touched, n, 3) >> LEAF_BITS


def add_square(n, found, before, touched, gradient, leaf_places, leaves):
    """An entry's square to the sum of its leaf, if that is the one before's, else to 0.0. Return sum and leaf."""
    leaf = leaf_of(touched, n)
    g = read(gradient, n, 0)
    found = where(leaf == before, found, 0.0) + g * g
    write(leaves, read(leaf_places, leaf, 4), 1, found)
    return found, leaf


def sum_of_leaves(leaves):
    """The tree over all leaves, level by level. A leaf's place is its number with the bits reversed: so the two leaves
    of a pair, and the two halves of every level, are half the width apart, and a level is one addition of vectors.
    The leaves are 0.0 again afterwards."""
    width = leaves.shape[0]
    while width > 1:
        width >>= 1
        for i in range(width):
            write(leaves, i, 0, read(leaves, i, 0) + read(leaves, width + i, 1))
            write(leaves, width + i, 1, 0.0)
    found = leaves[0]
    leaves[0] = 0.0
    return found
