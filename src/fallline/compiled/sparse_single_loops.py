"""Steps on batches of one sparse row, by a rule that leaves a parameter alone while its gradient is 0: `single_loops`
for sparse rows, with the bytes of `sparse_lazy_loops`.

Some steps are taken as if nothing could go wrong, and their losses are made side by side after them. Where one of them
should have stopped the descent, all that they have changed is put back, for the caller to take them one by one.

A gradient's norm, in the order of the law, takes as long as a third of the step, and few look at it: what is recorded
is the row's share, weight * slope, of which `sparse_norm_loops.row_norms` makes it.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np

from .leaf_loops import own_weights
from .prefetch import four_at_once, prefetch, prefetch_near
from .room import floats, four_floats
from .single_loops import STEPS, records_of
from .sparse_loops import AHEAD, ask_for
from .step_loops import mean_slope
from .tiles import WIDTH
from .vectors import bits_unless_finite, read, write

ROOM = 1 << 13  # stored numbers of the rows of some steps, mostly


def single_room(most, used):
    """What `single_steps` works in: records; what the parameters and the state were, row after row, and will be; and
    the inverse scales. most: numbers stored in a row. used: whether it is of use at all."""
    room, width = (max(ROOM, most + 1), most + 1) if used else (1, 1)
    inverse = floats(width)
    for n in range(width):
        inverse[n] = 1.0
    return floats((4, STEPS)), floats(room), floats((STATES, room)), inverse


def single_steps(table, rows, start, numbers, t, stand, limits, records, room):
    """Steps from t on, on the rows from rows[start] on: STEPS at most, and as many as there is room for. Return how
    many, and whether they are taken: if not, nothing has changed. The arguments are those of `visit`."""
    spans, indices, values, target, weight, inverse_scales, scaled, intercept, loss_numbers = table
    theta, matrix, smoothed_loss, _ = stand
    loss_limit, smoothing_rows = limits
    scratch, old_theta, old_matrix, inverse = room
    scores, targets, weights, shares = scratch[0], scratch[1], scratch[2], scratch[3]
    states = vectors_of(old_matrix), vectors_of(matrix)
    columns = inverse_scales.shape[0]
    each = own_weights(weight)
    count = 0
    spoilt = 0
    at = 0  # where the old values of this row's parameters begin
    for i in range(min(STEPS, numbers.shape[0] - t)):
        row = np.uint64(rows[np.uint64(start + i)])
        first = spans[row, 0]
        stored = spans[row, 1] - first
        if at + stored + intercept > old_theta.shape[0]:
            break
        count += 1
        if scaled:
            score = one_score(first, stored, indices, values, 1, theta, old_theta, at, inverse_scales, inverse)
        else:
            score = one_score(first, stored, indices, values, 0, theta, old_theta, at, inverse_scales, inverse)
        # while the additions wait for one another there is time for it
        ask_for(spans, indices, values, target, rows, start + i)
        if intercept:
            score += write(old_theta, at + stored, 7, read(theta, columns, 1))
        for k in range(STATES):
            old_values, now = old_matrix[k], matrix[k]
            for n in range(stored):
                old_values[np.uint64(at + n)] = now[np.uint64(read(indices, first + n, 4))]
            if intercept:
                old_matrix[k, at + stored] = matrix[k, columns]
        scores[i] = score
        targets[i] = target[row]
        weights[i] = weight[row * np.uint64(each)]
        shares[i] = weights[i] * row_loss(score, targets[i], loss_numbers)[1]
        following = np.uint64(rows[np.uint64(min(start + i + 1, rows.shape[0] - 1))])
        which = first, stored, at, intercept, min(np.int64(spans[following, 0]), indices.shape[0] - stored)
        vectors = indices, values, inverse, old_theta, theta, matrix
        if weights[i] == 1.0:  # dividing by it changes nothing
            w = 1.0
            spoilt |= move_row(which, vectors, shares[i], w, states, tuple_of(numbers, t + i))
        elif weights[i] != 0.0:
            w = weights[i]
            spoilt |= move_row(which, vectors, shares[i], w, states, tuple_of(numbers, t + i))
        at += stored + intercept
    find_pages(spans, indices, values, target, rows, start + count + AHEAD)
    share = 1.0 / smoothing_rows
    average = records_of(scratch, count, loss_numbers, share, smoothed_loss[0], loss_limit, t, records)
    if average < np.inf and spoilt == 0:
        smoothed_loss[0] = average
        return count, True
    put_rows_back(spans, indices, rows, start, count, intercept, at, theta, matrix, old_theta, old_matrix)
    return count, False


def find_pages(spans, indices, values, target, rows, begin):
    """As in `single_loops`: ask for the entries of STEPS rows, from rows[begin] on, and for the places and the targets
    of as many that come later."""
    last = rows.shape[0] - 1
    for i in range(begin, begin + STEPS):
        first = spans[rows[min(i, last)], 0]
        prefetch(indices, first)
        prefetch(values, first)
        row = rows[min(i + STEPS, last)]
        prefetch(spans, 2 * row)
        prefetch(target, row)


def one_score(first, stored, indices, values, scaled, theta, old_theta, at, inverse_scales, inverse):
    """A row's score but for the intercept. Its parameters, and their scales, come to stand side by side."""
    score = 0.0
    for n in range(stored):
        j = read(indices, first + n, 4)
        w = write(old_theta, at + n, 7, read(theta, j, 1))
        u = w * write(inverse, n, 2, read(inverse_scales, j, 6)) if scaled else w
        score += read(values, first + n, 5) * u
    return score


