"""The cache of compiled kernels: never stale, never in the way. Each case runs processes of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import fallline

CODE = """
import logging, sys
import numpy as np
import fallline
logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
source = np.random.default_rng({seed})
X = source.normal(size=(2_000, 5))
Y = X @ source.normal(size=5) + source.normal(size=2_000)

def fitted(rule="sgd", **options):
    options = {{"learning_rate": 0.01, "batch_size": 64, "epochs": 2, "runtime": "compiled", **options}}
    return fallline.fit(X, Y, rule=rule, **options).model.theta.tobytes().hex()
"""
RULE = """
from fallline.rules import rule
from helper import tame

@rule(state=["velocity"])
def mine(g, velocity, rate):
    velocity = 0.9 * velocity + tame(g)
    return rate * velocity, velocity
"""


def start(seed: int, code: str, cache: Path | str, folder: Path, **variables: str) -> subprocess.Popen[str]:
    text = CODE.format(seed=seed) + textwrap.dedent(code)
    environment = {**os.environ, "FALLLINE_CACHE": str(cache), "PYTHONDONTWRITEBYTECODE": "1", **variables}
    return subprocess.Popen(
        [sys.executable, "-c", text],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[str, bool]:
    """What it printed, and whether it said that it compiled."""
    out, said = process.communicate(timeout=180)
    assert process.returncode == 0, said[-3000:]
    return out.strip(), "compiling kernels" in said


@pytest.fixture
def seed(rng: object) -> int:
    return int(rng.integers(1 << 31))  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    """A folder of kernels for `fitted()`, which tests copy; a seed, and the bytes that it gives."""
    folder, seed = tmp_path_factory.mktemp("filled"), secrets.randbits(31)
    print("seed", seed)
    return folder / "cache", seed, ended(start(seed, "print(fitted())", folder / "cache", folder))[0]


def test_the_first_process_says_that_it_compiles_and_later_ones_load(seed: int, tmp_path: Path) -> None:
    """The first process with a cache says that it compiles; the second does not compile, and finds the same bytes."""
    first = ended(start(seed, "print(fitted())", tmp_path / "cache", tmp_path))
    second = ended(start(seed, "print(fitted())", tmp_path / "cache", tmp_path))
    assert (first[1], second[1]) == (True, False)
    assert first[0] == second[0]


def test_kernels_with_functions_in_common_are_loaded_one_without_the_other(seed: int, tmp_path: Path) -> None:
    """A process makes two kernels, which share most of their functions; one that needs only the second loads it."""
    both, compiled = ended(start(seed, "print(fitted(), fitted('momentum'))", tmp_path / "cache", tmp_path))
    second, again = ended(start(seed, "print(fitted('momentum'))", tmp_path / "cache", tmp_path))
    assert (compiled, again) == (True, False)
    assert both.split()[1] == second


def test_an_edited_rule_is_seen(seed: int, tmp_path: Path) -> None:
    """A rule that is edited between two processes, or a function in another file that it calls, gives the new result:
    that of the plain runtime, which compiles nothing."""
    code = "from mine import mine\nprint(fitted(mine()), fitted(mine(), runtime='plain'))"
    versions = ((RULE, "1.0"), (RULE, "0.5"), (RULE.replace("0.9", "0.8"), "0.5"))
    found = []
    for rule, factor in versions:
        (tmp_path / "mine.py").write_text(rule, encoding="utf-8")
        (tmp_path / "helper.py").write_text(f"def tame(g):\n    return {factor} * g\n", encoding="utf-8")
        out, _ = ended(start(seed, code, tmp_path / "cache", tmp_path))
        compiled, plain = out.split()
        assert compiled == plain
        found.append(compiled)
    assert len(set(found)) == 3


def test_an_edited_file_of_fallline_is_seen(seed: int, tmp_path: Path) -> None:
    """The files that say what a kernel's pieces are lowered to, and how they are put together, are part of its name."""
    package = tmp_path / "source" / "fallline"
    shutil.copytree(Path(fallline.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    found = []
    for file in (None, None, "vectors.py", "room.py", "primitives.py", "pasted.py"):
        if file is not None:
            edited = package / "compiled" / file
            edited.write_text(edited.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
        code = "print(fallline.__file__, fitted())"
        found.append(ended(start(seed, code, tmp_path / "cache", tmp_path, PYTHONPATH=str(package.parent))))
    assert [compiled for _, compiled in found] == [True, False, True, True, True, True]
    assert len({out for out, _ in found}) == 1 and str(package) in found[0][0]


@pytest.mark.parametrize("cache", ["/proc/none", "/dev/null/none"])
def test_a_folder_that_cannot_be_written(cache: str, filled: tuple[Path, int, str], tmp_path: Path) -> None:
    """Where the cache cannot be written kernels are compiled, and nothing is left behind."""
    _, seed, expected = filled
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    found, compiled = ended(start(seed, "print(fitted())", cache, tmp_path, TMPDIR=str(scratch)))
    assert (found, compiled) == (expected, True)
    assert list(scratch.iterdir()) == []


def test_no_folder_that_can_be_written(seed: int, tmp_path: Path) -> None:
    """Where there is no place for kernels at all, not even for a process, one line says what to set, and to what."""
    code = """
    import tempfile
    tempfile.tempdir = "/proc/none"
    try:
        fitted()
    except fallline.SpecificationError as error:
        print(error)
    """
    found, _ = ended(start(seed, code, "/proc/none", tmp_path))
    assert found == "no folder can be written for compiled kernels: set FALLLINE_CACHE to one that can"


def test_a_full_cache_that_cannot_be_written_is_read(filled: tuple[Path, int, str], tmp_path: Path) -> None:
    """Kernels in a folder without permission to write (as in an image for containers) are loaded, not compiled."""
    full, seed, expected = filled
    cache = shutil.copytree(full, tmp_path / "cache")
    folders = [cache, *(path for path in cache.rglob("*") if path.is_dir())]
    before = sorted(cache.rglob("*"))
    for folder in folders:
        folder.chmod(0o555)
    try:
        found, compiled = ended(start(seed, "print(fitted())", cache, tmp_path))
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert (found, compiled) == (expected, False)
    assert sorted(cache.rglob("*")) == before


@pytest.mark.parametrize("damage", ["cut", "empty", "other"])
def test_a_damaged_file_is_made_anew(damage: str, filled: tuple[Path, int, str], tmp_path: Path) -> None:
    """A file of machine code that is torn, empty or of something else costs a compilation, and then it is whole."""
    full, seed, expected = filled
    cache = shutil.copytree(full, tmp_path / "cache")
    files = list(cache.rglob("*.nbc"))
    assert files
    for file in files:
        content = file.read_bytes()
        file.write_bytes({"cut": content[: len(content) // 2], "empty": b"", "other": b"no machine code"}[damage])
    assert ended(start(seed, "print(fitted())", cache, tmp_path)) == (expected, True)
    assert ended(start(seed, "print(fitted())", cache, tmp_path)) == (expected, False)


def test_processes_that_start_together(filled: tuple[Path, int, str], tmp_path: Path) -> None:
    """Four processes that fill one cache at the same time, two of them for tables of another kind, give the bytes of
    one alone; afterwards all is there, and no draft is left."""
    _, seed, of_wide = filled
    wide, narrow = "print(fitted())", "print(fitted(storage='float32'))"
    expected = [of_wide, ended(start(seed, narrow, tmp_path / "alone", tmp_path))[0]]
    cache = tmp_path / "cache"
    together = [start(seed, code, cache, tmp_path) for code in (wide, narrow, wide, narrow)]
    assert [ended(process)[0] for process in together] == expected * 2
    for code, bytes_of_one in zip((wide, narrow), expected, strict=True):
        assert ended(start(seed, code, cache, tmp_path)) == (bytes_of_one, False)
    assert not [path for path in cache.rglob("*") if "tmp" in path.name]
