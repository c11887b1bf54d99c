"""Each loss's value, slope and second derivative against mpmath; its options, its names, its target's domain."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from loss_twins import TWINS
from mpmath import mpf

import fallline
from fallline import losses
from fallline.losses import LOSSES, Huber, Loss, Quantile, Tweedie, loss_from_dict, loss_named

ONE_SCORE = [name for name, loss in LOSSES.items() if not loss.many]
every_loss = pytest.mark.parametrize("name", ONE_SCORE)
ULP = mpf(2) ** -52
SPAN = {"delta": (0.01, 10.0), "level": (0.01, 0.99), "epsilon": (0.0, 0.3)}


@pytest.fixture
def source() -> random.Random:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


def drawn(name: str, source: random.Random) -> Loss:
    """The loss at default options, or at random ones."""
    ranges = LOSSES[name].ranges
    if source.random() < 0.3 or not ranges:
        return LOSSES[name]
    given = {o: source.uniform(*SPAN[o]) if o in SPAN else source.uniform(1.01, 3.0) for o in ranges}
    return loss_named(name, **given)


def target_for(loss: Loss, source: random.Random) -> float:
    if loss.classes:
        return float(source.randrange(2))
    if loss.domain is not None:
        amount = 10.0 ** source.uniform(-3, 4)
        return source.choice((0.0, 1.0, amount, amount)) if loss.domain.low_included else amount
    return source.choice((0.0, 1.0, -1.0)) * 10.0 ** source.uniform(-3, 4)


def score_for(source: random.Random) -> float:
    return source.choice((0.0, 700.0, -700.0, source.uniform(-3, 3), source.gauss(0, 30), source.uniform(-700, 700)))


def near_kink(loss: Loss, score: float, target: float, options: dict[str, Any]) -> bool:
    return any(abs(mpf(score) - kink) < mpf(10) ** -12 * (1 + abs(kink)) for kink in kinks(loss, target, options))


def kinks(loss: Loss, target: float, options: dict[str, Any]) -> tuple[Any, ...]:
    return TWINS[loss.name].kinks(mpf(target), **options)


def difference(loss: Loss, score: float, target: float, options: dict[str, Any], order: int) -> Any:
    """The derivative by the score, from central differences of the twin at 120 digits: far from any kink."""
    step = mpf(10) ** -30
    value = [TWINS[loss.name].value(mpf(score) + i * step, mpf(target), **options) for i in (-1, 0, 1)]
    return (value[2] - value[0]) / (2 * step) if order == 1 else (value[2] - 2 * value[1] + value[0]) / step**2


def allowed(loss: Loss, score: float) -> Any:
    """4 units in the last place; with Tweedie's power, exp of a product as well, whose own rounding it magnifies."""
    rounded = 2.0 if getattr(loss, "power", 1.5) != 1.5 else 0.0
    return (4 + rounded * abs(score)) * ULP


def largest(terms: Any, score: float, target: float, options: dict[str, Any]) -> Any:
    return max(abs(term) for term in terms(mpf(score), mpf(target), **options)) + mpf(2) ** -1000


@every_loss
def test_value_and_slope_are_those_of_the_paper(name: str, source: random.Random) -> None:
    """Against mpmath, also at |score| = 700: within 4 units in the last place of the largest term, and the slope that
    of the exact value's difference quotient. Where the exact number is finite, so is the loss's."""
    with mpmath.workdps(400):
        for _ in range(300):
            loss, score = drawn(name, source), score_for(source)
            target, options = target_for(loss, source), {o: mpf(value) for o, value in loss.options.items()}
            if near_kink(loss, score, target, options):
                continue
            value, slope = loss.row(score, target, *loss.numbers)
            twin = TWINS[name]
            exact = twin.value(mpf(score), mpf(target), **options)
            quotient = difference(loss, score, target, options, 1)
            for found, right, terms in ((value, exact, twin.value_terms), (slope, quotient, twin.slope_terms)):
                scale = largest(terms, score, target, options)
                if scale > mpf(1.7e308):
                    continue  # some term is too large for a float64
                assert abs(mpf(found) - right) <= allowed(loss, score) * scale, (
                    loss,
                    score,
                    target,
                    found,
                    float(right),
                )


