"""`fallline rules`, help, and what the command costs."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from fallline import __version__
from fallline.cli import VERBS, main
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
        assert rule.paper in shown and all(option in shown for option in rule.ranges)


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    """Help lists every verb; every verb has help of its own; --version is the package's."""
    assert main([]) == 0
    listed = capsys.readouterr().out
    for verb in VERBS:
        assert verb.__name__ in listed
        assert main([verb.__name__, "--help"]) == 0
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
