"""Which rows a step, or the sharpness, is made of.

A row's share of the step: g_i · G / (B |G|²), g_i its gradient, G the batch's mean gradient; the shares add up to 1,
and a negative one pulls the other way. Its share of the sharpness: second_i (z_i · v)² / (B lambda), lambda the batch's
largest curvature and v its direction; these add up to 1, too, and none is negative for a convex loss. With weights, w_i
over their sum stands for 1 / B. Cost: two passes over the rows; for the sharpness, `lanczos` besides.
Koh & Liang (2017), Understanding Black-box Predictions via Influence Functions; Pruthi et al. (2020), Estimating
Training Data Influence by Tracing Gradient Descent, equation 1, of which this is one step.
"""

from __future__ import annotations

from ..compiled.runtime import Arrays, Floats, Rows
from .curvature import eigenvalue
from .gradient import loss_and_gradient
from .hessian import weight_or_1
from .lanczos import dot
from .rows import RowParts, all_rows


def step_shares(problem: Arrays, theta: Floats, rows: Rows | None = None) -> Floats:
    """One share for each row (all of them if None), in their order: 0 where the gradient is 0."""
    _, gradient = loss_and_gradient(problem, theta, rows)
    parts = RowParts(problem, theta, rows, gradient)
    total = weight_or_1(float(parts.weights.sum()) * dot(gradient, gradient))
    shares: Floats = parts.weights * parts.slopes * parts.along / total
    return shares


def sharpness_shares(problem: Arrays, theta: Floats, rows: Rows | None = None) -> Floats:
    """One share for each row (all of them if None), in their order: 0 where the loss is flat."""
    largest, direction = eigenvalue(problem, theta, all_rows(problem) if rows is None else rows)
    parts = RowParts(problem, theta, rows, direction)
    total = weight_or_1(float(parts.weights.sum()) * largest)
    shares: Floats = parts.weights * parts.seconds * parts.along * parts.along / total
    return shares
