"""The kernel of what is measured row by row."""

from __future__ import annotations

from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from ..losses.loss import Loss
from . import measure_loops
from .generate import KERNEL, Text, load
from .kernels import BOUND, bind_loss


def measure_kernel(loss: Loss) -> Any:
    """`row_parts` for a loss."""
    return _measure_kernel(loss.row, loss.second)


@cache
def _measure_kernel(row: FunctionType, second: FunctionType) -> ModuleType:
    text = Text()
    bind_loss(text, row, second)
    text.add(measure_loops.row_parts, KERNEL, BOUND)
    return load(f"measure_{row.__name__}", str(text))
