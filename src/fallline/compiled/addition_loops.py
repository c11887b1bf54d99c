"""Penalties and transforms in a step, as in `plain/additions.py`; pasted only into the kernels of descents with them.

Bound by `bindings.py`: `add_slopes(g, w, extra, j)`, `penalty_value(w, extra, j)`, `prox_of(w, scale, extra, j)`,
`scale_of(state, j, numbers)`; for groups `group_term(w)`, `group_value_at(total, extra, j)`,
`group_factor_at(total, scale, extra, j)` and `group_shrunk(w, factor)`; for transform number `which` `change_terms`,
`change_factor`, `change_share` and `changed`; and the numbers GROUPS, PROXIMAL, BEFORE, AFTER, CHANGE_SUMS, FIRST and
NEXT. What no addition needs is neither bound nor compiled. A group is a chain of columns: extra[FIRST, j] is 1 at its
first one, extra[NEXT, j] is the one behind j, or -1.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np

from ..sums import LEAF
from .room import floats, zeroed_floats
from .step_loops import add_sums
from .tree_loops import DEPTH, push, total


def add_penalties(gradient, theta, state, numbers, extra, columns):
    """gradient <- with the smooth penalties' slopes, at the point where it was taken. Return the penalties' value."""
    partial = floats((DEPTH, 1))
    leaf = floats(1)
    out = zeroed_floats(1)
    count = 0
    for begin in range(0, columns, LEAF):
        value = 0.0
        for j in range(begin, min(begin + LEAF, columns)):
            w = gradient_point(theta[j], state, j, numbers)
            gradient[j] = add_slopes(gradient[j], w, extra, j)
            value += penalty_value(w, extra, j)
        leaf[0] = value
        push(partial, leaf, count)
        count += 1
    total(partial, count, out)
    return out[0] + groups_value(theta, extra, columns) if GROUPS > 0 else out[0]


def group_sum(theta, extra, first, leaf, partial, out):
    """The sum of the group's terms that begins at this column, in the order of the law."""
    count = 0
    inside = 0
    leaf[0] = 0.0
    j = first
    while j >= 0:
        leaf[0] += group_term(theta[j])
        inside += 1
        j = int(extra[NEXT, j])
        if inside == LEAF or j < 0:
            push(partial, leaf, count)
            count += 1
            inside = 0
            leaf[0] = 0.0
    total(partial, count, out)
    return out[0]


def groups_value(theta, extra, columns):
    """What the groups add to the objective."""
    partial = floats((DEPTH, 1))
    inner = floats((DEPTH, 1))
    leaf = zeroed_floats(1)
    scratch = floats(1)
    out = zeroed_floats(1)
    count = 0
    inside = 0
    for j in range(columns):
        if extra[FIRST, j] > 0.0:
            leaf[0] += group_value_at(group_sum(theta, extra, j, scratch, inner, out), extra, j)
            inside += 1
            if inside == LEAF:
                push(partial, leaf, count)
                count += 1
                inside = 0
                leaf[0] = 0.0
    if inside > 0:
        push(partial, leaf, count)
        count += 1
    out[0] = 0.0
    total(partial, count, out)
    return out[0]


def shrink_groups(theta, shares, state, numbers, extra, columns):
    """theta <- after the groups' proximal step."""
    partial = floats((DEPTH, 1))
    leaf = floats(1)
    out = zeroed_floats(1)
    for first in range(columns):
        if extra[FIRST, first] > 0.0:
            squares = group_sum(theta, extra, first, leaf, partial, out)
            scale = scale_of(state, first, numbers) * shares[first]
            factor = group_factor_at(squares, scale, extra, first)
            j = first
            while j >= 0:
                theta[j] = group_shrunk(theta[j], factor)
                j = int(extra[NEXT, j])


def change(which, values, theta, numbers, shares):
    """values <- what a transform makes of them; shares <- times what that multiplied. False if a sum is infinite."""
    partial = floats((DEPTH, CHANGE_SUMS))
    leaf = floats(CHANGE_SUMS)
    terms = zeroed_floats(CHANGE_SUMS)
    sums = zeroed_floats(CHANGE_SUMS)
    count = 0
    for begin in range(0, values.shape[0], LEAF):
        for i in range(CHANGE_SUMS):
            leaf[i] = 0.0
        for j in range(begin, min(begin + LEAF, values.shape[0])):
            change_terms(which, values[j], theta[j], terms)
            for i in range(CHANGE_SUMS):
                leaf[i] += terms[i]
        push(partial, leaf, count)
        count += 1
    total(partial, count, sums)
    for i in range(CHANGE_SUMS):
        if not abs(sums[i]) < np.inf:
            return False
    factor = change_factor(which, sums, numbers)
    for j in range(values.shape[0]):
        shares[j] *= change_share(which, values[j], factor)
        values[j] = changed(which, values[j], factor)
    return True


def any_infinite(values):
    """Whether a value is not finite."""
    found = False
    for j in range(values.shape[0]):
        found |= not abs(values[j]) < np.inf
    return found


def whole_step(gradient, theta, state, numbers, extra, columns, new_theta, new_state):
    """`rule_step` among transforms and proximal steps."""
    if any_infinite(gradient):
        return 3
    shares = np.ones(theta.shape[0])
    if BEFORE > 0:
        for which in range(BEFORE):
            if not change(which, gradient, theta, numbers, shares):
                return 3
    if SUMS > 0:
        arguments = floats(NUMBERS + SUMS)
        add_sums(gradient, theta, state, numbers, arguments)
        for j in range(theta.shape[0]):
            new_theta[j] = update(gradient[j], theta[j], state, j, arguments, new_state, j)
    else:
        for j in range(theta.shape[0]):
            new_theta[j] = update(gradient[j], theta[j], state, j, numbers, new_state, j)
    if any_infinite(new_theta):
        return 4
    if AFTER > 0:
        for which in range(BEFORE, BEFORE + AFTER):
            if not change(which, new_theta, theta, numbers, shares):
                return 4
    keep = kept(numbers)
    for j in range(theta.shape[0]):
        new_theta[j] = theta[j] * keep - new_theta[j]
    if any_infinite(new_theta):
        return 5
    if PROXIMAL > 0:
        for j in range(columns):
            scale = scale_of(new_state, j, numbers) * shares[j]
            if not abs(scale) < np.inf:
                return 4
            new_theta[j] = prox_of(new_theta[j], scale, extra, j)
        if GROUPS > 0:
            shrink_groups(new_theta, shares, new_state, numbers, extra, columns)
        if any_infinite(new_theta):
            return 5
    return 0
