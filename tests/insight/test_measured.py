"""`Run.measure`: a step's quantities, put together from the run's own bytes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import fallline
from fallline.measures.curvature import extremes
from fallline.measures.path import cosine
from fallline.rules import RULES


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_s_step_is_measured(rule: str, rng: np.random.Generator) -> None:
    """The change of a squared loss is as predicted; loss, norm and rate are the history's; rows are the batch's."""
    x = rng.normal(size=(120, 3))
    run = fallline.fit(x, x @ [1.0, 2.0, 3.0] + rng.normal(size=120) + 4.0, rule=rule, batch_size=40, epochs=5)
    found = run.measure(4)
    history = run.history.slice(3, 1).to_pylist()[0]
    assert (found.learning_rate, found.loss) == (history["learning_rate"], pytest.approx(history["loss"], rel=1e-12))
    assert found.gradient_norm == pytest.approx(history["gradient_norm"], rel=1e-12)
    assert found.predicted_change == pytest.approx(found.actual_change, rel=1e-6, abs=1e-9)
    change = run.at(4).theta - run.at(3).theta
    assert found.update_ratio == pytest.approx(np.linalg.norm(change) / np.linalg.norm(run.at(3).theta))
    assert len(found.step_rows) == len(found.sharpness_rows) == 5
    assert set(found.effective_steps) == {*run.model.coefficients, "intercept"}
    json.dumps(found.to_dict())


def test_plain_descent_by_hand(examples: Path) -> None:
    """Its effective step is the rate, its limit 2 over the batch's curvature, and the cosine that of two gradients."""
    run = fallline.fit(examples / "penguins.csv", target="body_mass_g", rule="sgd", batch_size=32, epochs=2)
    found = run.measure(5)
    problem = run._prepared().problem
    batch = np.asarray(run._replayed(4).batch(5))
    ends = extremes(problem, run.at(4).theta, batch)
    assert (found.smallest, found.largest) == (ends.smallest, ends.largest)
    assert found.stable_limit == pytest.approx(2.0 / ends.largest, rel=1e-12)
    assert np.allclose(list(found.effective_steps.values()), found.learning_rate, rtol=1e-6)
    gradients = [(run.at(k - 1).theta - run.at(k).theta) / found.learning_rate for k in (4, 5)]
    assert found.cosine == pytest.approx(cosine(*gradients), abs=1e-9)
    assert run.measure(1).cosine is None
    assert found.noise_scale > 0.0 and found.critical_batch_size is not None
    for word in ("stable limit", "noise scale", "row ", "largest"):
        assert word in str(found)


def test_a_step_that_is_not_there_is_refused(examples: Path) -> None:
    """Steps are counted from 1 up to the last."""
    run = fallline.fit(examples / "line.csv", target="y", epochs=3)
    for step in (0, 4, True):
        with pytest.raises(fallline.SpecificationError, match="steps 1 to 3"):
            run.measure(step)
