"""Divergence: detected, named, and never triggered by noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import fallline


@pytest.mark.parametrize("rule", ["sgd", "momentum"])
def test_just_above_the_stable_limit_diverges_and_just_below_does_not(rule: str, rng: np.random.Generator) -> None:
    """Full-batch descent on a quadratic diverges at 1.02 times the named limit, and ends well at 0.98 times."""
    x = rng.normal(size=(200, 3)) * [1.0, 3.0, 0.2]
    target = x @ [1.0, -2.0, 3.0] + rng.normal(size=200)
    options = {"rule": rule, "batch_size": "full", "scale": None, "validation": None, "epochs": 3000}
    with pytest.raises(fallline.DivergenceError) as caught:
        fallline.fit(x, target, learning_rate=1e6, **options)
    limit = float(str(caught.value).split("stable only below ")[1].split()[0].rstrip(";."))
    with pytest.raises(fallline.DivergenceError):
        fallline.fit(x, target, learning_rate=1.02 * limit, **options)
    assert fallline.fit(x, target, learning_rate=0.98 * limit, **options).stop == "epochs"


def test_the_error_says_step_rate_limit_and_what_to_do(examples: Path) -> None:
    """The message names the step, the rate, the limit and a rate that then works."""
    with pytest.raises(fallline.DivergenceError) as caught:
        fallline.fit(examples / "diamonds.csv", target="price", rule="sgd", learning_rate=0.3)
    error = caught.value
    message = str(error)
    assert f"step {error.step}" in message
    assert "learning rate 0.3" in message
    limit = float(message.split("stable only below ")[1].split()[0])
    assert 0.08 < limit < 0.3 / 2
    assert error.advice in message
    rate = float(error.advice.split()[-1])
    assert fallline.fit(examples / "diamonds.csv", target="price", rule="sgd", learning_rate=rate).stop == "converged"


def test_the_column_whose_scale_is_the_cause_is_named(rng: np.random.Generator) -> None:
    """Of unscaled columns the huge one is named; with scaling on, or equal columns, none is."""
    x = rng.normal(size=(1000, 4))
    y = x @ [1.0, 2.0, 3.0, 4.0] + rng.normal(size=1000)
    huge = {f"c{j}": x[:, j] * (1e5 if j == 2 else 1.0) for j in range(4)}
    with pytest.raises(fallline.DivergenceError, match="the scale of column 'c2' is the cause") as caught:
        fallline.fit(huge, y, learning_rate=0.01, scale=None)
    assert 'scale="standard"' in caught.value.advice
    with pytest.raises(fallline.DivergenceError) as caught:
        fallline.fit({name: column / column.std() for name, column in huge.items()}, y, learning_rate=10.0, scale=None)
    assert "column" not in str(caught.value)


@pytest.mark.parametrize(("rule", "rate"), [("adam", 1e9), ("rmsprop", 1e9)])
def test_adaptive_rules_name_a_limit_too(rule: str, rate: float, examples: Path) -> None:
    """An adaptive rule's limit is that of its divided gradient, where it stood before the bad step."""
    with pytest.raises(fallline.DivergenceError, match=r"stable only below \d") as caught:
        fallline.fit(examples / "diamonds.csv", target="price", rule=rule, learning_rate=rate)
    assert caught.value.step == 2


def test_the_last_good_step_is_kept(examples: Path) -> None:
    """The step of divergence is not applied: the run ends one step before it, with finite parameters."""
    with pytest.raises(fallline.DivergenceError) as caught:
        fallline.fit(examples / "diamonds.csv", target="price", rule="sgd", learning_rate=0.3)
    run = caught.value.run
    assert run.stop == "diverged"
    assert run.steps == caught.value.step - 1
    assert np.isfinite(run.at(run.steps).theta).all()
    assert run.at(run.steps).theta.tobytes() == run.model.theta.tobytes()
    assert len(run.history) == caught.value.step  # the loss that was too much is there to be seen


def test_heavy_tails_are_no_divergence(rng: np.random.Generator) -> None:
    """Single rows with targets a thousand times the usual, one row a step, do not look like a divergence."""
    x = rng.normal(size=(2000, 2))
    y = x @ [1.0, -1.0] + rng.standard_t(1.5, size=2000) * 10.0
    run = fallline.fit(x, y, batch_size=1, epochs=3, learning_rate=1e-4, rule="sgd")
    assert run.stop == "epochs"


def test_perfect_data_do_not_divide_by_their_loss() -> None:
    """Targets that a line fits exactly converge, to a loss of nearly nothing."""
    run = fallline.fit([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0], validation=None)
    assert run.stop == "converged"
    assert run.history["loss"][-1].as_py() < 1e-8
