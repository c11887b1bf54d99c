"""What `auto` becomes, and that what is given is obeyed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fallline
from fallline.measures.curvature import Curvature
from fallline.order.shuffle import Sizes
from fallline.planning.rate import rounded
from fallline.planning.trial import Trials, short_plan, try_rates
from fallline.rules import Adam, AdamW, GradientDescent, Momentum, RMSProp
from fallline.schedules import schedule_from_dict

SMALL = {"x": [1.0, 2.0, 3.0, 4.0, 5.0], "y": [5.0, 7.0, 9.0, 11.0, 13.5]}


def test_the_measured_curvature_is_the_largest_eigenvalue(rng: np.random.Generator) -> None:
    """On all rows it is within 3 % of a dense eigenvalue solver's, never above; the diagonal is the Hessian's."""
    x = rng.normal(size=(500, 6)) * rng.uniform(0.1, 3.0, 6)
    run = fallline.fit(x, x.sum(axis=1) + rng.normal(size=500), validation=None, batch_size="full", scale=None)
    problem = run._prepared().problem
    measured = Curvature(problem, np.zeros(7), [np.arange(500)])
    z = np.column_stack([problem.features, np.ones(500)])
    hessian = 2.0 * z.T @ z / 500
    largest = np.linalg.eigvalsh(hessian)[-1]
    assert 0.97 * largest < measured.worst <= largest * (1 + 1e-9)
    assert np.allclose(measured.columns, np.diag(hessian), rtol=1e-9)
    assert measured.row == pytest.approx(2.0 * (z**2).sum(axis=1).max(), rel=1e-12)


@pytest.mark.parametrize(("columns", "rows", "looked_at"), [(200, 400, 4), (3, 200, 1)])
def test_batches_are_looked_at_while_they_are_sharper_than_the_bound(
    columns: int, rows: int, looked_at: int, rng: np.random.Generator
) -> None:
    """With half as many features as a batch has rows each of the first four is, and the sharpest counts; where a row
    far out makes the bound large the first one is within it, and the others are not looked at."""
    x, theta = rng.normal(size=(2000, columns)), np.zeros(columns + 1)
    x[-1] *= 1.0 if looked_at == 4 else 30.0
    run = fallline.fit(x, x.sum(axis=1), validation=None, scale=None, learning_rate=1e-6, epochs=1)
    problem = run._prepared().problem
    batches = [np.arange(start, start + rows) for start in range(0, 2000 // rows * rows, rows)]
    measured = Curvature(problem, theta, batches)
    z = np.column_stack([problem.features, np.ones(2000)])
    sharpness = [float(np.linalg.eigvalsh(2.0 * z[batch].T @ z[batch] / rows)[-1]) for batch in batches[:looked_at]]
    bound = measured.pooled + 2.0 * (z**2).sum(axis=1).max() / rows
    assert [found > bound for found in sharpness] == [looked_at == 4] * looked_at
    assert measured.batch == pytest.approx(max(*sharpness, measured.pooled), rel=1e-6)
    assert measured.worst == pytest.approx(max(*sharpness, bound), rel=1e-6)


def test_the_rate_is_below_the_limit_of_every_batch(examples: Path) -> None:
    """The automatic rate of plain descent is stable on each of the first epoch's batches of diamonds."""
    run = fallline.fit(examples / "diamonds.csv", target="price", rule="sgd", epochs=1)
    problem, plan = run._prepared().problem, run.specification.plan
    z = (problem.features - problem.means) * problem.inverse_scales
    z = np.column_stack([z, np.ones(problem.rows)])
    descent = run._replayed(0)
    sharpest = 0.0
    for k in range(1, plan.sizes.steps + 1):
        rows = descent.batch(k)
        sharpest = max(sharpest, float(np.linalg.eigvalsh(2.0 * z[rows].T @ z[rows] / len(rows))[-1]))
    assert plan.learning_rate < 2.0 / sharpest


