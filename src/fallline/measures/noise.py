"""How noisy gradients are: the gradient noise scale and the critical batch size.

With g_i a row's gradient, G their mean and Sigma their covariance, a batch of B rows has gradient G + noise of
covariance Sigma / B. noise scale = tr(Sigma) / |G|², a number of rows: at that batch size noise and signal are equal,
so steps on smaller batches go further a row, and larger ones further a step. tr(Sigma) and |G|² are each averaged over
batches and steps before the division: the mean of ratios is another number, and infinite where one |G|² comes out as 0.
With the curvature in it, tr(H Sigma) / G' H G is the batch size at which a step's expected fall is half the full one.
Cost: one pass over the rows (plus one Hessian product for the critical batch size).
McCandlish, Kaplan & Amodei (2018), An Empirical Model of Large-Batch Training, equations 2.8, 2.9 and appendix A.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..compiled.runtime import Arrays, Floats, Rows
from .gradient import loss_and_gradient
from .hessian import HessianProduct, weight_or_1
from .lanczos import dot
from .rows import RowParts


def noise_parts(problem: Arrays, theta: Floats, rows: Rows | None = None) -> tuple[float, float]:
    """tr(Sigma) and |G|² at theta, from single rows, weights counted as repetitions."""
    parts = RowParts(problem, theta, rows)
    _, gradient = loss_and_gradient(problem, theta, rows)
    weight = weight_or_1(float(parts.weights.sum()))
    second_moment = float(np.sum(parts.weights * parts.slopes * parts.slopes * parts.lengths)) / weight
    square = dot(gradient, gradient)
    return max(second_moment - square, 0.0), square


def noise_parts_of_norms(
    small: float, large: float, mean_square_small: float, mean_square_large: float
) -> tuple[float, float]:
    """The same, without bias, from mean squared gradient norms at two batch sizes (equations A.2 and A.3).

    E|G_B|² = |G|² + tr(Sigma) / B, so the two sizes give both. `Run.history` has the norms of one of them.
    """
    square = (large * mean_square_large - small * mean_square_small) / (large - small)
    return (mean_square_small - mean_square_large) / (1.0 / small - 1.0 / large), square


def noise_scale(parts: Iterable[Sequence[float]]) -> float:
    """tr(Sigma) / |G|² from the parts of several thetas: both averaged, then divided. Infinite where G is 0."""
    traces, squares = zip(*parts, strict=True)
    trace, square = sum(traces) / len(traces), sum(squares) / len(squares)
    return trace / square if square > 0.0 else float("inf")


def critical_batch_size(problem: Arrays, theta: Floats, rows: Rows | None = None) -> float:
    """tr(H Sigma) / G' H G: the batch size at which half of what a full-batch step could do is done."""
    _, gradient = loss_and_gradient(problem, theta, rows)
    bend = dot(gradient, HessianProduct(problem, theta, rows)(gradient))
    traced = _trace_with_hessian(problem, theta, rows) - bend
    return max(traced, 0.0) / bend if bend > 0.0 else float("inf")


def _trace_with_hessian(problem: Arrays, theta: Floats, rows: Rows | None) -> float:
    """The mean of g_i' H g_i = slope² z' H z, z' H z by H's eigenvectors (p passes: up to some 100 columns)."""
    product = HessianProduct(problem, theta, rows)
    parts = RowParts(problem, theta, rows)
    hessian = np.stack([product(unit) for unit in np.eye(problem.parameters)])
    values, vectors = np.linalg.eigh((hessian + hessian.T) / 2.0)
    forms = np.zeros(len(parts.rows))
    for value, vector in zip(values, vectors.T, strict=True):
        along = RowParts(problem, theta, rows, vector).along
        forms += value * along * along
    weights = parts.weights
    return float(np.sum(weights * parts.slopes * parts.slopes * forms)) / weight_or_1(float(weights.sum()))
