"""Non-negativity: no coefficient may be below 0."""

from __future__ import annotations

from ..allowed import INFINITY
from .box import project
from .penalty import Penalty


class NonNegative(Penalty):
    """w >= 0 for every coefficient: w is projected after each step. It means the same in the table's own units."""

    name = "non_negative"
    formula = "w >= 0"
    paper = "Lawson & Hanson (1974), Solving Least Squares Problems, chapter 23"
    prox = staticmethod(project)
    bounds = True

    def __init__(self) -> None:
        self._set()

    def numbers(self) -> tuple[float, ...]:
        return 0.0, INFINITY
