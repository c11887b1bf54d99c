"""Steps on batches of one row, by a rule alone: `leaf_loops` and `step_loops` for them, with the same bytes.

Such a step waits for one addition of its score after the other, then for the slope, and then for what it has written
itself. So all that nothing waits for is put off: some steps are taken as if nothing could go wrong, and after them
their losses are made side by side. Where one of them should have stopped the descent, the state is put back to what it
was, for the caller to take them one by one.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np

from ..plain.divergence import smoothed
from .leaf_loops import own_weights
from .prefetch import four_at_once, prefetch, two_at_once
from .room import four_floats
from .step_loops import mean_slope, rescale
from .tiles import WIDTH, add_terms_and_squares
from .vectors import are_infinite, magnitude_bits, read, write

STEPS = 64  # at a time
AHEAD = 16  # rows between the one at hand and the one that is asked for


def single_steps(scored, scales, b, rows, start, numbers, t, stand, limits, records, work, after, known, score):
    """STEPS steps from t on, on the rows from rows[start] on. known: whether `score` is the first row's but for the
    intercept, as the steps before have left it. Return whether the steps are taken (if one must not be, nothing has
    changed), and the same two of the row after them. The other arguments are those of `descent_loops.walk`."""
    x, target, weight, means, intercept, loss_numbers = scored
    columns = means.shape[0]
    theta, matrix, smoothed_loss, _ = stand
    loss_limit, smoothing_rows = limits
    coefficients, scratch = work[0], work[1]
    _, before, _, new_matrix = after
    scores, targets, weights, all_squares = scratch[0], scratch[1], scratch[2], scratch[3]
    state, new_state = vectors_of(matrix), vectors_of(new_matrix)
    copy_rows(theta, matrix, before[0], before[1:])
    each = own_weights(weight)
    for i in range(STEPS):
        arguments = tuple_of(numbers, t + i)
        row = np.uint64(rows[np.uint64(start + i)])
        following = rows[np.uint64(min(start + i + 1, rows.shape[0] - 1))]
        later = rows[np.uint64(min(start + i + 1 + AHEAD, rows.shape[0] - 1))]
        prefetch(target, later)
        prefetch(weight, later * each)
        prefetch(x, (later + 1) * columns - 1)
        if ELSEWHERE > 0 or not known:
            rescale(theta, state, arguments, scales, coefficients, b)
            score = row_score(x[row], means, coefficients)
        if intercept:
            score += b[0] if ELSEWHERE > 0 else theta[columns]
        scores[i] = score
        targets[i] = target[row]
        weights[i] = weight[row * np.uint64(each)]
        share = row_loss(score, targets[i], loss_numbers)[1]
        which = np.int64(row), following, later
        vectors = means, scales, theta
        if weights[i] == 1.0:  # dividing by it changes nothing
            w = 1.0
            score, squares = move_all(x, which, vectors, share, w, state, arguments, new_state)
        elif weights[i] != 0.0:
            w = weights[i]
            share = w * share
            score, squares = move_all(x, which, vectors, share, w, state, arguments, new_state)
        else:
            squares = 0.0
        all_squares[i] = squares
        known = weights[i] != 0.0
    find_pages(x, target, rows, start + STEPS + AHEAD + 1, columns)
    count = min(STEPS, scratch.shape[1])  # a loop that the compiler knows to be short would stay scalar
    for i in range(count):
        all_squares[i] = np.sqrt(all_squares[i])
    average = records_of(scratch, count, loss_numbers, 1.0 / smoothing_rows, smoothed_loss[0], loss_limit, t, records)
    if not average < np.inf or not is_finite(theta):
        copy_rows(before[0], before[1:], theta, matrix)
        return False, False, 0.0
    smoothed_loss[0] = average
    return True, known, score


def find_pages(x, target, rows, begin, columns):
    """Ask for the beginning and the end of STEPS rows, from rows[begin] on. A processor that does not know where a page
    of memory lies finishes nothing else until it has looked, and a step's additions wait: here it looks for several at
    once, and there are losses to be made meanwhile."""
    for i in range(begin, begin + STEPS):
        row = rows[min(i, rows.shape[0] - 1)]
        prefetch(target, row)
        prefetch(x, row * columns)
        prefetch(x, (row + 1) * columns - 1)


def row_score(features, means, coefficients):
    """A row's score but for the intercept."""
    score = 0.0
    for j in range(means.shape[0]):
        score += (read(features, j, 6) - read(means, j, 5)) * read(coefficients, j, 3)
    return score


