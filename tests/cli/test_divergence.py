"""A descent that goes up."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from .conftest import DIAMONDS, LINE, Done, listing

Fallline = Callable[..., Done]
TOO_FAST = ("fit", LINE, "--target", "y", "--rule", "sgd", "--scale", "none", "--learning-rate", "0.3")


def test_divergence_is_told_and_kept(fallline: Fallline, tmp_path: Path) -> None:
    """Exit 1 with step, rate, limit and advice in one line; the run can be explained, and its model refuses."""
    done = fallline(*TOO_FAST, "--output", "model")
    last = done.err.splitlines()[-1]
    assert (done.code, done.out) == (1, "")
    assert "diverged at step" in last and "learning rate 0.3" in last and "stable only below" in last
    assert "To mend it" in last and "Traceback" not in done.err
    command = last.rpartition("fallline ")[2].split()
    assert command[:3] == ["explain", "runs/line-y", "--step"]
    assert fallline(*command).out.startswith(f"Step {int(command[3]):,}")
    refused = fallline("predict", "runs/line-y", LINE, "--output", "p.csv")
    assert (refused.code, refused.out) == (1, "") and "diverged" in refused.complaint
    assert not {"model", "p.csv"} & set(listing(tmp_path))


def test_divergence_as_json(fallline: Fallline) -> None:
    """With --json stdout has an object whose stop is "diverged" and whose error is the line."""
    done = fallline(*TOO_FAST, "--json", "--no-record")
    found = json.loads(done.out)
    assert (done.code, found["stop"], found["run"], found["evaluation"]) == (1, "diverged", None, {})
    assert found["error"] == done.err.splitlines()[-1].removeprefix("fallline: ")


def test_advice_speaks_the_command_line(fallline: Fallline, tmp_path: Path) -> None:
    """Where scaling would help, the advice names the option as it is written here."""
    rows = "\n".join(f"{i * 1e6},{i % 7},{i % 3}" for i in range(100))
    (tmp_path / "t.csv").write_text(f"large,small,y\n{rows}\n", encoding="utf-8")
    done = fallline("fit", "t.csv", "--target", "y", "--scale", "none", "--learning-rate", "0.1", "--no-record")
    assert done.code == 1
    assert "column 'large'" in done.err and "use --scale standard (the default)" in done.err
    assert "fallline explain" not in done.err  # nothing was kept


def test_diamonds_unscaled_at_a_wild_rate(fallline: Fallline) -> None:
    """A real table diverges in the same words."""
    done = fallline("fit", DIAMONDS, "--target", "price", "--scale", "none", "--learning-rate", "1", "--no-record")
    assert done.code == 1 and "diverged at step" in done.err and "Traceback" not in done.err
