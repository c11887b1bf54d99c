"""What several folders of tests need."""

from __future__ import annotations

import secrets
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def examples() -> Path:
    """The folder of example tables."""
    return Path(__file__).parents[1] / "examples"


@pytest.fixture
def rng() -> np.random.Generator:
    """Fresh random numbers; the seed is printed, so that a failure can be repeated."""
    seed = secrets.randbits(32)
    print("seed", seed)
    return np.random.default_rng(seed)