def move_row(which, vectors, share, weight, states, numbers):
    """The row's gradient, and the rule's step on its parameters, four at a time: what is made of them goes from vectors
    to where they lie, one store after the other. Return 0 if all is finite; where a sum of products of two numbers is
    not, it may be that they are. What lies at the features from place `following` on, the next row's, is asked for."""
    first, stored, at, intercept, following = which
    indices, values, inverse, old_theta, theta, matrix = vectors
    old_state, state = states
    keep = kept(numbers)
    afters, products, new_state = four_floats(), four_floats(), four_states()
    for n in range(WIDTH):
        write(products, n, 3, 0.0)
    whole = stored // WIDTH * WIDTH
    for begin in range(0, whole, WIDTH):
        for n in range(WIDTH):
            place = begin + n
            total = 0.0 + share * read(values, first + place, 5)
            g = mean_slope(total, read(inverse, place, 2), weight)
            after = moved(g, read(old_theta, at + place, 7), keep, numbers, old_state, at + place, new_state, n)
            write(afters, n, 0, after)
            write(products, n, 3, read(products, n, 3) + g * after)
            four_at_once()
        for n in range(WIDTH):
            j = read(indices, following + begin + n, 4)
            prefetch_near(theta, j)
            for k in range(STATES):
                prefetch_near(matrix, k * theta.shape[0] + j)
        for n in range(WIDTH):
            j = read(indices, first + begin + n, 4)
            write(theta, j, 1, read(afters, n, 0))
            keep_state(state, j, new_state, n)
    sums = (read(products, 0, 3) + read(products, 1, 3)) + (read(products, 2, 3) + read(products, 3, 3))
    for place in range(whole, stored + intercept):
        total, scale, j = 0.0 + share, 1.0, theta.shape[0] - 1
        if place < stored:
            total, scale = 0.0 + share * read(values, first + place, 5), read(inverse, place, 2)
            j = read(indices, first + place, 4)
        g = mean_slope(total, scale, weight)
        after = moved(g, read(old_theta, at + place, 7), keep, numbers, old_state, at + place, new_state, 0)
        write(theta, j, 1, after)
        keep_state(state, j, new_state, 0)
        sums += g * after
    return bits_unless_finite(sums)


def moved(g, before, keep, numbers, old_state, place, new_state, n):
    """A parameter after the rule's step; its new state in entry n of four."""
    return before * keep - update(g, before, old_state, place, numbers, new_state, n)


def put_rows_back(spans, indices, rows, start, count, intercept, end, theta, matrix, old_theta, old_matrix):
    """The parameters and the state as they were before these steps; the last row's parameters ended at `end`."""
    at = end
    for i in range(count - 1, -1, -1):
        row = rows[start + i]
        first = spans[row, 0]
        stored = spans[row, 1] - first
        at -= stored + intercept
        for n in range(stored + intercept):
            j = np.int64(indices[first + n]) if n < stored else theta.shape[0] - 1
            theta[j] = old_theta[at + n]
            for k in range(STATES):
                matrix[k, j] = old_matrix[k, at + n]
