"""Fits on a real table against exact solvers: full batch, no penalty, the objective within 1e-6 of the optimum.

The solvers: least squares, scikit-learn's and statsmodels' own where they solve the very problem, scipy's minimizer for
the other smooth losses, and linear programming for those with kinks. Those are descended with a rate that falls to 1e-7
of its automatic start: a subgradient method needs a rate that goes to 0.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fallline
from fallline.losses import (
    Absolute,
    EpsilonInsensitive,
    Gamma,
    Hinge,
    Huber,
    Logistic,
    Loss,
    ModifiedHuber,
    Poisson,
    Quantile,
    Squared,
    SquaredEpsilonInsensitive,
    SquaredHinge,
    Tweedie,
)
from fallline.models.elementwise import elementwise
from fallline.schedules import Exponential

pytestmark = pytest.mark.conformance
COLUMNS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm"]
Objective = Callable[[Any], float]


class Penguins:
    """The 333 complete rows: three measures, standardized and with a 1; body mass, sex and island."""

    def __init__(self, path: Path):
        import pandas

        frame = pandas.read_csv(path).dropna()
        x = frame[COLUMNS].to_numpy(float)
        self.table = {name: x[:, j] for j, name in enumerate(COLUMNS)}
        self.z = np.column_stack([(x - x.mean(axis=0)) / x.std(axis=0), np.ones(len(x))])
        self.mass, self.sex = frame["body_mass_g"].to_numpy(float), frame["sex"].to_numpy(str)
        self.island = frame["island"].to_numpy(str)
        self.side = np.where(self.sex == "male", 1.0, -1.0)


@pytest.fixture(scope="module")
def penguins() -> Penguins:
    return Penguins(Path(__file__).parents[2] / "examples" / "penguins.csv")


def objective_of(loss: Loss, z: Any, targets: Any) -> Objective:
    return lambda w: float(np.mean(elementwise(loss.row)(z @ w, targets, *loss.numbers)[0]))


def fitted(penguins: Penguins, loss: Any, target: Any, **options: Any) -> Any:
    """The parameters of a fit on all rows; its learning rate is automatic."""
    settings = {"batch_size": "full", "validation": None, "tolerance": None, "epochs": 20_000, **options}
    return fallline.fit({**penguins.table, "y": target}, "y", loss=loss, **settings).model.theta


# ---- smooth losses


def by_least_squares(z: Any, y: Any, objective: Objective) -> Any:
    return np.linalg.lstsq(z, y, rcond=None)[0]


def by_glm(family: str, **options: Any) -> Any:
    def solve(z: Any, y: Any, objective: Objective) -> Any:
        import statsmodels.api as sm

        made = getattr(sm.families, family)(link=sm.families.links.Log(), **options)
        return sm.GLM(y, z, family=made).fit(tol=1e-14, tol_criterion="params", maxiter=200).params

    return solve


def by_logit(z: Any, y: Any, objective: Objective) -> Any:
    import statsmodels.api as sm

    return sm.Logit(y, z).fit(disp=0, tol=1e-14, maxiter=200).params


def by_minimizer(z: Any, y: Any, objective: Objective) -> Any:
    """scipy's BFGS from least squares, started again where it stopped until nothing is gained."""
    from scipy.optimize import minimize

    w, best = np.linalg.lstsq(z, y, rcond=None)[0], np.inf
    for _ in range(50):
        found = minimize(objective, w, method="BFGS", options={"gtol": 1e-12})
        polished = minimize(objective, found.x, method="Nelder-Mead", options={"xatol": 1e-12, "fatol": 1e-15})
        w = polished.x
        if not polished.fun < best * (1.0 - 1e-12):
            break
        best = polished.fun
    return w


SMOOTH: list[tuple[Loss, str, Any]] = [
    (Squared(), "mass", by_least_squares),
    (Huber(delta=200.0), "mass", by_minimizer),
    (SquaredEpsilonInsensitive(epsilon=100.0), "mass", by_minimizer),
    (Logistic(), "sex", by_logit),
    (SquaredHinge(), "sex", by_minimizer),
    (ModifiedHuber(), "sex", by_minimizer),
    (Poisson(), "mass", by_glm("Poisson")),
    (Gamma(), "mass", by_glm("Gamma")),
    (Tweedie(power=1.5), "mass", by_glm("Tweedie", var_power=1.5)),
    (Tweedie(power=3.0), "mass", by_glm("InverseGaussian")),
]