@pytest.mark.parametrize("name", [name for name in ONE_SCORE if LOSSES[name].second is not None])
def test_the_second_derivative_is_that_of_the_paper(name: str, source: random.Random) -> None:
    """Against the exact value's second difference, away from kinks."""
    with mpmath.workdps(400):
        for _ in range(200):
            loss, score = drawn(name, source), source.choice((0.0, source.uniform(-3, 3), source.gauss(0, 10)))
            target, options = target_for(loss, source), {o: mpf(value) for o, value in loss.options.items()}
            if near_kink(loss, score, target, options):
                continue
            assert loss.second is not None
            found, right = loss.second(score, target, *loss.numbers), difference(loss, score, target, options, 2)
            scale = abs(right) if name != "tweedie" else 2 * largest(TWINS[name].slope_terms, score, target, options)
            assert abs(found - right) <= (2 * allowed(loss, score) + mpf(10) ** -25) * scale, (loss, score, target)


@every_loss
def test_the_bound_is_above_the_second_derivative(name: str, source: random.Random) -> None:
    """Planning's curvature is never below the second derivative; and a loss without either is steep, not flat."""
    for _ in range(200):
        loss, score = drawn(name, source), source.uniform(-5, 5)
        target = target_for(loss, source)
        if loss.second is None:
            assert loss.curvature is None
        else:
            assert loss.curvature is not None
            bound, second = (f(score, target, *loss.numbers) for f in (loss.curvature, loss.second))
            assert bound >= second * (1.0 - 1e-12), (loss, score, target)


@every_loss
def test_a_kink_has_one_of_its_subgradients(name: str, source: random.Random) -> None:
    """Exactly at a kink the slope lies between those on either side."""
    for _ in range(100):
        loss = drawn(name, source)
        target = target_for(loss, source)
        for kink in kinks(loss, target, {o: mpf(value) for o, value in loss.options.items()}):
            at = float(kink)
            sides = [loss.row(at + side * 1e-6 * (1 + abs(at)), target, *loss.numbers)[1] for side in (-1, 1)]
            assert min(sides) <= loss.row(at, target, *loss.numbers)[1] <= max(sides)


@every_loss
def test_no_float_makes_a_loss_raise(name: str) -> None:
    """Whatever score and target, plain Python returns two floats; a NaN score has a NaN loss."""
    hard = (0.0, -0.0, 1.0, math.inf, -math.inf, math.nan, 1e308, -1e308, 5e-324, 700.0, -700.0)
    loss = LOSSES[name]
    for score in hard:
        for target in hard:
            assert all(type(number) is float for number in loss.row(score, target, *loss.numbers))
    assert math.isnan(loss.row(math.nan, 1.0, *loss.numbers)[0])


@every_loss
def test_the_link_undoes_the_inverse_link(name: str) -> None:
    """link(inverse_link(score)) is the score, where the loss starts at the mean."""
    loss = LOSSES[name]
    if loss.starts_at_mean:
        for score in (-3.0, 0.0, 0.5, 10.0):
            assert loss.link(loss.inverse_link(score)) == pytest.approx(score, abs=1e-14)


# ---- names and options