@pytest.mark.parametrize("given", [0.0123, 0.2, 1e-9])
def test_a_given_rate_is_kept(given: float) -> None:
    """A given rate is used in every step, by option or in the rule; two different ones are refused."""
    for options in ({"learning_rate": given}, {"rule": Adam(learning_rate=given)}):
        run = fallline.fit(SMALL, target="y", epochs=5, **options)  # type: ignore[arg-type]
        assert set(run.history["learning_rate"].to_pylist()) == {given}
    with pytest.raises(fallline.SpecificationError, match="two different rates"):
        fallline.fit(SMALL, target="y", rule=Adam(learning_rate=given), learning_rate=2 * given)


def test_given_epochs_are_carried_out() -> None:
    """Given epochs switch the tolerance off, unless it is given too."""
    assert fallline.fit(SMALL, target="y", epochs=3000).steps == 3000
    run = fallline.fit(SMALL, target="y", epochs=30_000, tolerance=1e-4)
    assert (run.stop, run.steps < 30_000) == ("converged", True)
    assert fallline.fit(SMALL, target="y", epochs=3000, tolerance=None).stop == "epochs"


def test_nothing_in_the_specification_is_auto(examples: Path) -> None:
    """A specification with defaults holds numbers and names only."""
    run = fallline.fit(examples / "penguins.csv", target="sex")
    assert "auto" not in str(run.specification.to_dict()["descent"])
    assert run.specification.plan.rule.learning_rate == run.specification.plan.learning_rate
    assert all(isinstance(note, str) for note in run.notes)


def test_momentum_is_a_preset() -> None:
    """GradientDescent with momentum takes the steps of Momentum, and SGD is GradientDescent."""
    gradients = [[1.0, -2.0], [0.5, 0.0], [3.0, 1.0]]
    preset = list(Momentum(learning_rate=0.1).trajectory([0.0, 0.0], gradients))
    assert list(GradientDescent(0.1, momentum=0.9).trajectory([0.0, 0.0], gradients)) == preset
    assert fallline.rules.SGD is GradientDescent  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("model", "mlp"), ("penalty", "l3"), ("penalty", 3), ("transforms", ("clip",)), ("transforms", (3,)),
        ("storage", "float16"), ("start", 3), ("gram", "maybe"),
        ("resume", True), ("rule", "adamm"), ("rule", 3), ("learning_rate", 0), ("learning_rate", float("inf")),
        ("learning_rate", "fast"), ("schedule", "cosign"), ("batch_size", 0), ("batch_size", 2.5),
        ("batch_size", "big"),
        ("epochs", 0), ("epochs", "many"), ("tolerance", -1), ("tolerance", 2), ("patience", 0), ("validation", 1.0),
        ("validation", "atuo"), ("validation", True),
        ("scale", "minmax"), ("intercept", "yes"), ("shuffle", 1), ("seed", -1), ("threads", 0),
        ("loss", "hinges"), ("loss", 3), ("loss", "logistic"), ("runtime", "gpu"), ("max_categories", 0),
        ("drop", 3), ("only", 2.5), ("categorical", True), ("hashed", 3),
    ],
)  # fmt: skip
def test_an_impossible_option_is_refused(option: str, value: Any) -> None:
    """A wrong value, or one that this version cannot carry out, is a SpecificationError that names the option."""
    with pytest.raises(fallline.SpecificationError) as caught:
        fallline.fit(SMALL, target="y", **{option: value})
    assert option in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_word_about_columns_is_all_of_them() -> None:
    """None for an option that names columns is as if it was not given; one name may stand by itself."""
    table = {"a": [1.0, 2.0, 3.0, 4.0], "b": [2.0, 1.0, 4.0, 3.0], "y": [1.0, 2.0, 3.0, 5.0]}
    expected = fallline.fit(table, target="y", epochs=2).model.coefficients
    for option in ("drop", "only", "categorical", "hashed"):
        assert fallline.fit(table, target="y", epochs=2, **{option: None}).model.coefficients == expected  # type: ignore[arg-type]
    assert list(fallline.fit(table, target="y", epochs=2, drop="a").model.coefficients) == ["b"]


