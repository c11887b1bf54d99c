"""Losses with kinks, and softmax, with penalties: descents end at the optimum that an interior-point solver finds.

The solver is Clarabel, through cvxpy, which is told the problem in its own words: rows as the run encoded them, and the
mean loss, norms and bounds by cvxpy's functions. So what is compared is the value of two separate statements.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fallline
from fallline.losses import Absolute, EpsilonInsensitive, Hinge, Loss, Quantile
from fallline.penalties import L1, L2, Box, ElasticNet, GroupL1, NonNegative, Penalty
from fallline.schedules import Exponential

pytestmark = pytest.mark.conformance
TOLERANCES = {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}
WITHIN, BELOW = 1e-6, 1e-8  # of the optimum, relative; below it is only what the solver's own tolerance leaves
PENALTIES: list[tuple[Penalty, ...]] = [
    *((L2(0.05),), (L1(0.02),), (ElasticNet(0.05, 0.5),)),
    *((NonNegative(),), (Box(-0.05, 0.1),), (L1(0.01), NonNegative())),
]


def table_for(name: str) -> tuple[Any, GroupL1]:
    """A real table with the column `target` for this loss, and a penalty on groups of its columns."""
    from sklearn import datasets

    if name == "hinge":
        frame = datasets.load_breast_cancer(as_frame=True).frame
        groups = (("mean radius", "mean texture", "radius error"), ("mean smoothness", "smoothness error"))
        return frame[[*groups[0], *groups[1], "mean symmetry", "target"]], GroupL1(0.05, groups)
    if name == "softmax":
        frame = datasets.load_wine(as_frame=True).frame
        groups = (("alcohol", "ash"), ("malic_acid", "color_intensity"))
        frame["target"] = np.array(["barolo", "grignolino", "barbera"])[frame["target"]]
        return frame[[*groups[0], *groups[1], "alcalinity_of_ash", "target"]], GroupL1(0.05, groups)
    frame = datasets.load_diabetes(as_frame=True).frame
    frame["target"] /= 100.0
    return frame, GroupL1(0.05, (("age", "sex"), ("s1", "s2", "s3", "s4")))


class Stated:
    """A run's problem in cvxpy's words."""

    def __init__(self, run: fallline.Run):
        import cvxpy

        arrays: Any = run._prepared().problem
        self.z = np.column_stack([(arrays.features - arrays.means) * arrays.inverse_scales, np.ones(arrays.rows)])
        self.y, self.loss, classes = arrays.targets, arrays.loss, arrays.scores
        self.theta = cvxpy.Variable((arrays.columns + 1, classes) if classes > 1 else arrays.columns + 1)
        self.w = cvxpy.vec(self.theta[:-1], order="C") if classes > 1 else self.theta[:-1]
        penalties, self.bounds = self._penalties(run._descent.additions)  # type: ignore[union-attr]
        self.problem = cvxpy.Problem(cvxpy.Minimize(self._mean_loss(self.z @ self.theta) + penalties), self.bounds)

    def _mean_loss(self, scores: Any) -> Any:
        import cvxpy as cp

        y, loss, n = self.y, self.loss, len(self.y)
        if loss.name == "softmax":
            chosen = np.eye(scores.shape[1])[y.astype(int)]
            return (cp.sum(cp.log_sum_exp(scores, axis=1)) - cp.sum(cp.multiply(chosen, scores))) / n
        rows = {
            "absolute": lambda: cp.abs(scores - y),
            "quantile": lambda: cp.maximum(loss.level * (y - scores), (loss.level - 1.0) * (y - scores)),
            "epsilon_insensitive": lambda: cp.pos(cp.abs(scores - y) - loss.epsilon),
            "hinge": lambda: cp.pos(1.0 - cp.multiply(2.0 * y - 1.0, scores)),
            "poisson": lambda: cp.exp(scores) - cp.multiply(y, scores) - y + y * np.log(np.where(y > 0.0, y, 1.0)),
        }
        return cp.sum(rows[loss.name]()) / n

    def _penalties(self, additions: Any) -> tuple[Any, list[Any]]:
        import cvxpy as cp

        found: Any = 0.0
        bounds = []
        for penalty, columns in zip(additions.penalties, additions.columns, strict=True):
            numbers = [np.array(column) for column in columns]
            if penalty.bounds:
                lower, upper = (np.isfinite(limit) for limit in numbers)
                bounds += [self.w[lower] >= numbers[0][lower]] if lower.any() else []
                bounds += [self.w[upper] <= numbers[1][upper]] if upper.any() else []
            elif isinstance(penalty, GroupL1):
                norms = [numbers[0][group[0]] * cp.norm(self.w[list(group)]) for group in additions.groups]
                found = found + cp.sum(cp.hstack(norms))
            else:
                l1, l2 = numbers
                found = found + l1 @ cp.abs(self.w) + l2 @ cp.square(self.w) / 2.0
        return found, bounds

    def optimum(self) -> float:
        self.problem.solve(solver="CLARABEL", **TOLERANCES)
        return float(self.problem.value)

    def value_at(self, theta: np.ndarray) -> float:
        """The objective of given parameters, which must be within the bounds."""
        self.theta.value = theta.reshape(self.theta.shape)
        assert all(bound.value() for bound in self.bounds)
        return float(self.problem.objective.value)


def compare(loss: Any, penalty: tuple[Penalty, ...], **options: Any) -> None:
    name = loss if isinstance(loss, str) else loss.name
    data, grouped = table_for(name)
    settings: dict[str, Any] = {"rule": "momentum", "batch_size": "full", "epochs": 30_000, "tolerance": None}
    run = fallline.fit(
        data, "target", loss=loss, penalty=penalty or (grouped,), validation=None, **{**settings, **options}
    )
    stated = Stated(run)
    best = stated.optimum()
    excess = stated.value_at(run.model.theta) / best - 1.0
    print(f"{name} {penalty or grouped}: {excess:.2e} above the optimum {best!r}")
    assert -BELOW <= excess <= WITHIN


@pytest.mark.parametrize("penalty", [*PENALTIES, ()], ids=lambda penalty: repr(penalty) if penalty else "groups")
@pytest.mark.parametrize(
    "loss", [Absolute(), Quantile(level=0.9), EpsilonInsensitive(epsilon=0.1), Hinge()], ids=lambda loss: loss.name
)
def test_losses_with_kinks(loss: Loss, penalty: tuple[Penalty, ...]) -> None:
    """30,000 full-batch steps at a rate that falls exponentially from the automatic one end within 1e-6."""
    compare(loss, penalty, schedule=Exponential(gamma=1e-7))


@pytest.mark.parametrize("penalty", [*PENALTIES, ()], ids=lambda penalty: repr(penalty) if penalty else "groups")
def test_softmax(penalty: tuple[Penalty, ...]) -> None:
    """Three classes at the automatic rate end within 1e-6; a group is a column's coefficients of all classes, or of
    several columns'."""
    compare("softmax", penalty)


@pytest.mark.parametrize("penalty", [(NonNegative(),), (L1(0.01), NonNegative())], ids=repr)
def test_poisson_with_bounds(penalty: tuple[Penalty, ...]) -> None:
    """A count's loss with coefficients that must not be negative, where SciPy's L-BFGS-B stops short."""
    compare("poisson", penalty)
