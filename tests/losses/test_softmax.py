"""Softmax: its arithmetic against mpmath, its curvature, and classifiers of several classes from end to end."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mpf

import fallline
from fallline.compiled.kernels import loss_kernel
from fallline.compiled.runtime import Arrays
from fallline.losses import LOSSES, Softmax
from fallline.losses.softmax import shares, softmax
from fallline.models.elementwise import elementwise
from fallline.models.softmax import SoftmaxModel

ULP = mpf(2) ** -52


@pytest.fixture
def source() -> random.Random:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


@pytest.fixture(scope="module")
def penguins() -> fallline.Run:
    return fallline.fit(Path(__file__).parents[2] / "examples" / "penguins.csv", "species", epochs=300)


def test_value_and_slopes_are_those_of_the_paper(source: random.Random) -> None:
    """Against mpmath, within 4 units in the last place of the largest term; scores of ±700 overflow nothing."""
    with mpmath.workdps(400):
        for _ in range(300):
            count = source.randrange(2, 8)
            scores = [
                source.choice((0.0, 700.0, -700.0, source.gauss(0, 3), source.gauss(0, 100))) for _ in range(count)
            ]
            label, slopes = source.randrange(count), [0.0] * count
            value = softmax(scores, float(label), slopes)
            powers = [mpmath.exp(score) for score in scores]
            exact = mpmath.log(sum(powers)) - scores[label]
            assert abs(value - exact) <= 4 * ULP * (max(map(abs, scores)) + 1)
            for c, (slope, power) in enumerate(zip(slopes, powers, strict=True)):
                assert abs(slope - (power / sum(powers) - (c == label))) <= 4 * ULP, (scores, c)


def test_a_row_that_is_not_finite_is_seen() -> None:
    """NaN or infinity among the scores makes the value NaN, wherever it stands, and nothing raises."""
    for bad in (float("nan"), float("inf")):
        for place in range(3):
            scores = [0.0, 1.0, 2.0]
            scores[place] = bad
            assert softmax(scores, 1.0, [0.0] * 3) != softmax(scores, 1.0, [0.0] * 3)


def test_shares_on_arrays_have_the_bytes_of_plain_python(rng: np.random.Generator) -> None:
    """The probabilities of whole columns are those of one row after the other."""
    scores = rng.normal(size=(200, 5)) * 10.0 ** rng.uniform(-3, 3, size=(200, 5))
    out: list[Any] = [None] * 5
    elementwise(shares)(list(scores.T), out)
    for row, found in zip(scores.tolist(), np.column_stack(out), strict=True):
        expected = [0.0] * 5
        shares(row, expected)
        assert np.array(expected).tobytes() == np.ascontiguousarray(found).tobytes()


@pytest.mark.parametrize("intercept", [True, False])
def test_the_curvature_is_the_hessian(intercept: bool, rng: np.random.Generator) -> None:
    """sharpness is the product with the Hessian of the mean loss, by differences of its gradient; row_statistics its
    diagonal, and no row is sharper than it says."""
    n, d, k = 60, 3, 4
    x, weights = rng.normal(size=(n, d)) + 1.0, rng.uniform(0.0, 2.0, n)
    problem = Arrays(
        x, rng.integers(0, k, n).astype(float), weights, Softmax(k), x.mean(axis=0), 1.0 / x.std(axis=0), intercept
    )
    theta, vector = rng.normal(size=(2, problem.parameters))
    z = (x - problem.means) * problem.inverse_scales
    z = np.column_stack([z, np.ones(n)]) if intercept else z

    def gradient(at: Any) -> Any:
        scores = z @ at.reshape(-1, k)
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p = p / p.sum(axis=1, keepdims=True) - (problem.targets[:, None] == np.arange(k))
        return (z.T @ (p * weights[:, None])).ravel() / weights.sum()

    kernel, out = loss_kernel(problem.loss), np.empty(problem.parameters)
    kernel.sharpness(*problem.whole, theta, np.arange(n), vector, out)
    numeric = (gradient(theta + 1e-5 * vector) - gradient(theta - 1e-5 * vector)) / 2e-5
    assert np.allclose(out, numeric, atol=1e-7)
    statistics, columns = np.zeros(5), np.zeros(problem.parameters)
    kernel.row_statistics(*problem.whole, theta, statistics, columns)
    diagonal = []
    for i in range(problem.parameters):
        one = np.zeros(problem.parameters)
        one[i] = 1.0
        kernel.sharpness(*problem.whole, theta, np.arange(n), one, out)
        diagonal.append(out[i])
    assert np.allclose(columns, diagonal)
    for row in range(n):
        scores = z[row] @ theta.reshape(-1, k)
        p = np.exp(scores) / np.exp(scores).sum()
        largest = np.linalg.eigvalsh(np.diag(p) - np.outer(p, p))[-1] * (z[row] @ z[row])
        assert weights[row] == 0.0 or statistics[0] >= largest * (1 - 1e-9)


# ---- classifiers


def test_text_with_three_classes_is_a_softmax_model(penguins: fallline.Run, examples: Path) -> None:
    """loss="auto" takes softmax; predictions, probabilities and scores of held-out rows come from it."""
    table, model = examples / "penguins.csv", penguins.model
    assert isinstance(model, SoftmaxModel)
    assert penguins.specification.loss == {"name": "softmax", "scores": 3}
    assert model.classes == ("Adelie", "Chinstrap", "Gentoo")
    probabilities = model.predict_proba(table)
    assert probabilities.shape == (344, 3)
    assert np.abs(probabilities.sum(axis=1) - 1.0).max() < 1e-15
    assert model.predict(table).tolist() == [model.classes[i] for i in probabilities.argmax(axis=1)]
    assert penguins.evaluation["accuracy"] > 0.95 > 0.5 > penguins.evaluation["trivial_accuracy"]
    assert model.evaluate(table)["rows"] == 344
    assert model.evaluate(table)["loss"] == pytest.approx(
        float(np.mean([-np.log(p[list(model.classes).index(s)]) for p, s in zip(probabilities, species(examples))]))
    )


def species(examples: Path) -> list[str]:
    lines = (examples / "penguins.csv").read_text(encoding="utf-8").splitlines()
    place = lines[0].split(",").index("species")
    return [line.split(",")[place] for line in lines[1:]]


def test_coefficients_are_in_the_table_s_own_units(examples: Path) -> None:
    """A row's score for a class is the class's intercept plus its raw values times the class's coefficients."""
    table = examples / "penguins.csv"
    run = fallline.fit(table, "species", only=["bill_length_mm", "body_mass_g"], epochs=50)
    model: Any = run.model
    row = {"bill_length_mm": [45.0], "body_mass_g": [4000.0]}
    absent = {name: 0.0 for name in model.schema.features if name.endswith("is missing")}
    by_hand = []
    for label in model.classes:
        coefficients = model.coefficients[label]
        assert coefficients.keys() == {"bill_length_mm", "body_mass_g", *absent}
        by_hand.append(
            model.intercept[label] + 45.0 * coefficients["bill_length_mm"] + 4000.0 * coefficients["body_mass_g"]
        )
    assert model.score(row)[0] == pytest.approx(by_hand, rel=1e-9)


