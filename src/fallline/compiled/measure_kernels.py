"""The kernel of what is measured row by row."""

from __future__ import annotations

from functools import cache
from types import FunctionType
from typing import Any

from ..losses.loss import Loss
from . import measure_loops
from .generate import KERNEL, Text, load


@cache
def measure_kernel(loss: Loss) -> Any:
    """`row_parts` for a loss."""
    text = Text()
    for function, name in ((loss.row, "row_loss"), (loss.second, "row_second")):
        assert isinstance(function, FunctionType)
        text.line(f"{name} = {text.add(function)}")
    text.add(measure_loops.row_parts, KERNEL, frozenset({"row_loss", "row_second"}))
    return load(f"measure_{loss.name}", str(text))
