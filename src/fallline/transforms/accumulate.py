"""Accumulation: several batches make one step."""

from __future__ import annotations

from ..allowed import Whole, options
from .transform import ACCUMULATION, Transform


class Accumulate(Transform):
    """The sums of `batches` batches, each by its own leaves and tree, are added in order and divided once.

    So a step is that of the mean over all their rows, weights included, and steps, rates and schedules count steps, not
    batches. The last step of an epoch has the batches that are left, as the last batch has the rows that are left.
    """

    name = "accumulate"
    formula = "g = (sums of batch 1 + sums of batch 2 + …) / (weight of batch 1 + weight of batch 2 + …)"
    ranges = options(batches=Whole(1))
    place = ACCUMULATION

    batches: int

    def __init__(self, batches: int):
        self._set(batches=batches)
