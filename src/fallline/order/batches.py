"""The batches of some steps in a row, cut from the orders of their epochs when they are asked for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any


class Batches:
    """A sequence of batches. pieces: (the order of an epoch's rows, the first batch of it, the one after the last)."""

    def __init__(self, pieces: Sequence[tuple[Any, int, int]], batch_rows: int, rows: int):
        self.pieces, self.batch_rows, self.rows = pieces, batch_rows, rows

    def __len__(self) -> int:
        return sum(last - first for _, first, last in self.pieces)

    def __iter__(self) -> Iterator[Any]:
        for order, first, last in self.pieces:
            for t in range(first, last):
                yield order[t * self.batch_rows : min((t + 1) * self.batch_rows, self.rows)]
