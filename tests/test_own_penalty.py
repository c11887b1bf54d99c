"""A penalty from outside: made by the decorator, held to the law, used everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fallline
from fallline.penalties import L1, L2, NonNegative, Penalty, penalty, penalty_named
from fallline.scalar import maximum, minimum
from fallline.testing import check_penalty


def twin_slope(w, strength):
    return strength * w


@penalty(slope=twin_slope, strength=0.1)
def twin(w, strength):
    """L2 once more."""
    return 0.5 * strength * w * w


def shrink(w, scale, l1, l2):
    threshold = scale * l1
    return w - minimum(maximum(w, -threshold), threshold)


def pull(w, l1, l2):
    return l2 * w


@penalty(slope=pull, prox=shrink, l1=0.1, l2=0.2)
def both(w, l1, l2):
    return l1 * abs(w) + 0.5 * l2 * w * w


def at_most_1(w, scale):
    return minimum(w, 1.0)


@penalty(prox=at_most_1, bounds=True)
def capped(w):
    return 0.0


def divides(w, strength):
    return strength / w


def too_steep(w, strength):
    return 2.0 * strength * w


def too_far(w, scale, strength):
    return w - minimum(maximum(w, -2.0 * scale * strength), 2.0 * scale * strength)


def not_onto(w, scale, strength):
    return 0.5 * w


WORDS = ["a", "b"]


def counts(w, strength):
    return strength * w * WORDS.count("a")


def quadratic(w, strength):
    return 0.5 * strength * w * w


def absolute(w, strength):
    return strength * abs(w)


@pytest.mark.parametrize("kind", [twin, both, L1, NonNegative], ids=lambda kind: kind.name)
def test_penalties_that_keep_the_law_pass(kind: type[Penalty]):
    """Two of the list pass the public law tests, and two from outside."""
    check_penalty(kind)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (penalty(name="p1", slope=divides, strength=0.1)(quadratic), "divides raises ZeroDivisionError for w=0.0"),
        (penalty(name="p2", slope=too_steep, strength=0.1)(quadratic), "slope is not the derivative of value"),
        (penalty(name="p3", prox=too_far, strength=0.1)(absolute), "is better"),
        (penalty(name="p4", prox=not_onto, bounds=True, strength=0.1)(absolute), "is no projection"),
        (penalty(name="p5", slope=counts, strength=0.1)(quadratic), "cannot be compiled"),
    ],
)
def test_penalties_that_break_the_law_are_told_how(made: type[Penalty], words: str):
    """A division by zero, a wrong slope, prox or projection, and what cannot be compiled are each named."""
    with pytest.raises(fallline.SpecificationError, match=words):
        check_penalty(made)


def test_a_twin_has_the_bytes_of_the_penalty_it_copies(examples: Path):
    """A user's function with L2's arithmetic gives L2's bytes, and its lines in explain; bounds go with every rule."""
    options = {"target": "sex", "learning_rate": 0.01, "epochs": 5, "runtime": "plain"}
    ours = fallline.fit(examples / "penguins.csv", penalty=L2(0.3), **options)
    theirs = fallline.fit(examples / "penguins.csv", penalty=twin(strength=0.3), **options)
    assert ours.model.theta.tobytes() == theirs.model.theta.tobytes()
    assert "twin: slope = strength * w" in str(theirs.explain(3))
    fallline.fit(examples / "penguins.csv", penalty=capped(), rule="lion", **options)
    with pytest.raises(fallline.SpecificationError, match="both does not go with rule lion"):
        fallline.fit(examples / "penguins.csv", penalty=both(), rule="lion", **options)


def test_what_has_no_meaning_is_refused():
    """Arguments in the wrong order, a penalty that does nothing, and unknown options are SpecificationErrors."""
    with pytest.raises(fallline.SpecificationError, match="its arguments must be w, strength"):
        penalty(slope=divides, strength=0.1)(lambda strength, w: 0.0)
    with pytest.raises(fallline.SpecificationError, match="its arguments must be w, scale, strength"):
        penalty(prox=divides, strength=0.1)(absolute)
    with pytest.raises(fallline.SpecificationError, match="give slope= or prox="):
        penalty(strength=0.1)(absolute)
    with pytest.raises(fallline.SpecificationError, match="no option 'speed'"):
        twin(speed=1.0)
    assert penalty_named("twin", strength=0.5) == twin(strength=0.5)
    assert repr(twin(strength=0.5)) == "twin(strength=0.5)"


def test_the_command_line_takes_a_penalty_from_a_file(tmp_path: Path, examples: Path, call: Callable[..., Any]):
    """--penalty MODULE:NAME imports a penalty from the current folder, and explain does too."""
    (tmp_path / "mine.py").write_text(
        "from fallline.penalties import penalty\n\n\n"
        "def pull(w, strength):\n    return strength * w\n\n\n"
        "@penalty(slope=pull, strength=0.1)\ndef soft(w, strength):\n    return 0.5 * strength * w * w\n"
    )
    done = call("fit", str(examples / "line.csv"), "--target", "y", "--penalty", "mine:soft,box", "--upper", "1")
    assert done.returncode == 0, done.stderr
    done = call("explain", "runs/line-y", "--step", "2", "--penalty", "mine:soft")
    assert "soft: slope = strength * w" in done.stdout
    assert "box: w = " in done.stdout
    assert call("explain", "runs/line-y", "--step", "2").returncode == 1
    done = call("fit", str(examples / "line.csv"), "--target", "y", "--penalty", "pathlib:Path")
    assert (done.returncode, "is no penalty" in done.stderr) == (2, True)
