"""A loss from outside: made by the decorator, held to the law, used everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fallline
from fallline.allowed import POSITIVE
from fallline.insight.check_loss import check_bytes, check_functions, check_slopes
from fallline.losses import LOSSES, Loss, loss, loss_named
from fallline.losses.custom import CUSTOM
from fallline.scalar import exp, log, sqrt
from fallline.testing import check_loss

ONE_SCORE = [entry for entry in LOSSES.values() if not entry.many]


def pseudo_second(score, target, delta):
    ratio = (score - target) / delta
    root = sqrt(1.0 + ratio * ratio)
    return 1.0 / (root * (1.0 + ratio * ratio))


def pseudo_bound(score, target, delta):
    ratio = (score - target) / delta
    return 1.0 / sqrt(1.0 + ratio * ratio)


@loss(delta=1.0, second=pseudo_second, bound=pseudo_bound, ranges={"delta": POSITIVE})
def pseudo_huber(score, target, delta):
    """delta² (sqrt(1 + (residual / delta)²) - 1)."""
    ratio = (score - target) / delta
    root = sqrt(1.0 + ratio * ratio)
    return delta * delta * (root - 1.0), (score - target) / root


@loss(classes=True)
def exponential(score, target):
    side = 2.0 * target - 1.0
    e = exp(-side * score)
    return e, -side * e


@loss(inverse_link=exp, link=log, domain=POSITIVE)
def log_squared(score, target):
    residual = exp(score) - target
    return residual * residual, 2.0 * residual * exp(score)


@loss()
def divides(score, target):
    return score / target, 1.0 / target


@loss()
def one_number(score, target):
    return score - target


@loss()
def wrong_slope(score, target):
    residual = score - target
    return residual * residual, residual


@loss(second=lambda score, target: 1.0)
def wrong_second(score, target):
    residual = score - target
    return residual * residual, 2.0 * residual


WORDS = ["a", "b"]


@loss()
def counts(score, target):
    residual = score - target
    return residual * residual * WORDS.count("a"), 2.0 * residual


@pytest.mark.parametrize("entry", ONE_SCORE, ids=lambda entry: entry.name)
def test_the_functions_of_every_loss_are_right(entry: Loss) -> None:
    """Every loss in the list is total, has the slopes that it should, and the same bytes in NumPy and compiled."""
    check_functions(entry)
    check_slopes(entry, np.random.SeedSequence().entropy % 2**32)  # type: ignore[operator]
    check_bytes(entry)


@pytest.mark.parametrize("kind", [LOSSES["huber"], LOSSES["poisson"], pseudo_huber, exponential, log_squared])
def test_losses_that_keep_the_law_pass(kind: Any) -> None:
    """Losses from the list and from outside pass the public law tests."""
    check_loss(kind)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (divides, "raises ZeroDivisionError in row at score=0.0, target=0.0: guard the denominator"),
        (one_number, "a value and a slope is expected"),
        (wrong_slope, "its slope is .*, and by differences it is"),
        (wrong_second, "its second derivative is 1, and by differences it is 2"),
        (counts, "cannot be compiled|only functions and numbers"),
        (LOSSES["softmax"], "several scores"),
    ],
)
def test_losses_that_break_the_law_are_told_how(kind: Any, words: str) -> None:
    """A division by zero, a missing slope, a wrong derivative, and what cannot be compiled are each named."""
    with pytest.raises(fallline.SpecificationError, match=words):
        check_loss(kind)


@pytest.mark.parametrize("kind", [pseudo_huber, pseudo_huber(delta=0.5), "pseudo_huber", exponential, log_squared])
def test_fit_takes_it_in_every_form(kind: Any, rng: np.random.Generator) -> None:
    """By its class, an object with options, its name: both runtimes end on the same bytes; explain shows its lines."""
    x = rng.normal(size=(120, 2))
    y: Any = np.exp(0.4 * x[:, 0] + 0.1 * rng.normal(size=120))
    y = np.where(y > 1.0, "b", "a") if kind is exponential else y
    options: dict[str, Any] = {"loss": kind, "epochs": 15, "rule": "sgd", "validation": None}
    runs = [fallline.fit(x, y, runtime=runtime, **options) for runtime in ("plain", "compiled")]
    assert runs[0].model.theta.tobytes() == runs[1].model.theta.tobytes()
    lines = str(runs[1].explain(2, row=5))
    assert ("ratio" if "pseudo" in str(kind) else "e = exp" if kind is exponential else "residual") in lines
    assert runs[1].specification.loss["module"] == __name__


def test_a_second_derivative_may_be_left_out(examples: Path) -> None:
    """Without one, the automatic learning rate still ends near the optimum of the same loss with one."""
    bare = loss(delta=1.0, name="bare_pseudo_huber")(pseudo_huber.row)
    table = {"target": "body_mass_g", "seed": 3}
    ours = fallline.fit(examples / "penguins.csv", loss=bare(delta=300.0), **table)
    theirs = fallline.fit(examples / "penguins.csv", loss=pseudo_huber(delta=300.0), **table)
    assert ours.evaluation["loss"] == pytest.approx(theirs.evaluation["loss"], rel=0.02)


def test_what_has_no_meaning_is_refused() -> None:
    """Arguments in the wrong order, without a default, or missing, and unknown options, are SpecificationErrors."""
    with pytest.raises(fallline.SpecificationError, match="must begin with score, target"):
        loss()(lambda target, score: (score, target))
    with pytest.raises(fallline.SpecificationError, match="'speed' has no meaning"):
        loss()(lambda score, target, speed: (score, target))
    with pytest.raises(fallline.SpecificationError, match="'speed' is no argument"):
        loss(speed=1.0)(lambda score, target: (score, target))
    with pytest.raises(fallline.SpecificationError, match="must take the same arguments"):
        loss(second=pseudo_second)(lambda score, target: (score, target))
    with pytest.raises(fallline.SpecificationError, match="is the name of one of Fallline's losses"):
        loss(name="huber")(lambda score, target: (score, target))
    with pytest.raises(fallline.SpecificationError, match="has no option 'speed'"):
        pseudo_huber(speed=1.0)
    with pytest.raises(fallline.SpecificationError, match="above 0"):
        pseudo_huber(delta=-1.0)
    assert loss_named("pseudo_huber", delta=0.5).numbers == (0.5,)


def test_a_model_whose_loss_is_not_there_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Model file and run folder keep the loss's name, options and module; without the module they say what to do."""
    run = fallline.fit({"x": [1.0, 2.0, 3.0], "y": [1.0, 2.5, 3.0]}, "y", loss=pseudo_huber(delta=0.5), epochs=3)
    run.save(tmp_path / "run")
    path = tmp_path / "run" / "model.safetensors"
    assert fallline.load(path).loss == pseudo_huber(delta=0.5)
    monkeypatch.delitem(CUSTOM, "pseudo_huber")
    words = f"its loss 'pseudo_huber' was defined in the module '{__name__}', which has not been imported"
    with pytest.raises(fallline.DataError, match=words) as caught:
        fallline.load(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(fallline.RunError, match=words):
        fallline.open_run(tmp_path / "run")


def test_the_command_line_takes_a_loss_from_a_file(tmp_path: Path, examples: Path, call: Callable[..., Any]) -> None:
    """--loss MODULE:NAME works for fit, predict and explain, with its options; without it, or for what is no loss, one
    line says what is wrong."""
    source = Path(__file__).read_text(encoding="utf-8")
    start = source.index("def pseudo_second")
    head = "from fallline.losses import loss\nfrom fallline.allowed import POSITIVE\n"
    head += "from fallline.scalar import sqrt\n\n\n"
    (tmp_path / "mine.py").write_text(head + source[start : source.index("@loss(classes=True)")])
    table = str(examples / "line.csv")
    own = ("--loss", "mine:pseudo_huber")
    done = call("fit", table, "--target", "y", *own, "--loss-option", "delta=2", "--epochs", "5")
    assert done.returncode == 0, done.stderr
    assert call("predict", "runs/line-y", table, *own).returncode == 0
    assert "ratio" in call("explain", "runs/line-y", "--step", "2", "--row", "1", *own).stdout
    for words in (("predict", "runs/line-y", table), ("explain", "runs/line-y", "--step", "2")):
        done = call(*words)
        assert done.returncode in (1, 2) and "--loss mine:pseudo_huber" in done.stderr and done.stderr.count("\n") == 1
    done = call("fit", table, "--target", "y", "--loss", "pathlib:Path")
    assert (done.returncode, "is no loss" in done.stderr) == (2, True)
    done = call("fit", table, "--target", "y", *own, "--loss-option", "delta")
    assert (done.returncode, "write NAME=VALUE" in done.stderr) == (2, True)
    done = call("fit", table, "--target", "y", *own, "--loss-option", "delta=small")
    assert (done.returncode, "it must be a finite number above 0" in done.stderr) == (2, True)
