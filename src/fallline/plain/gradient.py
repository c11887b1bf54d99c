"""The mean loss of a batch and its gradient: steps 1 to 6 of the law, in plain lists."""

from __future__ import annotations

from ..sums import LEAF, Vector, add, tree_total
from .class_gradient import class_leaf_sums
from .problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def batch_gradient(
    problem: Problem, theta: Vector, rows: Sequence[int], part: int | None = None
) -> tuple[float, Vector, float]:
    """The batch's mean loss, its gradient by theta, and its total weight (where that is 0, the rest means nothing).

    part: the rows are several batches of so many, whose sums are added in order (accumulation).
    """
    scales = problem.parameter_scales
    coefficients = [w * inverse for w, inverse in zip(theta, scales)]
    intercepts = theta[len(scales) :] or [0.0] * problem.scores
    part = part or len(rows)
    all_sums = batch_sums(problem, coefficients, intercepts, rows[:part])
    for start in range(part, len(rows), part):
        all_sums = add(all_sums, batch_sums(problem, coefficients, intercepts, rows[start : start + part]))
    *sums, loss, weight = all_sums
    if weight == 0.0:
        return 0.0, [0.0] * len(theta), weight
    mean_gradient = [(g * inverse) / weight for g, inverse in zip(sums, scales)]
    if problem.intercept:
        mean_gradient += [g / weight for g in sums[len(scales) :]]
    return loss / weight, mean_gradient, weight


def batch_sums(problem: Problem, coefficients: Vector, intercepts: Vector, rows: Sequence[int]) -> Vector:
    """The sums of one batch: leaf after leaf, by the tree."""
    sums_of = class_leaf_sums if problem.loss.many else leaf_sums
    return tree_total(
        sums_of(problem, coefficients, intercepts, rows[start : start + LEAF]) for start in range(0, len(rows), LEAF)
    )


def leaf_sums(problem: Problem, coefficients: Vector, intercepts: Vector, rows: Sequence[int]) -> Vector:
    """The sums of one leaf, row by row from 0.0: the d features' gradients, the intercept's, the loss, the weight."""
    features, targets, weights, means = problem.features, problem.targets, problem.weights, problem.means
    row_loss, loss_numbers, intercept = problem.loss.row, problem.loss.numbers, problem.intercept
    columns, b = range(len(means)), intercepts[0]
    gradient = [0.0] * len(means)
    intercept_gradient = loss = weight = 0.0
    for row in rows:
        x = features[row]
        score = 0.0
        for j in columns:
            score += (x[j] - means[j]) * coefficients[j]
        if intercept:
            score += b
        value, slope = row_loss(score, targets[row], *loss_numbers)
        loss += weights[row] * value
        share = weights[row] * slope
        for j in columns:
            gradient[j] += share * (x[j] - means[j])
        intercept_gradient += share
        weight += weights[row]
    return [*gradient, intercept_gradient, loss, weight]
