"""The loops that apply a rule to whole vectors of parameters, when the gradient comes from elsewhere.

As every `…_loops.py`, this text is pasted below the rule's own functions, with `update`, `update_by_quotients`,
`gradient_point`, `terms_of` and `answer_point` bound. Vectors are float64, or float32 as storage: widened when read,
and rounded once when written. A state is a tuple of vectors. The vectors of a loop have numbers (see `vectors.py`):
theta 0, states from 3. The rule's numbers are a tuple of floats (in registers: what stands in memory could be
overwritten by a store, for all that the compiler knows).
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

from ..scalar import where
from ..sums import LEAF
from .prefetch import take
from .room import floats
from .vectors import are_infinite, magnitude_bits, no_bits, read, write

BAD_GRADIENT, BAD_STEP, BAD_PARAMETER = 1, 2, 4


def causes(largest_gradient, largest_step, largest_parameter):
    """What was not finite, by the magnitude bits of the largest of each: a maximum takes fewer instructions in a loop
    than a flag."""
    bad = 0
    if are_infinite(largest_gradient):
        bad += BAD_GRADIENT
    if are_infinite(largest_step):
        bad += BAD_STEP
    if are_infinite(largest_parameter):
        bad += BAD_PARAMETER
    return bad


def apply_rule(theta, gradient, state, numbers, keep, next_chunk, size):
    """One step in place, of the chunks of `size` parameters that no other thread has taken. Return what was not finite,
    as a sum of the BAD_ numbers."""
    bad = 0
    start = take(next_chunk) * size
    while start < theta.shape[0]:
        bad |= apply_between(theta, gradient, state, numbers, keep, start, min(start + size, theta.shape[0]))
        start = take(next_chunk) * size
    return bad


def apply_between(theta, gradient, state, numbers, keep, start, stop):
    """One step in place of the parameters from start up to stop."""
    largest_gradient = 0
    largest_step = 0
    largest_parameter = no_bits(theta)
    for j in range(start, stop):
        g = read(gradient, j, 1)
        before = read(theta, j, 0)
        step = update(g, before, state, j, numbers, state, j)
        after = write(theta, j, 0, held(before, keep) - step)
        largest_gradient = max(largest_gradient, magnitude_bits(g))
        largest_step = max(largest_step, magnitude_bits(step))
        largest_parameter = max(largest_parameter, magnitude_bits(after))
    return causes(largest_gradient, largest_step, largest_parameter)


def apply_rule_by_quotients(theta, gradient, state, numbers, keep, next_chunk, size, done):
    """The same, with exact quotients for the divisions by numbers."""
    bad = 0
    start = take(next_chunk) * size
    while start < theta.shape[0]:
        stop = min(start + size, theta.shape[0])
        bad |= apply_by_quotients_between(theta, gradient, state, numbers, keep, start, stop, done)
        start = take(next_chunk) * size
    return bad


def apply_by_quotients_between(theta, gradient, state, numbers, keep, first, last, done):
    """Entries whose dividends are out of range (the remains of gradients that have long been 0, mostly) are left as
    they are, and then done with the divider.
    done is scratch: as many entries as it has are gone through before those that were left are done."""
    largest_gradient = 0
    largest_step = 0
    largest_parameter = no_bits(theta)
    for start in range(first, last, done.shape[0]):
        stop = min(start + done.shape[0], last)
        left = 0
        for j in range(start, stop):
            g = read(gradient, j, 1)
            before = read(theta, j, 0)
            step, good = update_by_quotients(g, before, state, j, numbers, state, j)
            after = write(theta, j, 0, where(good, held(before, keep) - step, before))
            write(done, j - start, 2, where(good, 1.0, 0.0))
            left |= not good
            largest_gradient = max(largest_gradient, magnitude_bits(g))
            largest_step = max(largest_step, magnitude_bits(where(good, step, 0.0)))
            largest_parameter = max(largest_parameter, magnitude_bits(after))
        if left:
            for j in range(start, stop):
                if done[j - start] == 0.0:
                    before = read(theta, j, 0)
                    step = update(read(gradient, j, 1), before, state, j, numbers, state, j)
                    after = write(theta, j, 0, held(before, keep) - step)
                    largest_step = max(largest_step, magnitude_bits(step))
                    largest_parameter = max(largest_parameter, magnitude_bits(after))
    return causes(largest_gradient, largest_step, largest_parameter)


def add_terms(theta, gradient, state, start, leaves):
    """Add each parameter's terms to the sums of its leaf; the first one is parameter number `start` of all."""
    terms = floats(leaves.shape[1])
    for j in range(theta.shape[0]):
        terms_of(read(gradient, j, 1), read(theta, j, 0), state, j, terms)
        for i in range(terms.shape[0]):
            leaves[(start + j) // LEAF, i] += terms[i]


def point_rule(theta, state, numbers, out):
    """out <- where the gradient is taken."""
    for j in range(theta.shape[0]):
        write(out, j, 1, gradient_point(read(theta, j, 0), state, j, numbers))


def answer_rule(theta, state, out):
    """out <- which point is the result."""
    for j in range(theta.shape[0]):
        write(out, j, 1, answer_point(read(theta, j, 0), state, j))
