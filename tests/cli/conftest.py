"""Runs the installed command as a user does: a real process, in an empty folder."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

COMMAND = Path(sys.executable).with_name("fallline")
EXAMPLES = Path(__file__).parents[2] / "examples"
LINE = str(EXAMPLES / "line.csv")
DIAMONDS = str(EXAMPLES / "diamonds.csv")
PENGUINS = str(EXAMPLES / "penguins.csv")
PLAIN_LINE = (
    *("fit", LINE, "--target", "y", "--rule", "sgd", "--learning-rate", "0.01", "--batch-size", "full"),
    *("--epochs", "1000", "--validation", "none", "--scale", "none"),
)


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one line on stderr."""
        lines = self.err.splitlines()
        assert len(lines) == 1 and lines[0].startswith("fallline: "), self.err
        return lines[0]


def environment(**more: str) -> dict[str, str]:
    """This process's, without what would colour or narrow the output."""
    kept = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "COLUMNS", "NO_COLOR")}
    return {**kept, "TERM": "xterm-256color", **more}


def fallline_in(folder: Path) -> Callable[..., Done]:
    def run(*arguments: object) -> Done:
        done = subprocess.run(
            [COMMAND, *map(str, arguments)],
            cwd=folder,
            env=environment(),
            check=False,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def fallline(tmp_path: Path) -> Callable[..., Done]:
    """Runs `fallline ARGUMENTS` in tmp_path."""
    return fallline_in(tmp_path)


@pytest.fixture(scope="session")
def line_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the five points were fitted, with the options of the README; runs/line-y is in it."""
    folder = tmp_path_factory.mktemp("line")
    assert fallline_in(folder)(*PLAIN_LINE).code == 0
    return folder


def write_table(path: Path, rows: int) -> Path:
    """A table whose y is 2 a - b + c and noise."""
    source = random.Random(1)
    lines = ["a,b,c,y"]
    for _ in range(rows):
        a, b, c = source.random(), source.gauss(0, 1), source.randint(0, 9)
        lines.append(f"{a},{b},{c},{2 * a - b + c + source.gauss(0, 1)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def listing(folder: Path) -> list[str]:
    """Everything in a folder, hidden files too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