def move_all(x, which, vectors, share, weight, state, numbers, new_state):
    """The gradient of a row and the rule's step on it, in place; and, where that is taken at theta, the score of the
    next row but for the intercept. It is made of each four parameters as soon as they are there, of what is still in
    registers: a step waits for nothing so long as for its additions.

    which: the row, the next one, the one to ask for. Return that score, and the sum of the gradient's squares.
    """
    row, following, later = which
    means, _, theta = vectors
    columns = means.shape[0]
    keep = kept(numbers)
    features, next_features = x[row], x[following]
    slopes, factors, sums = four_floats(), four_floats(), four_floats()
    sums[0] = 0.0
    sums[1] = 0.0
    whole = columns // WIDTH * WIDTH
    for begin in range(0, whole, WIDTH):
        for n in range(WIDTH):
            g, factor = move_one(features, vectors, begin + n, share, weight, state, keep, numbers, new_state)
            write(slopes, n, 0, g)
            write(factors, n, 3, factor)
            four_at_once()
        add_terms_and_squares(x, following, means, factors, slopes, begin, sums, later)
    score, squares = sums[0], sums[1]
    for j in range(whole, columns):
        g, factor = move_one(features, vectors, j, share, weight, state, keep, numbers, new_state)
        score += (read(next_features, j, 6) - read(means, j, 5)) * factor
        squares += g * g
    for j in range(columns, theta.shape[0]):
        g = mean_slope(0.0 + share, 1.0, weight)
        squares += g * g
        step = update(g, read(theta, j, 1), state, j, numbers, new_state, j)
        write(theta, j, 1, read(theta, j, 1) * keep - step)
    for j in range(theta.shape[0] if STATES > 0 else 0):
        keep_state(state, j, new_state, j)
    return score, squares


def move_one(features, vectors, j, share, weight, state, keep, numbers, new_state):
    """The rule's step on coefficient j. Return its gradient, and what the next row's feature is multiplied by."""
    means, scales, theta = vectors
    total = 0.0 + share * (read(features, j, 6) - read(means, j, 5))
    g = mean_slope(total, read(scales, j, 4), weight)
    step = update(g, read(theta, j, 1), state, j, numbers, new_state, j)
    after = write(theta, j, 1, read(theta, j, 1) * keep - step)
    return g, after * read(scales, j, 4)


def records_of(scratch, count, loss_numbers, share, average, loss_limit, t, records):
    """The losses and norms (or what stands for them) of so many steps into the records. Return the smoothed loss after
    them; infinite where it went beyond its limit, or a loss or a norm was not finite."""
    scores, targets, weights, norms = scratch[0], scratch[1], scratch[2], scratch[3]
    for i in range(count):
        scores[i] = row_loss(scores[i], targets[i], loss_numbers)[0]
        two_at_once()
    good = True
    for i in range(count):
        loss = 0.0
        if weights[i] != 0.0:
            loss = (0.0 + weights[i] * scores[i]) / weights[i]
            average = smoothed(average, loss, share)
            good &= abs(loss) < np.inf and abs(norms[i]) < np.inf and average <= loss_limit
        records[t + i, 0] = loss
        records[t + i, 1] = norms[i]
        records[t + i, 2] = 0.0
    return average if good else np.inf


def is_finite(theta):
    """Whether all parameters are: one that was not, after any of the steps, is not after the last."""
    largest = 0
    for j in range(theta.shape[0]):
        largest = max(largest, magnitude_bits(theta[j]))
    return not are_infinite(largest)


def copy_rows(vector, matrix, new_vector, new_matrix):
    """new_vector, new_matrix <- vector, matrix."""
    for j in range(vector.shape[0]):
        new_vector[j] = vector[j]
    for i in range(matrix.shape[0]):
        for j in range(vector.shape[0]):
            new_matrix[i, j] = matrix[i, j]