def test_weights_count_as_repetitions(rng: np.random.Generator) -> None:
    """Full-batch descent with whole-number weights has the optimum of the table with rows repeated."""
    x = rng.normal(size=(60, 2))
    y = x @ [1.0, 2.0] + rng.normal(size=60)
    weights = rng.integers(0, 4, 60)
    options: dict[str, Any] = {"scale": None, "validation": None, "batch_size": "full"}
    weighted = fallline.fit(x, y, sample_weight=weights, **options)
    repeated = fallline.fit(np.repeat(x, weights, axis=0), np.repeat(y, weights), **options)
    assert np.allclose(weighted.model.theta, repeated.model.theta, rtol=1e-6)


@pytest.mark.parametrize("rate", [0.039999, 1.0, 9.9e-14, 123456.0, 0.1 + 0.2])
def test_rounding_a_rate_never_raises_it(rate: float) -> None:
    """Two significant digits, toward zero."""
    assert 0.9 * rate < rounded(rate) <= rate


def test_a_weight_decay_that_was_not_given_is_in_the_target_s_unit(rng: np.random.Generator) -> None:
    """AdamW comes to the exact solution, whatever the target's unit: its default decay is divided by the size of the
    target, and `run.notes` says so. A target a thousand times as large has a thousandth of the decay."""
    x = rng.normal(size=(400, 3))
    y = 20.0 + x @ [3.0, -2.0, 1.0] + rng.normal(size=400)
    z = np.column_stack([x, np.ones(400)])
    for unit in (1e4, 10.0):
        run = fallline.fit(x, unit * y, rule="adamw", validation=None)
        rule = run.specification.plan.rule
        assert rule.weight_decay == pytest.approx(0.01 / np.abs(unit * y).mean(), rel=0.1)  # type: ignore[attr-defined]
        assert any("weight decay" in note and "scores of about 1" in note for note in run.notes)
        found = run.model.predict(x)
        exact = z @ np.linalg.lstsq(z, unit * y, rcond=None)[0]
        assert np.mean((found - exact) ** 2) <= 1e-3 * np.var(unit * y)


@pytest.mark.parametrize("rule", [AdamW(weight_decay=0.02), AdamW(convention="keras"), AdamW(learning_rate=0.5)])
def test_a_given_weight_decay_is_kept(rule: AdamW, rng: np.random.Generator) -> None:
    """A weight decay that was given, by a convention too, is kept, and so is all where the rate is given; where it
    holds parameters below what the target needs, `run.notes` says so."""
    x = rng.normal(size=(60, 2))
    run = fallline.fit(x, 1e4 + x[:, 0], rule=rule, validation=None, epochs=2)
    assert run.specification.plan.rule.weight_decay == rule.weight_decay  # type: ignore[attr-defined]
    assert any("holds every parameter" in note for note in run.notes) == (rule.learning_rate is None)


def test_classes_keep_the_usual_weight_decay(examples: Path) -> None:
    """Classes ask for scores of about 1, for which AdamW's default decay is meant."""
    run = fallline.fit(examples / "penguins.csv", target="sex", rule="adamw", epochs=2)
    assert run.specification.plan.rule.weight_decay == 0.01  # type: ignore[attr-defined]


def test_a_rule_s_class_is_a_rule() -> None:
    """`rule=Adam` is Adam with its defaults, as `loss=Huber` is."""
    assert fallline.fit(SMALL, target="y", rule=Momentum, epochs=2).specification.plan.rule.name == "momentum"


def test_classes_may_have_a_larger_rate_than_the_limit_at_the_start(examples: Path) -> None:
    """Losses of classes flatten on the way, so on batches of all rows larger rates than the limit's half are tried too,
    never smaller ones; a squared loss bends as much everywhere, and there is nothing to try."""
    data = examples / "penguins.csv"
    found = fallline.find_learning_rate(data, target="sex", rule="sgd", validation=None)
    assert found.limit is not None and found.suggestion >= rounded(0.5 * found.limit)
    assert "with the lowest loss after 50 steps" in found.reason
    assert f"rates from {rounded(0.5 * found.limit):.2g} " in found.reason
    squared = fallline.find_learning_rate(SMALL, target="y", rule="sgd")
    assert "half of the stable limit" in squared.reason


