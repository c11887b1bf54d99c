"""The sums of a leaf for a loss with a score for each class: as in `gradient.py`, with K scores and slopes a row."""

from __future__ import annotations

from ..sums import Vector
from .problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def class_leaf_sums(problem: Problem, coefficients: Vector, intercepts: Vector, rows: Sequence[int]) -> Vector:
    """Row by row from 0.0: the gradients by the d * K coefficients (feature j and class c at j * K + c), those by the K
    intercepts, the loss, the weight."""
    features, targets, weights, means = problem.features, problem.targets, problem.weights, problem.means
    row_loss, classes, columns = problem.loss.row, range(problem.scores), range(len(means))
    count = problem.scores
    gradient = [0.0] * (len(means) * count)
    intercept_gradient = [0.0] * count
    loss = weight = 0.0
    slopes = [0.0] * count
    for row in rows:
        x = features[row]
        scores = [0.0] * count
        for j in columns:
            for c in classes:
                scores[c] += (x[j] - means[j]) * coefficients[j * count + c]
        if problem.intercept:
            for c in classes:
                scores[c] += intercepts[c]
        loss += weights[row] * row_loss(scores, targets[row], slopes)
        shares = [weights[row] * slope for slope in slopes]
        for j in columns:
            for c in classes:
                gradient[j * count + c] += shares[c] * (x[j] - means[j])
        for c in classes:
            intercept_gradient[c] += shares[c]
        weight += weights[row]
    return [*gradient, *intercept_gradient, loss, weight]
