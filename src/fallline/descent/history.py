"""What the steps of a descent recorded."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compiled.unmade import Unmade

FEWEST, MOST = 1 << 10, 1 << 23  # numbers that there is room for at first
MOST_UNMADE = 1 << 23  # norms, while nobody asks for them: what they are made of takes some 128 MB

Floats = NDArray[np.float64]


class Column:
    """Numbers that come in pieces. There is room for twice as many whenever it is full: in large pieces of memory,
    which come in large pages; a page fault for every 512 numbers takes a tenth of a step on a single row.
    expected: so many, within reason, need not be moved; small pages that are not used take no memory."""

    def __init__(self, expected: int) -> None:
        self._room, self._count = np.empty(min(max(expected, FEWEST), MOST)), 0

    @property
    def values(self) -> Floats:
        return self._room[: self._count]

    def extend(self, values: Sequence[float] | Floats) -> None:
        end = self._count + len(values)
        if end > len(self._room):
            old, self._room = self.values, np.empty(max(end, 2 * len(self._room)))
            self._room[: self._count] = old
        self._room[self._count : end] = values
        self._count = end

    def forget_after(self, k: int) -> None:
        self._count = min(self._count, k)


class History:
    """What each step recorded: the batch's loss and gradient norm at theta(k - 1), the loss with the penalties, and the
    learning rate. expected: how many steps there will be at most."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._losses, self._norms = Column(expected), Column(expected)
        self._unmade: list[tuple[int, Floats, Any]] = []  # norms: of which step on, of what, and how
        self._making = threading.Lock()
        self._objectives: Column | None = None  # None: they are the losses
        self._rates: list[Any] = []  # as they came: nobody looks at them during a descent

    @property
    def losses(self) -> Floats:
        return self._losses.values

    @property
    def norms(self) -> Floats:
        self._make_norms()
        return self._norms.values

    def _make_norms(self) -> None:
        with self._making:
            for start, recorded, make in self._unmade:  # if it ends in the middle, all can be made again
                self._norms.values[start : start + len(recorded)] = make(recorded)
            self._unmade = []

    @property
    def objectives(self) -> Floats:
        return self.losses if self._objectives is None else self._objectives.values

    @property
    def rates(self) -> Floats:
        return np.concatenate([np.zeros(0), *self._rates])

    def add(self, losses: Any, penalties: list[float] | None, norms: Any, rates: Any) -> None:
        """What some steps recorded; penalties: None where there are none."""
        if penalties is not None:
            self._objectives = Column(self._expected) if self._objectives is None else self._objectives
            self._objectives.extend(np.asarray(losses) + np.asarray(penalties))
        self._losses.extend(losses)
        if isinstance(norms, Unmade):
            self._unmade.append((len(self._norms.values), norms.recorded.copy(), norms.make))
            norms = norms.recorded
        self._norms.extend(norms)
        if self._unmade and len(self._norms.values) - self._unmade[0][0] > MOST_UNMADE:
            self._make_norms()
        self._rates.append(rates)

    def forget_after(self, k: int) -> None:
        """Drop what the steps after k recorded."""
        self._unmade = [(start, found[: k - start], make) for start, found, make in self._unmade if start < k]
        self._rates = [self.rates[:k]]
        for column in (self._losses, self._norms, self._objectives):
            if column is not None:
                column.forget_after(k)
