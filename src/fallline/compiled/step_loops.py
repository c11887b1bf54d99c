"""From a batch's sums to the new parameters, as in `plain/descent.py`.

Bound by the kernel (see `kernels.py`) to the rule's scalar functions: `update(g, theta, state, j, numbers, new_state)`,
`gradient_point(theta, state, j, numbers)`, `kept(numbers)`, `NUMBERS`, `SUMS` and `terms_of(g, theta, state, j, out)`;
and to what a step has besides (see `bindings.py`): `penalize`, `move` and `keep_average`, which do nothing, nothing
but the rule's step, and nothing, where there is neither penalty nor transform.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np

from ..plain.divergence import smoothed
from ..sums import LEAF
from .tree_loops import DEPTH, push, total, tree_sum_of_squares


def with_sums(gradient, theta, state, numbers):
    """The step's numbers (the decay, if there is one, left out), and behind them the sums of the rule's terms."""
    count = NUMBERS
    arguments = np.empty(count + SUMS)
    for i in range(count):
        arguments[i] = numbers[i]
    partial = np.empty((DEPTH, SUMS))
    leaf = np.empty(SUMS)
    terms = np.empty(SUMS)
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
    return arguments


def descent_point(theta, state, numbers, point):
    """point <- where the gradient is taken."""
    for j in range(theta.shape[0]):
        point[j] = gradient_point(theta[j], state, j, numbers)


def rule_step(gradient, theta, state, numbers, extra, columns, new_theta, new_state):
    """new_theta and new_state <- what the rule makes of the gradient. Return what was wrong; see `finish_step`."""
    cause = 0
    arguments = with_sums(gradient, theta, state, numbers) if SUMS > 0 else numbers
    keep = kept(numbers)
    for j in range(theta.shape[0]):
        step = update(gradient[j], theta[j], state, j, arguments, new_state)
        new_theta[j] = theta[j] * keep - step
        if not abs(gradient[j]) < np.inf:
            cause = 3
        elif not abs(step) < np.inf:
            cause = 4 if cause == 0 or cause > 4 else cause
        elif not abs(new_theta[j]) < np.inf:
            cause = 5 if cause == 0 else cause
    return cause


def finish_step(
    sums,
    inverse_scales,
    intercept,
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

    extra: the penalties' numbers for each coefficient, and the average of the parameters (see `bindings.py`).
    record receives the loss, the gradient norm and what the penalties add to the loss; smoothed_loss[0], theta, state
    and the average change only if nothing is wrong.
    """
    columns = inverse_scales.shape[0]  # or features times classes; the intercepts' sums, the loss, the weight follow
    weight = sums[sums.shape[0] - 1]
    if weight == 0.0:
        record[0] = 0.0
        record[1] = 0.0
        record[2] = 0.0
        return 0
    for j in range(columns):
        gradient[j] = (sums[j] * inverse_scales[j]) / weight
    for j in range(columns, gradient.shape[0]):
        gradient[j] = sums[j] / weight
    loss = sums[sums.shape[0] - 2] / weight
    record[0] = loss
    record[2] = penalize(gradient, theta, state, numbers, extra, columns)
    record[1] = np.sqrt(tree_sum_of_squares(gradient))
    if not abs(loss) < np.inf:
        return 1
    average = smoothed(smoothed_loss[0], loss, smoothing_share)
    if average > loss_limit:
        return 2
    cause = move(gradient, theta, state, numbers, extra, columns, new_theta, new_state)
    if cause != 0:
        return cause
    for j in range(theta.shape[0]):  # whole-array assignment would take Numba seconds to compile
        theta[j] = new_theta[j]
        for i in range(state.shape[0]):
            state[i, j] = new_state[i, j]
        keep_average(theta, numbers, extra, j)
    smoothed_loss[0] = average
    return 0
