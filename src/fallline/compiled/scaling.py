"""`plain.scaling` over arrays: every column's mean and scale in two passes, in the same order of sums."""

from __future__ import annotations

import numpy as np

from ..plain.scaling import finish_scaling, unscalable
from ..plain.scaling import scaling as scaling_of_lists
from . import early
from .on_demand import table_kernel
from .runtime import Floats

TERMS = 15  # what a number costs in plain Python, in `early.TERM`


def scaling(features: Floats, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    """The means and scales of the columns of (n, d) training rows in table order; NaN is a missing value.

    Raises DataError for a column whose scale is not a normal, finite number.
    """
    rows, columns = features.shape
    if early.allows(TERMS * rows * columns, "table", times=2):
        with early.spending():
            found = scaling_of_lists(features.T.tolist(), list(names))
            return np.array(found[0]), np.array(found[1])
    known = ~np.isnan(features)
    first_rows = np.argmax(known, axis=0)
    firsts = np.where(known.any(axis=0), features[first_rows, np.arange(columns)], 0.0).astype(np.float64)
    present, varying = np.zeros((2, columns), dtype=np.int64)
    sums, squares = np.empty((2, columns))
    kernel = table_kernel().deviation_sums
    kernel(features, firsts, np.zeros(columns), False, present, varying, sums)
    shifts = sums / np.maximum(present, 1)
    kernel(features, firsts, shifts, True, present, varying, squares)
    means, scales = np.empty(columns), np.empty(columns)
    for j in range(columns):
        try:
            means[j], scales[j] = finish_scaling(
                float(firsts[j]), float(shifts[j]), float(squares[j]), len(features), bool(varying[j])
            )
        except ValueError:
            raise unscalable(names[j]) from None
    return means, scales
