"""The curvature of a batch's loss: the product of its Hessian with a vector, and its largest eigenvalue.

For a loss of one score a row the Hessian is the mean of weight * second(score) * z z', z the row's scaled features and
a 1 for the intercept. `compiled/curvature_loops.py` has the same product with the same bytes, eight rows at a time.
"""

from __future__ import annotations

from ..scalar import sqrt
from ..sums import Vector, tree_sum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, MutableSequence, Sequence

    from .problem import Problem

ITERATIONS = 30


def hessian_product(
    features: Sequence[Sequence[float]],
    targets: Sequence[float],
    weights: Sequence[float],
    means: Sequence[float],
    inverse_scales: Sequence[float],
    intercept: bool,
    theta: Sequence[float],
    rows: Sequence[int],
    second: Callable[[float, float, tuple[float, ...]], float],
    loss_numbers: tuple[float, ...],
    vector: Sequence[float],
    out: MutableSequence[float],
) -> None:
    """out <- H(theta) * vector for the mean loss of these rows; a score and a gradient are worked out as in a step."""
    columns = len(means)
    coefficients = [theta[j] * inverse_scales[j] for j in range(columns)]
    direction = [vector[j] * inverse_scales[j] for j in range(columns)]
    total = 0.0
    for j in range(len(out)):
        out[j] = 0.0
    for row in rows:
        score = 0.0
        product = 0.0
        for j in range(columns):
            x = features[row][j] - means[j]
            score += x * coefficients[j]
            product += x * direction[j]
        if intercept:
            score += theta[columns]
            product += vector[columns]
        share = weights[row] * second(score, targets[row], loss_numbers) * product
        for j in range(columns):
            out[j] += share * (features[row][j] - means[j])
        if intercept:
            out[columns] += share
        total += weights[row]
    for j in range(columns):
        out[j] = out[j] * inverse_scales[j]
    if total > 0.0:
        for j in range(len(out)):
            out[j] = out[j] / total


def row_statistics(
    features: Sequence[Sequence[float]],
    targets: Sequence[float],
    weights: Sequence[float],
    means: Sequence[float],
    inverse_scales: Sequence[float],
    intercept: bool,
    theta: Sequence[float],
    row: Callable[[float, float, tuple[float, ...]], tuple[float, float]],
    second: Callable[[float, float, tuple[float, ...]], float],
    loss_numbers: tuple[float, ...],
) -> Vector:
    """Over all rows: largest curvature of a row, mean square slope, mean second derivative, mean |z|², total weight."""
    columns = len(means)
    coefficients = [theta[j] * inverse_scales[j] for j in range(columns)]
    out = [0.0] * 5
    for x, target, weight in zip(features, targets, weights):
        score = length = 0.0
        for j in range(columns):
            deviation = x[j] - means[j]
            z = deviation * inverse_scales[j]
            score += deviation * coefficients[j]
            length += z * z
        if intercept:
            score += theta[columns]
            length += 1.0
        slope, bend = row(score, target, loss_numbers)[1], second(score, target, loss_numbers)
        add_statistics(out, weight, slope, bend, length)
    finish_statistics(out, [])
    return out


def add_statistics(out: MutableSequence[float], weight: float, slope: float, second: float, length: float) -> None:
    """One row's part of `row_statistics`, here and in the kernels."""
    if weight > 0.0 and second * length > out[0]:
        out[0] = second * length
    out[1] += weight * slope * slope
    out[2] += weight * second
    out[3] += weight * length
    out[4] += weight


def finish_statistics(out: MutableSequence[float], diagonal: MutableSequence[float]) -> None:
    """From sums over rows to means; and so the diagonal of the Hessian, where it was added up too."""
    if out[4] > 0.0:
        for j in range(len(diagonal)):
            diagonal[j] /= out[4]
        for j in range(1, 4):
            out[j] /= out[4]


def largest_curvature(
    problem: Problem, theta: Vector, rows: Sequence[int], scales: Sequence[float]
) -> tuple[float, Vector]:
    """The largest eigenvalue of scales * H on these rows, and its eigenvector, by power iteration (convex losses)."""

    second = problem.loss.curvature
    assert second is not None

    def product(vector: Vector) -> Vector:
        out = [0.0] * problem.parameters
        hessian_product(
            problem.features,
            problem.targets,
            problem.weights,
            problem.means,
            problem.inverse_scales,
            problem.intercept,
            theta,
            rows,
            lambda score, target, numbers: second(score, target, *numbers),
            problem.loss.numbers,
            vector,
            out,
        )
        return out

    return power_iteration(scaled_product(product, scales), problem.parameters)


def scaled_product(product: Callable[[Vector], Vector], scales: Sequence[float]) -> Callable[[Vector], Vector]:
    """The product with S^1/2 H S^1/2, which has the eigenvalues of S H and is symmetric; S is diagonal."""
    roots = [sqrt(scale) for scale in scales]

    def scaled(vector: Vector) -> Vector:
        image = product([root * v for root, v in zip(roots, vector)])
        return [root * v for root, v in zip(roots, image)]

    return scaled


def power_iteration(product: Callable[[Vector], Vector], parameters: int) -> tuple[float, Vector]:
    """The largest eigenvalue of a positive semi-definite matrix, of which only products with vectors are known.

    Starts from slightly unequal entries, so that no symmetric eigenvector is missed. The Rayleigh quotient is at most
    the true value, and after 30 products usually within some percent of it.
    """
    vector = [1.0 + 0.01 * (j % 7) for j in range(parameters)]
    value = 0.0
    for _ in range(ITERATIONS):
        length = sqrt(tree_sum([v * v for v in vector]))
        if not 0.0 < length < float("inf"):
            break
        vector = [v / length for v in vector]
        image = product(vector)
        value = tree_sum([v * w for v, w in zip(vector, image)])
        vector, previous = image, vector
    return value, previous if length > 0.0 else vector
