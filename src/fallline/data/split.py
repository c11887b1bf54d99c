"""Which rows are held out: a rule for each row by itself, so that it holds for a stream and for a cluster alike.

A row is held out if the hash of (seed, row number) is under fraction × 2^32. The number of rows held out is
therefore not exactly the fraction, and of few rows it may be none or all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import SpecificationError
from ..order.random import key_of
from .values import Rows

SALT = 0x5B1D  # so that the split and the order of rows, of one seed, have nothing to do with each other


def hashed(seed: int, row: Any) -> Any:
    """A word of 32 bits from the seed and the number of a row (from 0), or of an array of rows."""
    return key_of(key_of(SALT, seed), row)


def split(rows: Rows, fraction: float, seed: int) -> tuple[Rows, Rows]:
    """(training, held out): the row numbers in their order. Either may be empty, which is the caller's to judge."""
    if not 0 <= fraction < 1:  # false for NaN as well
        message = f"validation is {fraction!r}; the fraction held out must be at least 0 and below 1"
        raise SpecificationError(message, option="validation", value=fraction, allowed="a fraction from 0 to below 1")
    if not 0 <= seed < 2**63:
        message = f"seed is {seed!r}; it must be a whole number from 0 to 2^63 − 1"
        raise SpecificationError(message, option="seed", value=seed, allowed="a whole number from 0 to 2^63 − 1")
    held_out = hashed(seed, np.asarray(rows, dtype=np.int64)) < int(fraction * 2**32)
    return rows[~held_out], rows[held_out]
