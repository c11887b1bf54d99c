"""The kernels for sparse rows; each is the counterpart of one in `kernels.py`."""

from __future__ import annotations

from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from ..losses.loss import Loss
from ..rules.rule import Rule
from . import sparse_curvature_loops, sparse_lazy_loops, sparse_norm_loops, sparse_sweep_loops, sparse_table_loops
from .bindings import BOUND as BOUND_BESIDES
from .generate import KERNEL, Text, load
from .kernels import BOUND, RuleText, bind_loss, bind_step, small_function
from .shape import NO_SHAPE

SPARSE_BOUND = BOUND | BOUND_BESIDES


@cache
def sparse_table_kernel() -> Any:
    """What needs neither loss nor rule: the sums for means and scales, and the norms of steps on single rows."""
    text = Text()
    for function in (sparse_table_loops.sparse_column_sums, sparse_norm_loops.row_norms):
        text.add(function, KERNEL, SPARSE_BOUND)
    return load("sparse_table", str(text))


def sparse_loss_kernel(loss: Loss) -> Any:
    """What needs the loss alone: the loss of all rows and, of a loss that bends, its curvature."""
    return _sparse_loss_kernel(loss.row, loss.curvature)


@cache
def _sparse_loss_kernel(row: FunctionType, second: FunctionType | None) -> ModuleType:
    text = Text()
    bind_loss(text, row, second)
    text.define(small_function("gradient_point(theta, state, j, numbers)", "point = theta", "point"))
    measured = (sparse_curvature_loops.sharpness, sparse_curvature_loops.row_statistics) if second is not None else ()
    for function in (sparse_curvature_loops.sparse_loss_sums, *measured):
        text.add(function, KERNEL, SPARSE_BOUND)
    return load(f"sparse_loss_{row.__name__}", str(text))


def sparse_descent_kernel(loss: Loss, rule: Rule) -> Any:
    """Whole steps, as a function: on the touched parameters alone if the rule is lazy, else on all."""
    return _sparse_descent_kernel(loss.row, RuleText.of(rule), rule.lazy)


@cache
def _sparse_descent_kernel(row: FunctionType, rule: RuleText, lazy: bool) -> Any:
    text = Text(width=256)  # a step on a single row waits for its additions: see `tiles.add_terms_and_squares`
    bind_loss(text, row)
    bind_step(text, rule, NO_SHAPE)
    loops: Any = sparse_lazy_loops.take_lazy_steps if lazy else sparse_sweep_loops.take_sweeping_steps
    name = text.add(loops, KERNEL, SPARSE_BOUND)
    return getattr(load(f"sparse_{row.__name__}_{rule.step.__name__}", str(text)), name)
