"""Gradient norms that are made when somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Unmade:
    """The norms of some steps: make(recorded) are they. recorded: what the steps have recorded in their place."""

    def __init__(self, recorded: Floats, make: Callable[[Floats], Floats]):
        self.recorded, self.make = recorded, make

    def __len__(self) -> int:
        return len(self.recorded)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.make(self.recorded), dtype=dtype)

    def tolist(self) -> list[float]:
        found: list[float] = self.make(self.recorded).tolist()
        return found