@pytest.mark.parametrize(("loss", "target", "solver"), SMOOTH, ids=lambda value: getattr(value, "name", None))
def test_smooth_losses_reach_the_optimum(penguins: Penguins, loss: Loss, target: str, solver: Any) -> None:
    """Momentum at the automatic rate ends within 1e-6 of the exact solver's objective, and not below it."""
    y = penguins.mass if target == "mass" else (penguins.side > 0).astype(float)
    objective = objective_of(loss, penguins.z, y)
    ours = objective(fitted(penguins, loss, penguins.mass if target == "mass" else penguins.sex))
    best = objective(solver(penguins.z, y, objective))
    print(f"{loss}: {ours / best - 1.0:.2e} above the exact objective {best:.12g}")
    assert -1e-6 <= ours / best - 1.0 <= 1e-6


def test_softmax_reaches_scikit_learn_s_optimum(penguins: Penguins) -> None:
    """The island from three measures: the objective of scikit-learn's unpenalized multinomial regression."""
    from sklearn.linear_model import LogisticRegression

    labels = np.unique(penguins.island, return_inverse=True)[1]

    def objective(scores: Any) -> float:
        shifted = scores - scores.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]))

    peer = LogisticRegression(C=np.inf, tol=1e-12, max_iter=100_000).fit(penguins.z[:, :-1], penguins.island)
    ours = objective(penguins.z @ fitted(penguins, "softmax", penguins.island).reshape(-1, 3))
    best = objective(peer.decision_function(penguins.z[:, :-1]))
    print(f"softmax: {ours / best - 1.0:.2e} above the exact objective {best:.12g}")
    assert -1e-6 <= ours / best - 1.0 <= 1e-6


# ---- losses with kinks: their optimum is that of a linear program


def regression_program(z: Any, y: Any, above: float, below: float, epsilon: float = 0.0) -> float:
    """The least mean of above * (score - y - epsilon)⁺ + below * (y - epsilon - score)⁺."""
    from scipy.optimize import linprog

    n, d = z.shape
    costs = np.concatenate([np.zeros(d), np.full(n, above / n), np.full(n, below / n)])
    one, zero = np.eye(n), np.zeros((n, n))
    matrix = np.vstack([np.hstack([z, -one, zero]), np.hstack([-z, zero, -one])])
    limits = np.concatenate([y + epsilon, epsilon - y])
    found = linprog(costs, matrix, limits, bounds=[(None, None)] * d + [(0, None)] * (2 * n), method="highs")
    return float(found.fun)


def hinge_program(z: Any, side: Any) -> float:
    from scipy.optimize import linprog

    n, d = z.shape
    costs = np.concatenate([np.zeros(d), np.full(n, 1.0 / n)])
    matrix = np.hstack([-side[:, None] * z, -np.eye(n)])
    bounds = [(None, None)] * d + [(0, None)] * n
    return float(linprog(costs, matrix, -np.ones(n), bounds=bounds, method="highs").fun)


@pytest.mark.parametrize("rule", ["sgd", "momentum"])
@pytest.mark.parametrize(
    "loss", [Absolute(), Quantile(level=0.9), EpsilonInsensitive(epsilon=100.0), Hinge()], ids=lambda loss: loss.name
)
def test_losses_with_kinks_reach_the_optimum_of_the_linear_program(penguins: Penguins, loss: Loss, rule: str) -> None:
    """30,000 full-batch steps at a rate that falls exponentially from the automatic one end within 1e-6."""
    if isinstance(loss, Hinge):
        y, best = (penguins.side > 0).astype(float), hinge_program(penguins.z, penguins.side)
    else:
        y, epsilon = penguins.mass, getattr(loss, "epsilon", 0.0)
        level = getattr(loss, "level", None)
        weights = (1.0, 1.0) if level is None else (1.0 - level, level)
        best = regression_program(penguins.z, y, *weights, epsilon)
    target = penguins.sex if loss.classes else penguins.mass
    theta = fitted(penguins, loss, target, rule=rule, epochs=30_000, schedule=Exponential(gamma=1e-7))
    excess = objective_of(loss, penguins.z, y)(theta) / best - 1.0
    print(f"{loss}, {rule}: {excess:.2e} above the linear program's {best:.12g}")
    assert -1e-9 <= excess <= 1e-6
