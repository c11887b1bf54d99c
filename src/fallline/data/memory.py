"""Memory for tables: where it begins, and turning rows into columns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

LINE = 64  # bytes of a cache line
TURNED = 1 << 17  # bytes of rows that are turned at a time, and stay in a cache while every column is gone through


def zeros_on_lines(shape: tuple[int, ...], dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """Zeros that begin where a cache line begins: NumPy's large arrays begin 16 bytes after one, so that every vector
    of a row is cut by a line, and a row lies in one line more than it need."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.zeros(size + LINE, dtype=np.uint8)
    first = -room.ctypes.data % LINE
    return room[first : first + size].view(dtype).reshape(shape)


def turn(source: npt.NDArray[Any], target: npt.NDArray[Any]) -> None:
    """target <- source, of the same shape: rows are contiguous in the one, columns in the other."""
    rows = max(TURNED // max(source[:1].nbytes, 1), 1)
    for start in range(0, len(source), rows):
        target[start : start + rows] = source[start : start + rows]
