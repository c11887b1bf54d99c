"""What several folders of tests need."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def examples() -> Path:
    """The folder of example tables."""
    return Path(__file__).parents[1] / "examples"


@pytest.fixture
def call(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the installed command, `fallline WORDS`, in tmp_path."""
    command = str(Path(sys.executable).with_name("fallline"))

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([command, *words], cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def rng() -> np.random.Generator:
    """Fresh random numbers; the seed is printed, so that a failure can be repeated."""
    seed = secrets.randbits(32)
    print("seed", seed)
    return np.random.default_rng(seed)
