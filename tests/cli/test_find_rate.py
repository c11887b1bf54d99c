"""`fallline find-rate`, as a process: text where the output is no terminal, a chart where it is one, JSON."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import COMMAND, PENGUINS, Done, environment, listing

Command = Callable[..., Done]


def test_plain_text_and_json(fallline: Command, tmp_path: Path) -> None:
    """A table of rates and losses without bars or colours; --json is the same; no file is written."""
    arguments = ("find-rate", PENGUINS, "--target", "sex", "--rule", "adam")
    done = fallline(*arguments)
    assert (done.code, done.err) == (0, "")
    assert "█" not in done.out and "\x1b" not in done.out
    assert done.out.startswith("rate") and "recommended" in done.out
    data = fallline(*arguments, "--json").json
    assert f"recommended   {data['suggestion']:g}:" in done.out
    assert listing(tmp_path) == []


def test_a_chart_in_a_terminal(tmp_path: Path) -> None:
    """On a terminal the curve is bars, and the recommended rate is marked."""
    ours, theirs = pty.openpty()
    command = [str(COMMAND), "find-rate", PENGUINS, "--target", "sex"]
    child = subprocess.Popen(
        command, stdout=theirs, stderr=subprocess.PIPE, env=environment(COLUMNS="120"), cwd=tmp_path
    )
    os.close(theirs)
    text = b""
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        text += part
    os.close(ours)
    _, complaint = child.communicate()
    assert (child.returncode, complaint) == (0, b"")
    shown = text.decode()
    assert "██████" in shown and "recommended" in shown and "stable limit" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere.csv", "--target", "y"), "nowhere.csv"),
        (("{table}", "--target", "nothing"), "nothing"),
        (("{table}", "--target", "sex", "--rule", "adamm"), "--rule adamm"),
        (("{table}", "--target", "sex", "--batch-size", "0"), "--batch-size 0"),
    ],
)
def test_bad_input_is_one_line(arguments: tuple[str, ...], words: str, fallline: Command) -> None:
    """Exit code 2, one line that names what is wrong, in the words of the command line."""
    done = fallline("find-rate", *(argument.format(table=PENGUINS) for argument in arguments))
    assert (done.code, done.out) == (2, "")
    assert words in done.complaint
