"""Progress on a real terminal, and Ctrl-C by a real signal."""

from __future__ import annotations

import fcntl
import json
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import COMMAND, DIAMONDS, Done, environment, listing, write_table

ENDLESS = ("fit", "table.csv", "--target", "y", "--epochs", "1000000")
LONGEST = 180.0  # seconds; on a fresh machine the kernels are compiled first


def read_until(descriptor: int, wanted: str) -> str:
    """What comes out of a descriptor until it matches, or ends."""
    text, end = "", time.monotonic() + LONGEST
    while not re.search(wanted, text):
        ready, _, _ = select.select([descriptor], [], [], 1.0)
        assert time.monotonic() < end, text
        try:
            piece = os.read(descriptor, 65536) if ready else None
        except OSError:  # a terminal whose other side is closed
            break
        if piece == b"":
            break
        text += (piece or b"").decode(errors="replace")
    return text


def test_progress_on_a_terminal_and_ctrl_c(tmp_path: Path, fallline: Callable[..., Done]) -> None:
    """On a terminal one line shows loss, rate, speed and time left; Ctrl-C keeps a run and model that predict."""
    write_table(tmp_path / "table.csv", 5000)
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    with subprocess.Popen(
        [COMMAND, *ENDLESS], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=slave, encoding="utf-8"
    ) as process:
        os.close(slave)
        shown = read_until(master, r"rows/s")
        process.send_signal(signal.SIGINT)
        shown += read_until(master, r"interrupted after step")
        assert process.stdout is not None
        out = process.stdout.read()
        code = process.wait(60)
    os.close(master)
    assert code == 130
    assert re.search(r"loss [\d,.]+  rate [\d.e-]+  epoch [\d,]+ of [\d,]+  [\d.,]+ (million )?rows/s  .* left", shown)
    assert "\x1b[" in shown and "\x1b" not in out
    assert "runs/table-y" in shown and "Traceback" not in shown
    assert "Interrupted: this is as far as it came" in out
    assert listing(tmp_path) == [
        "runs",
        "runs/table-y",
        "runs/table-y/model.safetensors",
        "runs/table-y/spec.json",
        "table.csv",
    ]
    predicted = fallline("predict", "runs/table-y", "table.csv")
    assert predicted.code == 0 and len(predicted.out.splitlines()) == 5001


def test_ctrl_c_with_json(tmp_path: Path) -> None:
    """Without a terminal Ctrl-C ends with the JSON object of the run so far, a plain line, and exit 130."""
    write_table(tmp_path / "table.csv", 5000)
    arguments = [COMMAND, *ENDLESS, "--json", "--no-record", "--output", "model"]
    with subprocess.Popen(
        arguments, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        said = read_until(process.stderr.fileno(), r"rate .*\n")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    found = json.loads(out)
    assert (found["stop"], found["run"], found["model"]) == ("interrupted", None, "model") and found["steps"] > 0
    said += err.decode()
    assert "\x1b" not in said and all(line.startswith("fallline: ") for line in said.splitlines())
    assert said.splitlines()[-1].startswith("fallline: interrupted after step")
    assert listing(tmp_path) == ["model", "table.csv"]


@pytest.mark.parametrize("share", [0.8, 1.5, 2.5])
def test_ctrl_c_before_training(tmp_path: Path, share: float) -> None:
    """Ctrl-C while libraries are loaded and the table is read is one line, exit 130, and nothing is left behind.

    It comes at shares of the time that the shortest command takes here, and never before Python itself has started.
    """
    started = time.perf_counter()
    subprocess.run([COMMAND, "--version"], check=True, capture_output=True)
    wait = share * (time.perf_counter() - started)
    with subprocess.Popen(
        [COMMAND, "fit", DIAMONDS, "--target", "price", "--epochs", "1000000"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        done = Done(0, *process.communicate(timeout=60))
    assert process.returncode == 130
    if "fitting" not in done.err:  # on a machine so fast that training has begun, the run is kept as ever
        assert done.out == "" and done.complaint == "fallline: interrupted; nothing was saved"
        assert listing(tmp_path) == []


def test_reader_that_has_seen_enough(tmp_path: Path) -> None:
    """A closed pipe, as behind `head`, ends the command without a word."""
    with subprocess.Popen(
        [COMMAND, "rules", "adam"], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
