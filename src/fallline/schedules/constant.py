"""The constant schedule."""

from __future__ import annotations

from .schedule import Schedule


class Constant(Schedule):
    """rate(k) = base."""

    name = "constant"
    steady = True
    formula = "base"
    moves = False

    def __init__(self) -> None:
        self._set()

    def rate(self, k: int, base: float) -> float:
        return base
