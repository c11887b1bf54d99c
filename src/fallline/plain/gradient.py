"""The mean loss of a batch and its gradient: steps 1 to 6 of the law, in plain lists."""

from __future__ import annotations

from ..sums import LEAF, Vector, add, tree_total
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
    coefficients = [w * inverse for w, inverse in zip(theta, problem.inverse_scales)]
    intercept = theta[-1] if problem.intercept else 0.0
    part = part or len(rows)
    sums = batch_sums(problem, coefficients, intercept, rows[:part])
    for start in range(part, len(rows), part):
        sums = add(sums, batch_sums(problem, coefficients, intercept, rows[start : start + part]))
    *gradient, intercept_gradient, loss, weight = sums
    if weight == 0.0:
        return 0.0, [0.0] * len(theta), weight
    mean_gradient = [(g * inverse) / weight for g, inverse in zip(gradient, problem.inverse_scales)]
    if problem.intercept:
        mean_gradient.append(intercept_gradient / weight)
    return loss / weight, mean_gradient, weight


def batch_sums(problem: Problem, coefficients: Vector, b: float, rows: Sequence[int]) -> Vector:
    """The sums of one batch: leaf after leaf, by the tree."""
    return tree_total(
        leaf_sums(problem, coefficients, b, rows[start : start + LEAF]) for start in range(0, len(rows), LEAF)
    )


def leaf_sums(problem: Problem, coefficients: Vector, b: float, rows: Sequence[int]) -> Vector:
    """The sums of one leaf, row by row from 0.0: the d features' gradients, the intercept's, the loss, the weight."""
    features, targets, weights, means = problem.features, problem.targets, problem.weights, problem.means
    row_loss, loss_numbers, intercept = problem.loss.row, problem.loss.numbers, problem.intercept
    columns = range(len(means))
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
