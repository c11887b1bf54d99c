"""A rule from outside: made by the decorator, held to the law, used everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fallline
from fallline.rules import RULES, Rule, rule, rule_named
from fallline.scalar import sqrt
from fallline.testing import check_rule


@rule(state=["v"], decay=0.99, epsilon=1e-8)
def twin(g, v, rate, decay, epsilon):
    """RMSProp once more."""
    v = decay * v + (1.0 - decay) * g * g
    return rate * g / (sqrt(v) + epsilon), v


@rule(state=["m"], beta=0.5)
def corrected(g, theta, m, rate, k, beta, beta_power):
    m = beta * m + (1.0 - beta) * g
    return rate * m / (1.0 - beta_power) + 1e-3 * rate * theta / k, m


@rule()
def divides(g, rate):
    return rate / g


@rule(state=["v", "m", "b"])
def divides_late(g, v, m, b, rate):
    return rate * g, m / (1.0 + abs(b)), g, g / abs(v - 1.0)


def no_scale(v, rate):
    return rate / v


@rule(state=["v"], scale=no_scale)
def bad_scale(g, v, rate):
    return rate * g, v + 1.0


@rule(state=["v"])
def forgets(g, v, rate):
    return rate * g


WORDS = ["a", "b"]


@rule()
def counts(g, rate):
    return rate * WORDS.count("a")


SOME = ("sgd", "adam", "dog", "schedule_free_sgd")  # of each kind one; each rule compiles kernels of its own here


@pytest.mark.parametrize(
    "kind",
    [
        *(pytest.param(kind, marks=() if name in SOME else pytest.mark.slow) for name, kind in RULES.items()),
        twin,
        corrected,
    ],
    ids=lambda kind: kind.name,
)
def test_rules_that_keep_the_law_pass(kind: type[Rule]) -> None:
    """Every rule in the list passes the public law tests, and so do two from outside."""
    check_rule(kind)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (divides, "raises ZeroDivisionError for g=0.0"),
        (divides_late, "raises ZeroDivisionError for g="),
        (bad_scale, "raises ZeroDivisionError for g="),
        (forgets, "returns 1 values"),
        (counts, "cannot be compiled"),
    ],
)
def test_rules_that_break_the_law_are_told_how(kind: type[Rule], words: str) -> None:
    """A division by zero, a forgotten state, and what cannot be compiled are each named."""
    with pytest.raises(fallline.SpecificationError, match=words):
        check_rule(kind)


def test_a_twin_has_the_bytes_of_the_rule_it_copies(examples: Path) -> None:
    """A user's function with RMSProp's text gives RMSProp's bytes, through fit and in plain Python."""
    options = {"target": "sex", "learning_rate": 0.01, "epochs": 20}
    ours = fallline.fit(examples / "penguins.csv", rule="rmsprop", **options)
    theirs = fallline.fit(examples / "penguins.csv", rule=twin(), **options)
    plain = fallline.fit(examples / "penguins.csv", rule=twin(), runtime="plain", **options)
    assert ours.model.theta.tobytes() == theirs.model.theta.tobytes() == plain.model.theta.tobytes()
    assert "decay * v" in str(theirs.explain(3))


def test_numbers_are_what_their_names_say() -> None:
    """k counts from 1 and beta_power is beta to the power k."""
    made = corrected(learning_rate=0.1, beta=0.25)
    carry = made.start_carry()
    for k in (1, 2, 3):
        numbers, carry = made.numbers(k, 0.1, carry)
        assert numbers == (0.1, float(k), 0.25, 0.25**k)


def test_what_has_no_meaning_is_refused() -> None:
    """Arguments in the wrong order or without a default, and unknown options, are SpecificationErrors."""
    with pytest.raises(fallline.SpecificationError, match="must begin with g, v"):
        rule(state=["v"])(lambda v, g, rate: (g, v))
    with pytest.raises(fallline.SpecificationError, match="'speed' has no meaning"):
        rule()(lambda g, rate, speed: g)
    with pytest.raises(fallline.SpecificationError, match="no hyper-parameter 'speed'"):
        twin(speed=1.0)
    assert rule_named("twin", decay=0.5).decay == 0.5  # type: ignore[attr-defined]


def test_the_command_line_takes_a_rule_from_a_file(tmp_path: Path, examples: Path, call: Callable[..., Any]) -> None:
    """--rule MODULE:NAME imports a rule from the current folder, and explain does too; what is no rule is refused."""
    source = Path(__file__).read_text(encoding="utf-8")
    head = "from fallline.rules import rule\nfrom fallline.scalar import sqrt\n\n\n"
    start = source.index('@rule(state=["v"], decay')
    (tmp_path / "mine.py").write_text(head + source[start : source.index("@rule(state=[", start + 5)])
    done = call("fit", str(examples / "line.csv"), "--target", "y", "--rule", "mine:twin", "--epochs", "5")
    assert done.returncode == 0, done.stderr
    done = call("explain", "runs/line-y", "--step", "2", "--rule", "mine:twin")
    assert "decay * v" in done.stdout
    assert call("explain", "runs/line-y", "--step", "2").returncode == 1
    done = call("fit", str(examples / "line.csv"), "--target", "y", "--rule", "pathlib:Path")
    assert (done.returncode, "is no rule" in done.stderr) == (2, True)
