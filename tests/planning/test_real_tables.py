"""`auto` on real tables in raw units against scikit-learn's exact solutions: every rule, without a word about rates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fallline
from fallline.rules import RULES

pytestmark = pytest.mark.conformance


def tables() -> dict[str, tuple[Any, Any, float, float]]:
    """Features, targets, the loss of the exact solution, and that of the mean alone."""
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from statsmodels import datasets

    found = {}
    diabetes = load_diabetes(scaled=False)
    engel = datasets.engel.load_pandas().data
    for name, x, y in (
        ("diabetes", diabetes.data, diabetes.target),
        ("engel", engel[["income"]].to_numpy(), engel["foodexp"].to_numpy()),
    ):
        exact = LinearRegression().fit(x, y).predict(x)
        found[name] = x, y, float(np.mean((exact - y) ** 2)), float(np.var(y))
    anes = datasets.anes96.load_pandas().data
    x, y = anes.drop(columns=["vote"]).to_numpy(), anes["vote"].to_numpy() > 0
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    p = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(z, y).predict_proba(z)[np.arange(len(y)), 1 * y]
    q = np.where(y, y.mean(), 1.0 - y.mean())
    found["anes96"] = x, np.where(y, "yes", "no"), float(-np.log(p).mean()), float(-np.log(q).mean())
    return found


@pytest.fixture(scope="module", name="tables")
def the_tables() -> dict[str, tuple[Any, Any, float, float]]:
    return tables()


@pytest.mark.parametrize("table", ["diabetes", "engel", "anes96"])
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_comes_to_the_exact_solution(rule: str, table: str, tables: Any) -> None:
    """It never diverges, and its excess training loss is at most 1 % of the trivial model's."""
    x, y, exact, trivial = tables[table]
    run = fallline.fit(x, y, rule=rule, validation=None)
    assert run.stop in ("converged", "epochs")
    problem = run._prepared().problem
    loss = run._replayed(0).runtime.loss(run.model.theta)
    assert problem.rows == len(y)
    assert loss - exact <= 0.01 * (trivial - exact)
