"""Whole steps, many in one call: `plain.PlainRuntime.advance` over arrays.

Bound by the kernel (see `kernels.py`): SINGLE, whether steps on single rows are those of `single_loops`;
`leaf_sums(scored, coefficients, b, rows, start, stop, scratch, out)`, which is that of `leaf_loops` or of
`class_loops`; and what `step_loops` names.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

from ..sums import LEAF
from .room import floats
from .single_loops import STEPS, single_steps
from .step_loops import finish_step, rescale
from .tree_loops import DEPTH, push, total


def take_steps(scored, scales, b, batches, numbers, stand, limits, records):
    """One step for each batch rows[bounds[t]:bounds[t + 1]]. Return how many steps were tried, and what was wrong.

    scored: the table, and what makes scores and losses of it besides the coefficients (`Arrays.scored`). scales: the
    inverse scale of each coefficient. b: room for the intercepts, 0.0 where there are none. batches: rows, bounds, and
    how many rows of a batch are summed up at a time (accumulation). stand: theta, the rule's state, the smoothed loss
    and `extra`, which the steps change (`CompiledState.arrays`). limits: of the smoothed loss, and the rows over which
    it is smoothed.
    """
    width = scales.shape[0] + b.shape[0] + 2
    work = (
        floats(scales.shape[0]),
        floats((4, max(LEAF, b.shape[0]))),
        floats(width),
        floats((DEPTH, width)),
        floats(width),
        floats(width),
    )
    states, count = stand[1].shape
    after = floats(count), floats((states + 1, count)), floats(count), floats((states, count))
    return walk(scored, scales, b, batches, numbers, stand, limits, records, work, after)


def walk(scored, scales, b, batches, numbers, stand, limits, records, work, after):
    """The steps; work and after are room for what is made on the way. It makes no array, so it counts no references."""
    rows, bounds, part = batches
    theta, state, smoothed_loss, extra = stand
    loss_limit, smoothing_rows = limits
    coefficients, scratch, leaf, partial, sums, more = work
    gradient, _, new_theta, new_matrix = after
    steps = numbers.shape[0]
    one_by_one = 0 if theta.shape[0] <= LEAF else steps  # up to this step
    states, new_states = vectors_of(state), vectors_of(new_matrix)
    known, score = False, 0.0  # of the next row, after steps on single ones
    t = 0
    while t < steps:
        if SINGLE > 0:  # noqa: SIM102 - alone, for Numba to leave out what is not there
            if t >= one_by_one and t + STEPS <= steps and bounds[t + STEPS] - bounds[t] == STEPS:
                first = bounds[t]
                taken, known, score = single_steps(
                    scored, scales, b, rows, first, numbers, t, stand, limits, records, work, after, known, score
                )
                if taken:
                    t += STEPS
                    continue
                one_by_one = t + STEPS
        known = False  # what follows moves theta
        arguments = tuple_of(numbers, t)
        rescale(theta, states, arguments, scales, coefficients, b)
        start, stop = bounds[t], bounds[t + 1]
        step_sums(scored, coefficients, b, rows, start, stop, part, scratch, leaf, partial, sums, more)
        cause = finish_step(
            sums,
            scales,
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
        t += 1
        if cause != 0:
            return t, cause
    return steps, 0


def step_sums(scored, coefficients, b, rows, start, stop, part, scratch, leaf, partial, out, more):
    """The sums of a step: of one batch, or of several, `part` rows each, added in order. (One call of `leaf_sums`: each
    is a copy of it in the machine code, and a second one takes half a second to compile.)"""
    for begin in range(start, stop, part):
        end = min(begin + part, stop)
        batch = out if begin == start else more
        alone = end - begin <= LEAF
        sums = batch if alone else leaf
        count = 0
        for first in range(begin, end, LEAF):
            leaf_sums(scored, coefficients, b, rows, first, min(first + LEAF, end), scratch, sums)
            if not alone:
                push(partial, sums, count)
                count += 1
        if not alone:
            total(partial, count, batch)
        if begin != start:
            for i in range(out.shape[0]):
                out[i] = out[i] + more[i]


def finish_alone(sums, scales, stand, numbers, smoothing_share, loss_limit, after, record):
    """`finish_step` for sums that threads have made. numbers: an array (1, n). after: room for the gradient, the new
    parameters and the new state."""
    theta, state, smoothed_loss, extra = stand
    gradient, new_theta, new_state = after
    return finish_step(
        sums,
        scales,
        theta,
        vectors_of(state),
        tuple_of(numbers, 0),
        smoothing_share,
        smoothed_loss,
        extra,
        loss_limit,
        gradient,
        new_theta,
        vectors_of(new_state),
        record,
    )


def point_alone(theta, state, numbers, scales, coefficients, b):
    """`rescale` for threads. numbers: an array (1, n)."""
    rescale(theta, vectors_of(state), tuple_of(numbers, 0), scales, coefficients, b)