NAMES = {
    "squared_error": "squared", "mse": "squared", "absolute_error": "absolute", "mae": "absolute",
    "pinball": "quantile",
    "log_loss": "logistic", "binary_cross_entropy": "logistic", "half_poisson": "poisson", "half_gamma": "gamma",
    "half_tweedie": "tweedie", "Huber": "huber", "l1_loss": "absolute", "epsilon_insensitive": "epsilon_insensitive",
    "squared_epsilon_insensitive": "squared_epsilon_insensitive", "hinge": "hinge", "squared_hinge": "squared_hinge",
    "modified_huber": "modified_huber",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_other_libraries_names_are_taken(name: str) -> None:
    """scikit-learn's and torch's names lead to the loss; no name leads to two."""
    assert loss_named(name) is LOSSES[NAMES[name]]
    every = [other for loss in LOSSES.values() for other in (loss.name, *loss.other_names)]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_goes_through_json_and_back(name: str, source: random.Random) -> None:
    """to_dict and from_dict keep name and options; every loss is a class in fallline.losses, its options attributes."""
    loss = drawn(name, source)
    again = loss_from_dict(loss.to_dict())
    assert again == loss and hash(again) == hash(loss) and again is not None
    assert getattr(losses, type(loss).__name__) is type(loss)
    assert all(getattr(loss, option) == value for option, value in loss.options.items())
    assert type(loss).__name__ in repr(loss)


@pytest.mark.parametrize(
    ("kind", "options", "says"),
    [
        (Huber, {"delta": 0.0}, "above 0"),
        (Huber, {"delta": math.inf}, "above 0"),
        (Huber, {"delta": "1"}, "above 0"),
        (Huber, {"epsilon": 1.0}, "its options are delta"),
        (Quantile, {"level": 1.0}, "above 0 and below 1"),
        (Quantile, {"level": math.nan}, "above 0 and below 1"),
        (losses.EpsilonInsensitive, {"epsilon": -0.1}, "at least 0"),
        (losses.SquaredEpsilonInsensitive, {"epsilon": True}, "at least 0"),
        (Tweedie, {"power": 0.5}, "at least 1 and at most 3"),
        (Tweedie, {"power": 3.5}, "at least 1 and at most 3"),
        (losses.Squared, {"delta": 1.0}, "its options are none"),
    ],
)
def test_an_impossible_option_names_what_is_allowed(kind: Any, options: dict[str, Any], says: str) -> None:
    """A value out of range, or an option that is not there, is a SpecificationError with the range."""
    with pytest.raises(fallline.SpecificationError, match=says):
        kind(**options)


def test_tweedie_is_finite_where_only_its_exponential_is_not() -> None:
    """exp(715) is too large for a float64; a thousandth of it is not, nor is the loss."""
    loss = Tweedie(power=2.021536351071309)
    value, slope = loss.row(-700.0, 0.0010964627384868854, *loss.numbers)
    assert value == pytest.approx(3.837605127081323e307, rel=1e-12)
    assert math.isfinite(slope)


def test_tweedie_at_the_ends_is_poisson_and_gamma() -> None:
    """Power 1 and 2 have the bytes of the Poisson and the gamma loss, and their domains."""
    for power, name in ((1.0, "poisson"), (2.0, "gamma")):
        same = Tweedie(power=power)
        assert (same.numbers, same.domain) == ((), LOSSES[name].domain)
        assert same.row(0.3, 2.0) == LOSSES[name].row(0.3, 2.0)
        assert same.to_dict() == {"name": "tweedie", "power": power}


def test_options_are_numbers_of_the_kernel() -> None:
    """Two deltas share one compiled kernel: a change of an option compiles nothing."""
    from fallline.compiled.kernels import loss_kernel

    assert loss_kernel(Huber(delta=1.0)) is loss_kernel(Huber(delta=2.0))


# ---- targets


@pytest.mark.parametrize(
    ("loss", "bad"),
    [("poisson", -1.0), ("gamma", 0.0), ("gamma", -2.0), ("tweedie", -0.5), (Tweedie(power=2.5), 0.0)],
)
def test_a_target_outside_the_domain_is_refused_with_its_row(loss: Any, bad: float, tmp_path: Path) -> None:
    """Before step 1, a DataError with file, row (from 1), line and column; in `evaluate` too."""
    values = [1.0, 2.0, bad, 4.0, bad]
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "".join(f"{i},{y}\n" for i, y in enumerate(values)), encoding="utf-8")
    with pytest.raises(fallline.DataError, match=r"row 3 \(line 4\), column 'y': the target is") as caught:
        fallline.fit(path, "y", loss=loss)
    assert (caught.value.row, caught.value.column, caught.value.file) == (3, "y", str(path))
    run = fallline.fit({"x": [1.0, 2.0, 3.0, 4.0], "y": [1.0, 2.0, 2.5, 4.0]}, "y", loss=loss, epochs=3)
    with pytest.raises(fallline.DataError, match="row 3"):
        run.model.evaluate({"x": [1.0, 2.0, 3.0], "y": [1.0, 1.0, bad]})


