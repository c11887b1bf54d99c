"""The order of an epoch's rows in an array; the next epoch's is made on another thread while steps are taken."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from ..order.shuffle import Sizes, epoch_key
from .on_demand import table_kernel
from .pool import later, usable_threads

FEWEST, MOST = 1 << 16, 1 << 25  # rows: fewer are no work, and of more two orders are much memory

Rows = NDArray[np.int64]


def order_of(seed: int, epoch: int, sizes: Sizes, first: int | None = None) -> Rows:
    """The rows of an epoch in the order in which its batches take them, or only so many at its beginning."""
    wanted, window = sizes.rows if first is None else min(first, sizes.rows), sizes.window * sizes.block
    windows = min(-(-(wanted + sizes.block) // window), sizes.windows)  # one of them may have a short block
    order = np.empty(min(windows * window, sizes.rows), dtype=np.int64)
    table_kernel().fill_epoch(order, windows, sizes.rows, sizes.block, sizes.window, epoch_key(seed, epoch))
    return order[:wanted]


class Orders:
    """The orders of the epochs of one table, of which one may have been begun."""

    _begun: tuple[tuple[int, int, Sizes], Future[Rows]] | None = None

    def begin(self, seed: int, epoch: int, sizes: Sizes) -> None:
        """Begin to make an order that will be asked for."""
        wanted = seed, epoch, sizes
        if FEWEST <= sizes.rows <= MOST and (self._begun is None or self._begun[0] != wanted):
            self._begun = wanted, later(lambda: order_of(*wanted))

    def take(self, seed: int, epoch: int, sizes: Sizes) -> Rows:
        """An epoch's order: the one that was begun, if it is that. (In a fork nobody goes on with it.)"""
        begun, self._begun = self._begun, None
        if begun is not None and begun[0] == (seed, epoch, sizes) and usable_threads(2) > 1:
            return begun[1].result()
        return order_of(seed, epoch, sizes)
