"""A process that has no kernels yet begins in plain Python. Each case runs processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from fallline.compiled import early

CODE = """
import os, sys
import numpy as np
import fallline

source = np.random.default_rng({seed})

def fitted(rows, **options):
    x = source.normal(size=(rows, 4))
    run = fallline.fit(x, x @ [1.0, -2.0, 0.5, 0.0] + source.normal(size=rows), **options)
    return run.steps, run.model.theta.tobytes().hex(), run.evaluation.get("mse"), "numba" in sys.modules
"""


def printed(seed: int, code: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words that a process prints which begins so and goes on with this code."""
    monkeypatch.setenv("FALLLINE_CACHE", str(cache))
    text = CODE.format(seed=seed) + textwrap.dedent(code)
    found = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=180, check=False)
    assert found.returncode == 0, found.stderr[-3000:]
    return found.stdout.split()


@pytest.fixture
def seed(rng: object) -> int:
    return int(rng.integers(1 << 31))  # type: ignore[attr-defined]


def test_a_small_fit_compiles_nothing(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five points are fitted and judged without Numba, and no kernel is written; by kernels, and in plain Python all
    through, the bytes are the same."""
    cache = tmp_path / "cache"
    *auto, numba = printed(seed, "print(*fitted(60, epochs=20))", cache, monkeypatch)
    assert numba == "False"
    assert not cache.exists()
    *compiled, numba = printed(seed, "print(*fitted(60, epochs=20, runtime='compiled'))", cache, monkeypatch)
    assert numba == "True"
    assert any((cache / "kernels").glob("descent_*.py"))
    *plain, _ = printed(seed, "print(*fitted(60, epochs=20, runtime='plain'))", cache, monkeypatch)
    assert auto == compiled == plain


def test_a_longer_fit_goes_on_in_kernels(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fit that is too long for plain Python goes on in kernels, in the middle of a run, and with the same bytes as if
    it had begun there; and so does the next fit of that process."""
    code = "options = dict(epochs=400, batch_size=64, rule='adam')\n"
    *compiled, numba = printed(seed, code + "print(*fitted(500, runtime='compiled', **options))", tmp_path, monkeypatch)
    *auto, early_numba = printed(seed, code + "print(*fitted(500, **options))", tmp_path, monkeypatch)
    assert numba == early_numba == "True"
    assert auto == compiled


def test_a_large_table_is_compiled_for_at_once(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that is known to take longer than compiling is not begun in plain Python."""
    code = "from fallline.compiled import early\nfitted(900_000, epochs=1)\nprint(early._spent)"
    assert float(printed(seed, code, tmp_path, monkeypatch)[0]) < early.TO_COMPILE / 2


@pytest.mark.skipif(not hasattr(sys, "platform") or sys.platform == "win32", reason="needs fork")
def test_a_fork_before_there_is_a_kernel(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that forks before Numba is imported compiles in both parts; and one that forks after it, too."""
    code = """
    fitted(60, epochs=5)
    for _ in range(2):
        child = os.fork()
        if child == 0:
            print(*fitted(60, epochs=5, runtime="compiled"), flush=True)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        print(*fitted(60, epochs=5, runtime="compiled"), flush=True)
    """
    words = printed(seed, code, tmp_path, monkeypatch)
    assert words[:4] == words[4:8]
    assert words[8:12] == words[12:]
    assert words[3] == "True"


def test_a_rule_of_one_s_own_begins_with_kernels(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a rule that divides by zero plain Python would make an exception where a kernel makes an infinity: the run
    diverges, as the law has it, on a small table too."""
    (tmp_path / "mine.py").write_text(
        "from fallline.rules import rule\n\n"
        "@rule(state=['seen'])\ndef mine(g, seen, rate):\n    return rate * g / (seen * 0.0), seen\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code = """
    from mine import mine
    try:
        fitted(60, rule=mine(), learning_rate=0.1, epochs=5)
    except fallline.DivergenceError as error:
        print("diverged")
    """
    assert printed(seed, code, tmp_path / "cache", monkeypatch) == ["diverged"]


def test_a_small_fit_that_diverges_compiles_nothing(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its message names a stable rate, measured in plain Python."""
    code = """
    try:
        fitted(60, rule="sgd", learning_rate=50.0)
    except fallline.DivergenceError as error:
        print("stable" in str(error), "numba" in sys.modules)
    """
    assert printed(seed, code, tmp_path / "cache", monkeypatch) == ["True", "False"]


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="becomes another user")
def test_a_cache_that_may_not_be_read(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that another user has closed is a cache without kernels: the fit is done without it."""
    code = """
    os.environ["FALLLINE_CACHE"] = "/root/closed/cache"
    fallline.fit  # read all modules while that is allowed
    from fallline.compiled import early
    os.setuid(65534)
    print(early.allows(10_000_000, "descent_squared_descend", 1))
    """
    assert printed(seed, code, tmp_path, monkeypatch) == ["True"]


def test_the_seconds_of_a_run_are_those_of_its_steps(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kernels that are loaded or compiled before the first step, for the loss that growth is judged by, are in none of
    the run's seconds, and taken from none."""
    code = """
    x = source.normal(size=(150_000, 4))
    options = dict(rule="sgd", learning_rate=0.01, epochs=2, batch_size="full", gram=False, threads=1)
    run = fallline.fit(x, x @ [1.0, -2.0, 0.5, 0.0], **options)
    print(0.0 < run.seconds < 1.0, "numba" in sys.modules, run._descent.runtime.waited > run.seconds)
    """
    assert printed(seed, code, tmp_path, monkeypatch) == ["True"] * 3
