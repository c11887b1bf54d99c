"""The learning-rate finder: its curve, its suggestions, its limit, and that it leaves no trace."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

import fallline
from fallline.insight.find_rate import slopes_by_log_rate, suggestions, valley
from fallline.rules import RULES, Adam


def digest(*arrays: np.ndarray) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def test_it_leaves_no_trace(rng: np.random.Generator) -> None:
    """Data, NumPy's random state and the run that follows have the same hashes with and without a search before."""
    x = rng.normal(size=(400, 3))
    y = x @ [1.0, -2.0, 3.0] + rng.normal(size=400)
    rule = Adam()

    def trained() -> str:
        run = fallline.fit(x, y, rule=rule, epochs=30, batch_size=64)
        return digest(run.model.theta, run.history["loss"].to_numpy())

    before = digest(x, y), np.random.get_state()[1].tobytes(), trained()
    found = fallline.find_learning_rate(x, y, rule=rule, batch_size=64)
    assert (digest(x, y), np.random.get_state()[1].tobytes(), trained()) == before
    assert rule.learning_rate is None
    assert str(found) == str(fallline.find_learning_rate(x, y, rule=rule, batch_size=64))


@pytest.mark.parametrize("rule", ["sgd", "nesterov", "adam", "adadelta", "lion", "dog"])
def test_the_recommendation_is_what_fit_takes(rule: str, examples: Path) -> None:
    """It is the rate of `fit` with the same options, with the same words, and lies on the curve's grid."""
    found = fallline.find_learning_rate(examples / "penguins.csv", target="sex", rule=rule)
    run = fallline.fit(examples / "penguins.csv", target="sex", rule=rule, epochs=1)
    assert found.suggestion == run.specification.plan.learning_rate
    assert found.reason in "; ".join(run.notes)
    rates = found.curve["learning_rate"].to_numpy()
    assert rates[0] < found.suggestion < rates[-1]
    assert (found.limit is None) == (rule == "lion")


def test_the_limit_stands_where_the_curve_diverges(rng: np.random.Generator) -> None:
    """Of plain descent on a quadratic the curve is finite far below the limit and not far above it."""
    x = rng.normal(size=(300, 4))
    found = fallline.find_learning_rate(x, x @ np.ones(4), rule="sgd", batch_size="full", validation=None)
    z = np.column_stack([(x - x.mean(axis=0)) / x.std(axis=0), np.ones(300)])
    assert found.limit == pytest.approx(2.0 / np.linalg.eigvalsh(2.0 * z.T @ z / 300)[-1], rel=1e-6)
    rates, losses = found.curve["learning_rate"].to_numpy(), found.curve["loss"].to_numpy()
    assert np.isfinite(losses[rates < 0.5 * found.limit]).all()
    assert np.isinf(losses[rates > 10.0 * found.limit]).all()
    assert "stable limit" in "".join(found.marks())


def test_the_usual_recipes() -> None:
    """On a curve made by hand: minimum / 10, the steepest fall by log rate, and the middle of the longest fall."""
    rates = np.array([1e-3, 1e-2, 1e-1, 1.0, 10.0])
    losses = np.array([10.0, 9.0, 3.5, 3.0, np.inf])
    slopes = slopes_by_log_rate(rates, losses)
    assert slopes[1] == pytest.approx((3.5 - 10.0) / np.log(1e2))
    assert np.isnan(slopes[3])
    found = {one.name: one.learning_rate for one in suggestions(rates, losses, slopes)}
    assert found == {"minimum/10": 0.1, "steepest": 0.01, "valley": 1e-2}
    assert suggestions(rates, losses * np.inf, slopes) == ()


def test_the_valley_is_the_longest_fall() -> None:
    """A short fall before it, and single rates that rise in it, do not count."""
    assert valley([5.0, 6.0, 9.0, 8.0, 8.5, 7.0, 4.0, 2.0, 1.0, 30.0]) in (3, 4, 5)
    assert valley([1.0]) == 0
    assert valley([1.0, 2.0, 3.0]) == 0


def test_text_and_dictionary(examples: Path) -> None:
    """str() holds the curve, each formula and the limit; to_dict() the same numbers."""
    found = fallline.find_learning_rate(examples / "diamonds.csv", target="price", rule="adam")
    text, data = str(found), found.to_dict()
    for word in ("recommended", "steepest", "valley", "minimum/10", "stable limit", "d loss / d ln(rate)", "diverged"):
        assert word in text
    assert data["suggestion"] == found.suggestion
    assert len(data["curve"]) == len(found.curve)  # type: ignore[arg-type]


@pytest.mark.parametrize("option", ["learning_rate", "record", "progress"])
def test_what_has_no_meaning_is_refused(option: str) -> None:
    """A rate to look for is not given, and nothing is recorded."""
    with pytest.raises(fallline.SpecificationError, match=option):
        fallline.find_learning_rate({"x": [1.0, 2.0], "y": [1.0, 2.0]}, target="y", **{option: 1})


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_can_be_searched(rule: str, rng: np.random.Generator) -> None:
    """Each has a finite curve at the recommended rate, and three suggestions."""
    x = rng.normal(size=(60, 2))
    found = fallline.find_learning_rate(x, x @ [3.0, 1.0] + 5.0 + rng.normal(size=60), rule=rule)
    assert len(found.suggestions) == 3
    at = int(np.argmin(np.abs(np.log(found.curve["learning_rate"].to_numpy() / found.suggestion))))
    assert np.isfinite(found.curve["loss"][at].as_py())