@pytest.mark.parametrize("loss", [name for name in ONE_SCORE if LOSSES[name].classes])
def test_classes_may_be_whole_numbers(loss: str) -> None:
    """-1 and 1 are two classes where the loss is for classes; three of them ask for softmax; fractions are refused."""
    x = [float(i) for i in range(20)]
    run = fallline.fit({"x": x, "y": [1 if i > 9 else -1 for i in range(20)]}, "y", loss=loss, epochs=20)
    assert run.model.classes == (-1, 1)
    assert set(run.model.predict({"x": x}).tolist()) == {-1, 1}
    with pytest.raises(fallline.SpecificationError, match='use loss="softmax"'):
        fallline.fit({"x": x, "y": [i % 3 for i in range(20)]}, "y", loss=loss)
    with pytest.raises(fallline.SpecificationError, match="needs a target of two classes"):
        fallline.fit({"x": x, "y": [0.5 * (i % 3) for i in range(20)]}, "y", loss=loss)


@pytest.mark.parametrize("loss", [name for name in ONE_SCORE if not LOSSES[name].classes])
def test_numbers_stay_numbers_where_the_loss_is_for_numbers(loss: str) -> None:
    """Whole numbers 0 and 1 are not taken for classes when the loss is named; text is refused."""
    x, amount = [float(i) for i in range(20)], 1 if loss == "gamma" else 0
    run = fallline.fit({"x": x, "y": [int(i > 9) + amount for i in range(20)]}, "y", loss=loss, epochs=20)
    assert run.model.classes == ()
    with pytest.raises(fallline.SpecificationError, match="needs a target that is a number"):
        fallline.fit({"x": x, "y": ["a" if i % 2 else "b" for i in range(20)]}, "y", loss=loss)


# ---- models


@every_loss
def test_predict_evaluate_and_the_file(name: str, tmp_path: Path, source: random.Random) -> None:
    """Every loss fits, predicts by its inverse link, evaluates, and comes back from the model file and the run's
    folder with its options; explain works a row out; predict_proba says where there are no probabilities."""
    rng = np.random.default_rng(source.randrange(2**32))
    x = rng.normal(size=(300, 2))
    y: Any = np.exp(0.5 * x[:, 0] - 0.2 * x[:, 1] + 0.1 * rng.normal(size=300))
    loss = drawn(name, source)
    if loss.classes:
        y = np.where(y > 1.0, "high", "low")
    run = fallline.fit(x, y, loss=loss, record=tmp_path / "run")
    model = run.model
    assert run.specification.loss == loss.to_dict()
    assert run.stop in ("converged", "epochs")
    scores = model.score(x)
    if loss.classes:
        assert run.evaluation["accuracy"] > 0.75
        assert model.predict(x).tolist() == [("high", "low")[int(score > 0)] for score in scores]
        if loss.probability is None:
            with pytest.raises(fallline.SpecificationError, match=f"{name} loss gives no probabilities"):
                model.predict_proba(x)
        else:
            assert model.predict_proba(x)[:, 1].tolist() == [loss.probability(score) for score in scores.tolist()]
    else:
        if name == "quantile":  # R² asks how near a prediction is to the mean, from which a high or low level is far
            assert np.corrcoef(model.predict(x), y)[0, 1] > 0.75
        else:
            assert run.evaluation["r2"] > 0.4
        assert model.predict(x).tolist() == [loss.inverse_link(score) for score in scores.tolist()]
    again = fallline.load(tmp_path / "run" / "model.safetensors")
    assert again.loss == loss and again.predict(x).tolist() == model.predict(x).tolist()
    opened = fallline.open_run(tmp_path / "run")
    assert opened.specification.to_dict() == run.specification.to_dict()
    row = run.explain(1).rows[0].number
    assert f"loss ({name})" in str(run.explain(1, row=row))


def test_an_unknown_loss_in_a_model_file_is_named(tmp_path: Path) -> None:
    """A file whose loss is not known says so in one line."""
    run = fallline.fit({"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 2.5]}, "y", epochs=2)
    run.model.loss = type("Other", (losses.Squared,), {"name": "other"})()
    run.model.save(tmp_path / "m")
    with pytest.raises(fallline.DataError, match="loss='other' is unknown") as caught:
        fallline.load(tmp_path / "m")
    assert "\n" not in str(caught.value)
