"""The distribution of numbers that arrive in a stream, in bounded memory: exact up to a number of different values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..data.values import Floats

LIMIT = 1 << 21  # different values that are kept apart
Counts = npt.NDArray[np.int64]


class Digest:
    """Sorted values with how often each occurred in two groups, such as the scores of two classes.

    Beyond `limit` different values, neighbours are put together into `limit` groups of nearly equal weight; whatever is
    computed from it is then off by at most one part in `limit` of its range.
    """

    def __init__(self, limit: int = LIMIT):
        self.limit = limit
        self._waiting: list[tuple[Floats, Counts]] = []
        self._size = 0

    def add(self, values: Floats, group: npt.NDArray[np.bool_] | None = None) -> None:
        """Take in values; group tells for each whether it belongs to the second group (all to the first if None)."""
        second = np.zeros(len(values), dtype=np.int64) if group is None else group.astype(np.int64)
        self._waiting.append((values, np.column_stack([1 - second, second])))
        self._size += len(values)
        if self._size > 2 * self.limit:
            self._waiting = [self._thinned(*self._sorted())]
            self._size = len(self._waiting[0][0])

    def _sorted(self) -> tuple[Floats, Counts]:
        values = np.concatenate([np.zeros(0), *(part[0] for part in self._waiting)])
        counts = np.concatenate([np.zeros((0, 2), dtype=np.int64), *(part[1] for part in self._waiting)])
        distinct, places = np.unique(values, return_inverse=True)
        summed = [np.bincount(places, counts[:, group], len(distinct)).astype(np.int64) for group in (0, 1)]
        return distinct, np.column_stack(summed)

    def _thinned(self, values: Floats, counts: Counts) -> tuple[Floats, Counts]:
        if len(values) <= self.limit:
            return values, counts
        weights = counts.sum(axis=1)
        groups = (np.cumsum(weights) - weights) * self.limit // weights.sum()
        starts = np.flatnonzero(np.diff(groups, prepend=-1))
        sums = np.add.reduceat(counts, starts)
        return np.add.reduceat(values * weights, starts) / sums.sum(axis=1), sums

    def area(self) -> float:
        """The probability that a value of the second group is above one of the first, ties counting half (the AUC).

        NaN if a group is empty.
        """
        _, counts = self._sorted()
        first, second = counts[:, 0].astype(np.float64), counts[:, 1].astype(np.float64)
        pairs = float(first.sum() * second.sum())
        below = np.cumsum(first) - first
        return float(np.sum(second * (below + first / 2))) / pairs if pairs else float("nan")

    def mean_distance(self, point: float) -> float:
        """The mean of |value - point| over all values."""
        values, counts = self._sorted()
        weights = counts.sum(axis=1)
        return float(np.sum(np.abs(values - point) * weights) / weights.sum())
