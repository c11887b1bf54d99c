"""Random problems for the measures, and the dense matrices that their naive twins need."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fallline.compiled.runtime import Arrays
from fallline.losses import LOGISTIC, SQUARED

Case = tuple[Arrays, np.ndarray, np.ndarray]


@pytest.fixture(params=[SQUARED, LOGISTIC], ids=["squared", "logistic"])
def case(request: pytest.FixtureRequest, rng: np.random.Generator) -> Case:
    """A problem with weights and scaling, a theta, and some of its rows."""
    n, d = int(rng.integers(30, 60)), int(rng.integers(1, 6))
    x = rng.normal(size=(n, d)) * rng.uniform(0.1, 5.0, d) + rng.normal(size=d)
    score = (x - x.mean(axis=0)) @ rng.normal(size=d)
    target = score + rng.normal(size=n) if request.param is SQUARED else 1.0 * (score > rng.normal(size=n))
    weights = rng.integers(0, 4, n).astype(float)
    intercept = bool(rng.integers(2))
    problem = Arrays(x, target, weights, request.param, x.mean(axis=0), 1.0 / x.std(axis=0), intercept)
    return problem, rng.normal(size=d + intercept), rng.permutation(n)[: n // 2]


@pytest.fixture
def dense() -> Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """z, slopes, second derivatives, weights that add up to 1, and losses of some rows, row by row."""

    def parts(problem: Arrays, theta: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        z = (problem.features[rows] - problem.means) * problem.inverse_scales
        if problem.intercept:
            z = np.column_stack([z, np.ones(len(rows))])
        scores = z @ theta
        values = [problem.loss.row(s, t) for s, t in zip(scores.tolist(), problem.targets[rows].tolist())]
        second = [problem.loss.second(s, t) for s, t in zip(scores.tolist(), problem.targets[rows].tolist())]
        weights = problem.weights[rows] / problem.weights[rows].sum()
        losses, slopes = np.array(values).T
        return z, slopes, np.array(second), weights, losses

    return parts  # type: ignore[return-value]
