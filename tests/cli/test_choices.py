"""`fallline fit --option` and `--schedule-option`: a rule's and a schedule's own numbers, on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fallline.cli import main


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("x,y\n1,5\n2,7\n3,9.5\n4,11\n5,13\n", encoding="utf-8")
    return "t.csv"


def descent(line: str, *words: str) -> dict[str, Any]:
    """The descent's part of the specification that a fit with these words records."""
    assert main(["fit", line, "-t", "y", "--epochs", "20", "--record", "r", *words]) == 0
    found: dict[str, Any] = json.loads(Path("r/spec.json").read_text(encoding="utf-8"))["descent"]
    return found


def test_a_rule_s_hyper_parameters(line: str) -> None:
    """Numbers, switches and a convention reach the rule; the rate is measured unless it is given."""
    words = ("--rule", "sgd", "--option", "momentum=0.5", "--option", "nesterov=true")
    rule = descent(line, *words)["rule"]
    assert (rule["momentum"], rule["nesterov"]) == (0.5, True)
    assert rule["learning_rate"] > 0


def test_a_rule_s_convention_and_rate(line: str) -> None:
    """An option given wins over the convention, and --learning-rate over both."""
    words = ("--rule", "rmsprop", "--option", "convention=keras", "--option", "decay=0.8", "--learning-rate", "0.02")
    rule = descent(line, *words)["rule"]
    assert (rule["epsilon_inside"], rule["decay"], rule["learning_rate"]) == (True, 0.8, 0.02)


def test_a_rule_that_has_a_rate_of_its_own(line: str) -> None:
    """--learning-rate is the rate that is meant, though DoG has one by default."""
    found = descent(line, "--rule", "dog", "--option", "epsilon=1e-6", "--learning-rate", "0.5")
    assert (found["rule"]["learning_rate"], found["learning_rate"]) == (0.5, 0.5)


def test_a_schedule_s_options(line: str) -> None:
    """Lists and numbers reach the schedule."""
    words = ("--schedule", "milestones", "--schedule-option", "steps=3,10", "--schedule-option", "gamma=0.5")
    from fallline.schedules import Milestones

    option = next(name for name in Milestones.ranges if name != "gamma")
    found = descent(line, *(word.replace("steps=", f"{option}=") for word in words))["schedule"]
    assert (found["name"], found[option], found["gamma"]) == ("milestones", [3, 10], 0.5)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--option", "momentum=0.9"), "name the rule with --rule"),
        (("--schedule-option", "patience=3"), "name the schedule with --schedule"),
        (
            ("--rule", "adam", "--option", "momentum=0.9"),
            "adam has no hyper-parameter 'momentum': it has learning_rate",
        ),
        (("--rule", "sgd", "--option", "momentum=2"), "it must be at least 0 and below 1"),
        (("--rule", "sgd", "--option", "momentum"), "write NAME=VALUE"),
        (("--rule", "sgd", "--option", "momentum=0.1", "--option", "momentum=0.2"), "given twice"),
        (("--rule", "sgd", "--option", "convention=river"), "is not known for sgd: use torch"),
        (("--rule", "sgdd", "--option", "momentum=0.1"), "is unknown: use one of"),
        (("--schedule", "cosine", "--schedule-option", "speed=3"), "cosine has no option 'speed'"),
        (("--schedule", "cosin", "--schedule-option", "end=0.5"), "is unknown: use one of"),
    ],
)
def test_what_cannot_be_is_one_line(
    words: tuple[str, ...], said: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, one line on stderr, and nothing recorded."""
    assert main(["fit", line, "-t", "y", *words]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
    assert not Path("runs").exists()
