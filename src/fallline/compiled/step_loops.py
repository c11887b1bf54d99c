"""From a batch's sums to the new parameters, as in `plain/descent.py`.

Bound by the kernel (see `kernels.py`) to the rule's scalar functions:
`update(g, theta, state, j, numbers, new_state, k)`, which reads the state at j and writes the new one at k;
`gradient_point(theta, state, j, numbers)`, `kept(numbers)`, `NUMBERS`, `SUMS` and `terms_of(g, theta, state, j, out)`;
to its vectors of state `keep_state(state, j, new_state, k)`, and to room for four entries of each `four_states()`; and
to what a step has besides (see `bindings.py`): `penalize`, `move` and `keep_average`, which do nothing, nothing but the
rule's step, and nothing, where there is neither penalty nor transform.

A state is a tuple of vectors, a step's numbers are a tuple (in registers: what stands in memory could be overwritten by
a store, for all that the compiler knows). The vectors of a loop have numbers (see `vectors.py`): gradient 0, theta 1,
new_theta 2, states from 8 on, new states from 16 on.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np

from ..plain.divergence import smoothed
from ..sums import LEAF
from .room import floats
from .tree_loops import DEPTH, push, total, tree_sum_of_squares
from .vectors import are_infinite, magnitude_bits, read, write


def add_sums(gradient, theta, state, numbers, arguments):
    """arguments <- the step's numbers (the decay, if there is one, left out), and the sums of the rule's terms."""
    count = NUMBERS
    for i in range(count):
        arguments[i] = numbers[i]
    partial = floats((DEPTH, SUMS))
    leaf = floats(SUMS)
    terms = floats(SUMS)
    leaves = 0
    for begin in range(0, theta.shape[0], LEAF):
        for i in range(SUMS):
            leaf[i] = 0.0
        for j in range(begin, min(begin + LEAF, theta.shape[0])):
            terms_of(gradient[j], theta[j], state, j, terms)
            for i in range(SUMS):
                leaf[i] += terms[i]
        push(partial, leaf, leaves)
        leaves += 1
    total(partial, leaves, arguments[count:])


def descent_point(theta, state, numbers, point):
    """point <- where the gradient is taken."""
    for j in range(theta.shape[0]):
        point[j] = gradient_point(theta[j], state, j, numbers)


def rescale(theta, state, numbers, scales, coefficients, b):
    """coefficients, b <- where the gradient is taken, in the units of the table's columns."""
    columns = scales.shape[0]
    for j in range(columns):
        coefficients[j] = gradient_point(theta[j], state, j, numbers) * scales[j]
    for j in range(columns, theta.shape[0]):
        b[j - columns] = gradient_point(theta[j], state, j, numbers)


def rule_step(gradient, theta, state, numbers, extra, columns, new_theta, new_state):
    """new_theta and new_state <- what the rule makes of the gradient. Return what was wrong; see `finish_step`."""
    return step_with(gradient, theta, state, numbers, kept(numbers), new_theta, new_state)


def summed_step(gradient, theta, state, numbers, extra, columns, new_theta, new_state):
    """`rule_step` by a rule with sums."""
    arguments = floats(NUMBERS + SUMS)
    add_sums(gradient, theta, state, numbers, arguments)
    return step_with(gradient, theta, state, arguments, kept(numbers), new_theta, new_state)


def step_with(gradient, theta, state, arguments, keep, new_theta, new_state):
    """The step by the numbers that the rule's function takes."""
    largest_gradient = 0
    largest_step = 0
    largest_parameter = 0
    for j in range(theta.shape[0]):
        g = read(gradient, j, 0)
        before = read(theta, j, 1)
        step = update(g, before, state, j, arguments, new_state, j)
        after = write(new_theta, j, 2, before * keep - step)
        largest_gradient = max(largest_gradient, magnitude_bits(g))
        largest_step = max(largest_step, magnitude_bits(step))
        largest_parameter = max(largest_parameter, magnitude_bits(after))
    if are_infinite(largest_gradient):
        return 3
    if are_infinite(largest_step):
        return 4
    return 5 if are_infinite(largest_parameter) else 0


def mean_slope(total, scale, weight):
    """A parameter's gradient from the sum over its column. Where the weight is 1, dividing by it changes nothing and is
    left out, outside the loop."""
    return total * scale / weight if weight != 1.0 else total * scale


def finish_step(
    sums,
    scales,
    theta,
    state,
    numbers,
    smoothing_share,
    smoothed_loss,
    extra,
    loss_limit,
    gradient,
    new_theta,
    new_state,
    record,
):
    """From a batch's sums to the new parameters. Return what was wrong, as a number of `CAUSES`; 0 is nothing.

    scales: the inverse scale of each coefficient; behind their sums stand those of the intercepts, the loss and the
    weight. extra: the penalties' numbers for each coefficient, and the average of the parameters (see `shape.py`).
    record receives the loss, the gradient norm and what the penalties add to the loss; smoothed_loss[0], theta, state
    and the average change only if nothing is wrong.
    """
    columns = scales.shape[0]
    weight = sums[sums.shape[0] - 1]
    if weight == 0.0:
        record[0] = 0.0
        record[1] = 0.0
        record[2] = 0.0
        return 0
    for j in range(columns):
        gradient[j] = mean_slope(sums[j], scales[j], weight)
    for j in range(columns, gradient.shape[0]):
        gradient[j] = mean_slope(sums[j], 1.0, weight)
    loss = sums[sums.shape[0] - 2] / weight
    record[0] = loss
    record[2] = penalize(gradient, theta, state, numbers, extra, columns)
    record[1] = np.sqrt(sum_of_squares(gradient))
    if not abs(loss) < np.inf:
        return 1
    average = smoothed(smoothed_loss[0], loss, smoothing_share)
    if average > loss_limit:
        return 2
    cause = move(gradient, theta, state, numbers, extra, columns, new_theta, new_state)
    if cause != 0:
        return cause
    for j in range(theta.shape[0]):  # whole-array assignment would take Numba seconds to compile
        write(theta, j, 1, read(new_theta, j, 2))
        keep_state(state, j, new_state, j)
        keep_average(theta, numbers, extra, j)
    smoothed_loss[0] = average
    return 0


def sum_of_squares(values):
    """In the order of the law; where one leaf holds them all, without a tree."""
    if values.shape[0] > LEAF:
        return tree_sum_of_squares(values)
    found = 0.0
    for j in range(values.shape[0]):
        found += values[j] * values[j]
    return found
