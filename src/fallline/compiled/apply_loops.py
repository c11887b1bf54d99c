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

import numpy as np

from ..scalar import where
from ..sums import LEAF
from .vectors import read, write

BAD_GRADIENT, BAD_STEP, BAD_PARAMETER = 1, 2, 4


def apply_rule(theta, gradient, state, numbers, keep):
    """One step in place. Return what was not finite, as a sum of the BAD_ numbers."""
    bad_gradient = 0
    bad_step = 0
    bad_parameter = 0
    for j in range(theta.shape[0]):
        g = read(gradient, j, 1)
        before = read(theta, j, 0)
        step = update(g, before, state, j, numbers, state)
        after = write(theta, j, 0, before * keep - step)
        bad_gradient |= not abs(g) < np.inf
        bad_step |= not abs(step) < np.inf
        bad_parameter |= not abs(after) < np.inf
    return bad_gradient * BAD_GRADIENT + bad_step * BAD_STEP + bad_parameter * BAD_PARAMETER


def apply_rule_by_quotients(theta, gradient, state, numbers, keep, done):
    """The same, with exact quotients for the divisions by numbers. Entries whose dividends are out of range (the
    remains of gradients that have long been 0, mostly) are left as they are, and then done with the divider.
    done is scratch: as many entries as it has are gone through before those that were left are done."""
    bad_gradient = 0
    bad_step = 0
    bad_parameter = 0
    for start in range(0, theta.shape[0], done.shape[0]):
        stop = min(start + done.shape[0], theta.shape[0])
        left = 0
        for j in range(start, stop):
            g = read(gradient, j, 1)
            before = read(theta, j, 0)
            step, good = update_by_quotients(g, before, state, j, numbers, state)
            after = write(theta, j, 0, where(good, before * keep - step, before))
            write(done, j - start, 2, where(good, 1.0, 0.0))
            left |= not good
            bad_gradient |= not abs(g) < np.inf
            bad_step |= not abs(where(good, step, 0.0)) < np.inf
            bad_parameter |= not abs(after) < np.inf
        if left:
            for j in range(start, stop):
                if done[j - start] == 0.0:
                    before = read(theta, j, 0)
                    step = update(read(gradient, j, 1), before, state, j, numbers, state)
                    after = write(theta, j, 0, before * keep - step)
                    bad_step |= not abs(step) < np.inf
                    bad_parameter |= not abs(after) < np.inf
    return bad_gradient * BAD_GRADIENT + bad_step * BAD_STEP + bad_parameter * BAD_PARAMETER


def add_terms(theta, gradient, state, start, leaves):
    """Add each parameter's terms to the sums of its leaf; the first one is parameter number `start` of all."""
    terms = np.empty(leaves.shape[1])
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
