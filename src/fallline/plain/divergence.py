"""When a descent has diverged: one criterion for every loss, on what each step computes anyway.

The loss of single rows and batches is noisy, so it is smoothed over at least an epoch: every batch counts by its share
of that. At the start the smoothed loss is the loss of the whole table. However the rows are ordered, batches at a fixed
theta add up to at most about twice that, so ten times the start is growth, and not noise. Momentum may overshoot for
some steps before it settles, at a stable rate too, so the smoothing covers at least 500 steps.
"""

from __future__ import annotations

GROWTH = 10.0
STEPS = 500


class Guard:
    """What the smoothed loss must not exceed, and over how many rows it is smoothed."""

    def __init__(self, limit: float, rows: int):
        self.limit, self.rows = limit, rows

    @classmethod
    def of(cls, start_loss: float, table_rows: int, batch_rows: int) -> Guard:
        return cls(GROWTH * start_loss, max(table_rows, STEPS * batch_rows))


def smoothed(previous: float, loss: float, share: float) -> float:
    """The smoothed loss after a batch that holds this share of the rows smoothed over."""
    return previous + share * (loss - previous)
