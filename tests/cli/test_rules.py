"""`fallline rules`, help, and what the command costs."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from fallline import __version__
from fallline.cli import VERBS, main, name_of
from fallline.rules import RULES


def test_every_rule_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    """For every rule: the list has its formula; NAME shows hyper-parameters, the function's own text and the paper."""
    assert main(["rules"]) == 0
    listed = capsys.readouterr().out
    for name, rule in RULES.items():
        assert all(part.strip() in listed for part in rule.formula.split(";"))
        assert main(["rules", name]) == 0
        shown = capsys.readouterr().out
        for line in inspect.getsource(rule.step).splitlines():
            assert line.strip() in shown
        assert all(f"  {library} " in shown for library in rule.conventions)
        assert rule.paper in shown and all(option in shown for option in rule.ranges)


def test_a_rule_from_a_file_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """MODULE:NAME shows a rule of the current folder: its own words, numbers and text."""
    text = '''from fallline.rules import rule

@rule(state=["m"], beta=0.75)
def wanderer(g, m, rate, beta):
    """Goes where it went before."""
    m = beta * m + g
    return rate * m, m
'''
    (tmp_path / "wandering.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["rules", "wandering:wanderer"]) == 0
    shown = capsys.readouterr().out
    assert "Goes where it went before." in shown and "m = beta * m + g" in shown and "0.75" in shown


def test_a_rule_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown name is wrong usage, and the list is named; another name of a rule is that rule."""
    assert main(["rules", "adamm"]) == 2
    assert "unknown: use one of sgd" in capsys.readouterr().err
    assert main(["rules", "heavy_ball"]) == 0
    assert capsys.readouterr().out.startswith("momentum")


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    """Help lists every verb; every verb has help of its own; --version is the package's."""
    assert main([]) == 0
    listed = capsys.readouterr().out
    for verb in VERBS:
        assert name_of(verb) in listed
        assert main([name_of(verb), "--help"]) == 0
        assert "Usage: fallline" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"fallline {__version__}\n"


def test_light_start() -> None:
    """Help and the rules load neither numba nor pyarrow nor numpy."""
    program = (
        "import sys; from fallline.cli import main; main(['--help']); main(['fit', '--help']); main(['rules', 'adam']);"
        "print('loaded:', [name for name in ('numba', 'pyarrow', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.endswith("loaded: []\n") and done.stderr == ""
