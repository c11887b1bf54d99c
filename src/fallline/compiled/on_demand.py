"""Every kernel, made when it is first asked for: only then is Numba imported, which takes longer than a small fit."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from ..losses.loss import Loss
from ..rules.rule import Rule
from . import early
from .pool import importing
from .shape import NO_SHAPE, Shape


def table_kernel() -> Any:
    """What needs neither loss nor rule."""
    return _makers("kernels").table_kernel()


def loss_kernel(loss: Loss, near: bool = False) -> Any:
    """What needs the loss alone."""
    return _makers("kernels").loss_kernel(loss, near)


def descent_kernel(loss: Loss, rule: Rule, shape: Shape = NO_SHAPE, single: bool = False, near: bool = False) -> Any:
    """Whole steps."""
    return _makers("kernels").descent_kernel(loss, rule, shape, single, near)


def gram_kernel(rule: Rule, shape: Shape) -> Any:
    """Whole steps from X'X."""
    return _makers("kernels").gram_kernel(rule, shape)


def measure_kernel(loss: Loss) -> Any:
    """What is measured row by row."""
    return _makers("measure_kernels").measure_kernel(loss)


def sparse_table_kernel() -> Any:
    """`table_kernel` for sparse rows."""
    return _makers("sparse_kernels").sparse_table_kernel()


def sparse_loss_kernel(loss: Loss) -> Any:
    """`loss_kernel` for sparse rows."""
    return _makers("sparse_kernels").sparse_loss_kernel(loss)


def sparse_descent_kernel(loss: Loss, rule: Rule) -> Any:
    """`descent_kernel` for sparse rows."""
    return _makers("sparse_kernels").sparse_descent_kernel(loss, rule)


@cache
def _makers(module: str) -> Any:
    early.end()
    with importing:
        return import_module(f"{__package__}.{module}")
