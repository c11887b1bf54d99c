"""Full-batch steps on the squared loss from X'X and X'y, which are summed once: a step costs d², however many rows.

With z = x - center and r = y - middle, the slopes 2 (score - y) times z add up, over all rows, to 2 (S u + s c - q):
S the sum of w z z', s of w z, q of w z r, and c the score at the center, less the middle. `products` holds these as one
matrix, the sums of w times the products of (z, 1, r) with itself.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np

from ..sums import LEAF
from .room import floats
from .step_loops import descent_point, finish_step
from .tree_loops import DEPTH, push, total, tree_sum_of_squares


def sum_products(x, target, weight, center, middle, first, last, out):
    """out <- the sums over leaves first to last - 1 of the table: the upper triangle of `products`, row after row."""
    columns = center.shape[0]
    z = np.ones(columns + 2)
    leaf_sums = floats(out.shape[0])
    partial = floats((DEPTH, out.shape[0]))
    for leaf in range(first, last):
        for i in range(leaf_sums.shape[0]):
            leaf_sums[i] = 0.0
        for row in range(leaf * LEAF, min((leaf + 1) * LEAF, target.shape[0])):
            for j in range(columns):
                z[j] = x[row, j] - center[j]
            z[columns + 1] = target[row] - middle
            place = 0
            for j in range(columns + 2):
                left = weight[row] * z[j]
                for k in range(j, columns + 2):
                    leaf_sums[place + k - j] += left * z[k]
                place += columns + 2 - j
        push(partial, leaf_sums, leaf - first)
    total(partial, last - first, out)


def slopes_of(products, off_center, coefficients, b, middle, sums):
    """sums <- a batch's sums at these coefficients, from the matrix; the loss's place is left alone.

    off_center: center - means, 0.0 where a feature is centred anyway.
    """
    columns = coefficients.shape[0]
    c = b - middle
    for j in range(columns):
        c += off_center[j] * coefficients[j]
    of_all = products[columns, columns] * c - products[columns, columns + 1]
    for j in range(columns):
        of_all += products[columns, j] * coefficients[j]
    for j in range(columns):
        slope = products[j, columns] * c - products[j, columns + 1]
        for k in range(columns):
            slope += products[j, k] * coefficients[k]
        sums[j] = 2.0 * (slope + off_center[j] * of_all)
    sums[columns] = 2.0 * of_all
    sums[columns + 2] = products[columns, columns]


def gram_point(theta, state, numbers, point):
    """point <- where the gradient of the next step is taken. numbers: an array (1, n)."""
    descent_point(theta, vectors_of(state), tuple_of(numbers, 0), point)


def take_gram_steps(table, numbers, stand, square_limit, share, records):
    """One full-batch step for each row of numbers. Return how many steps were tried, and what was wrong.

    table: the products, center - means, the target's middle, the inverse scales, whether there is an intercept. What
    `finish_step` watches in place of the loss, and records there, is the gradient's squared norm.
    """
    columns, count = table[3].shape[0], stand[0].shape[0]
    work = floats(columns), floats(columns + 3), floats(count)
    after = floats(count), floats(count), floats(stand[1].shape)
    return gram_walk(table, numbers, stand, square_limit, share, records, work, after)


def gram_walk(table, numbers, stand, square_limit, share, records, work, after):
    """The steps; work and after are room for what is made on the way. It makes no array, so it counts no references."""
    products, off_center, middle, inverse_scales, intercept = table
    theta, state, smoothed_square, extra = stand
    coefficients, sums, point = work
    gradient, new_theta, new_matrix = after
    states, new_states = vectors_of(state), vectors_of(new_matrix)
    columns = inverse_scales.shape[0]
    for t in range(numbers.shape[0]):
        arguments = tuple_of(numbers, t)
        descent_point(theta, states, arguments, point)
        for j in range(columns):
            coefficients[j] = point[j] * inverse_scales[j]
        slopes_of(products, off_center, coefficients, point[columns] if intercept else 0.0, middle, sums)
        weight = sums[columns + 2]
        for j in range(columns):
            gradient[j] = (sums[j] * inverse_scales[j]) / weight
        if intercept:
            gradient[columns] = sums[columns] / weight
        sums[columns + 1] = tree_sum_of_squares(gradient) * weight
        cause = finish_step(
            sums,
            inverse_scales,
            theta,
            states,
            arguments,
            share,
            smoothed_square,
            extra,
            square_limit,
            gradient,
            new_theta,
            new_states,
            records[t],
        )
        if cause != 0:
            return t + 1, cause
    return numbers.shape[0], 0