def test_noise_asks_for_a_part_of_the_best_rate_tried(examples: Path) -> None:
    """Of the rate that went furthest in short trials, half is taken on batches, a quarter by a rule that averages no
    gradients, and all of it on batches of all rows, which have no noise."""
    for rule, batch_size, part in (("adam", 256, "half of "), ("adam", "full", ""), ("adagrad", 256, "a quarter of ")):
        found = fallline.find_learning_rate(examples / "diamonds.csv", target="price", rule=rule, batch_size=batch_size)
        assert f": {part}the one of" in found.reason


def test_the_best_of_trials_is_one_of_equals() -> None:
    """Losses that differ by less than a trial can tell are equal. Of those the smallest rate is the best, or the one in
    the middle on batches of all rows by a rule that averages: its loss only swings there."""
    rates, losses = [0.1, 0.2, 0.4, 0.8, 1.6], [9.0, 5.004, 5.0, 5.009, 6.0]
    assert Trials(rates, losses, 1.0).best == 0.4
    found = Trials(rates, losses, 1.0, equal=0.01)
    assert found.best == 0.2 and found.several
    assert Trials(rates, losses, 1.0, equal=0.01, middle=True).best == 0.4
    found = Trials(rates, losses, 1.0, equal=2.0, middle=True)
    assert found.best == 0.4 and not found.several
    table = {"x": list(range(40)), "y": [3.0 * x + (x * 7 % 5) for x in range(40)]}
    run = fallline.fit(table, target="y", validation=None, rule="adam")
    problem, plan = run._prepared().problem, run.specification.plan
    assert try_rates(problem, plan, 1.0).middle
    assert not try_rates(problem, replace(plan, rule=RMSProp()), 1.0).middle
    assert not try_rates(problem, replace(plan, sizes=Sizes.of(40, 1, 8)), 1.0).middle


def test_radam_s_plain_steps_have_a_rate_of_their_own(rng: np.random.Generator) -> None:
    """RAdam's first five steps are plain descent, in another unit than the later ones: on a target of large numbers the
    rate that they allow would be far too small for these. `auto` gives them one below the curvature's limit, and the
    descent comes to the least-squares solution, which it did not in all its epochs."""
    x = rng.normal(size=(2000, 3))
    y = 1e4 * (x @ [1.0, -2.0, 0.5] + 3.0) + 1e3 * rng.normal(size=2000)
    run = fallline.fit(x, y, rule="radam", validation=None)
    rates = run.history["learning_rate"].to_pylist()
    assert len(set(rates[:5])) == 1 and rates[5] > 100.0 * rates[0]
    problem = run._prepared().problem
    z = np.column_stack([(problem.features - problem.means) * problem.inverse_scales, np.ones(2000)])
    assert rates[0] < 2.0 / np.linalg.eigvalsh(2.0 * z.T @ z / 2000)[-1]
    assert "the first 5 steps, which are plain descent, take" in " ".join(run.notes)
    design = np.column_stack([x, np.ones(2000)])
    exact = np.linalg.lstsq(design, y, rcond=None)[0]
    found = np.array([*run.model.coefficients.values(), run.model.intercept])
    assert np.allclose(found, exact, rtol=1e-2, atol=30.0)


@pytest.mark.parametrize("rate", [1e-3, 0.2, 50.0])
def test_trials_keep_the_rate_of_plain_steps(rate: float) -> None:
    """Whatever rate is tried, RAdam's first five steps have at most the one that plain descent bears, and the sixth has
    the rate that is tried."""
    plan = fallline.fit(SMALL, target="y", rule="radam", epochs=1).specification.plan
    schedule = schedule_from_dict(short_plan(plan, rate, 0.1).schedule)
    rates = [schedule.rate(k, rate) for k in range(1, 8)]
    assert rates == pytest.approx([min(rate, 0.1)] * 5 + [rate] * 2, rel=1e-12)


@pytest.mark.parametrize("options", [{"learning_rate": 0.01}, {"schedule": "plateau"}, {"schedule": "constant"}])
def test_radam_keeps_a_given_rate_and_a_given_schedule(options: dict[str, Any]) -> None:
    """Only what is `auto` is settled: a rate or a schedule that was given holds from the first step on."""
    run = fallline.fit(SMALL, target="y", rule="radam", epochs=10, **options)
    assert len(set(run.history["learning_rate"].to_pylist())) == 1