def test_a_saved_model_predicts_the_same_bytes(penguins: fallline.Run, examples: Path, tmp_path: Path) -> None:
    """File and run folder give back the model; a file whose theta has another length is refused."""
    penguins.save(tmp_path / "run")
    again = fallline.load(tmp_path / "run" / "model.safetensors")
    assert isinstance(again, SoftmaxModel)
    table = examples / "penguins.csv"
    assert again.predict_proba(table).tobytes() == penguins.model.predict_proba(table).tobytes()
    assert again.coefficients == penguins.model.coefficients
    opened = fallline.open_run(tmp_path / "run")
    assert opened.at(7).theta.tobytes() == penguins.at(7).theta.tobytes()
    assert "p[Gentoo]" in str(opened.explain(3))
    again.loss = Softmax(4)
    again.save(tmp_path / "bad")
    with pytest.raises(fallline.DataError, match="damaged"):
        fallline.load(tmp_path / "bad")


def test_two_classes_by_softmax_are_the_logistic_s() -> None:
    """With two classes the difference of the two scores descends as the logistic score at twice the rate."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(80, 2))
    y = np.where(x[:, 0] + rng.normal(size=80) > 0, "yes", "no")
    options: dict[str, Any] = {"rule": "sgd", "epochs": 40, "batch_size": "full", "validation": None}
    both = fallline.fit(x, y, loss="softmax", learning_rate=0.1, **options).model
    one = fallline.fit(x, y, loss="logistic", learning_rate=0.2, **options).model
    assert np.allclose(both.predict_proba(x), one.predict_proba(x), atol=1e-12)


def test_whole_numbers_are_classes_where_softmax_is_asked_for() -> None:
    """Integers and booleans are classes for softmax; without it integers are a number."""
    x = [[float(i), float(i % 7)] for i in range(60)]
    y = [i % 3 + 5 for i in range(60)]
    run = fallline.fit(x, y, loss="softmax", epochs=5)
    assert run.model.classes == (5, 6, 7)
    assert set(run.model.predict(x).tolist()) <= {5, 6, 7}
    assert fallline.fit(x, y, epochs=5).model.classes == ()
    flags = fallline.fit({"x": range(20), "y": [i > 9 for i in range(20)]}, "y", loss="softmax", epochs=5)
    assert flags.model.classes == (False, True)


@pytest.mark.parametrize(
    ("y", "loss", "kind", "says"),
    [
        ([i / 2 for i in range(30)], "softmax", fallline.SpecificationError, "needs a target of classes"),
        (
            [f"c{i % 3}" for i in range(30)],
            Softmax(4),
            fallline.SpecificationError,
            "has 4 scores, and the target has 3",
        ),
        (list(range(150)), "softmax", fallline.DataError, "150 classes .* at most 100 are taken"),
        ([f"c{i % 3}" for i in range(30)], "squared", fallline.SpecificationError, "has 3 classes"),
    ],
)
def test_targets_that_do_not_go_with_it(y: Any, loss: Any, kind: type[Exception], says: str) -> None:
    """Fractions, another number of classes, too many classes, and classes for a loss of numbers are refused."""
    with pytest.raises(kind, match=says):
        fallline.fit({"x": [float(i) for i in range(len(y))], "y": y}, "y", loss=loss)


@pytest.mark.parametrize("scores", [1, -2, 2.5, True, "3"])
def test_the_number_of_scores_is_at_least_two(scores: Any) -> None:
    """Anything but a whole number of at least 2 is refused."""
    with pytest.raises(fallline.SpecificationError, match="at least 2"):
        Softmax(scores)
    assert LOSSES["softmax"].scores == 0


def test_species_from_the_command_line(examples: Path, call: Callable[..., Any]) -> None:
    """fit, predict and explain of three classes: a column of coefficients and of probabilities for each."""
    table = str(examples / "penguins.csv")

    def output(*words: str) -> str:
        done = call(*words)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    out = output("fit", table, "--target", "species", "--epochs", "200")
    assert "what each adds to the score of a class of species" in out
    assert "right (accuracy)" in out
    head, *rows = output("predict", "runs/penguins-species", table).splitlines()
    assert head.replace('"', "") == "prediction," + ",".join(
        f"probability_of_{name}" for name in ("Adelie", "Chinstrap", "Gentoo")
    )
    assert len(rows) == 344
    page = output("explain", "runs/penguins-species", "--step", "2", "--row", "7")
    assert "slope[Adelie] = p - 1 (its own class)" in page
    assert "intercept" in output("fit", table, "--target", "species", "--epochs", "5", "--no-record", "--json")
