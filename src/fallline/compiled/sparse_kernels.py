"""The kernels for sparse rows; each is the counterpart of one in `kernels.py`."""

from __future__ import annotations

import hashlib
import inspect
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from ..losses.loss import Loss
from ..rules.rule import Rule
from . import (
    prefetch,
    sparse_curvature_loops,
    sparse_lazy_loops,
    sparse_sweep_loops,
    sparse_table_loops,
    vectors,
)
from .bindings import BOUND as BOUND_BESIDES
from .generate import KERNEL, Text, load
from .kernels import BOUND, NO_SHAPE, RuleText, bind_loss, bind_step, count_of_numbers, small_function

SPARSE_BOUND = (
    BOUND | BOUND_BESIDES | {"borrowed", "prefetch", "lowest_bit", "read", "write", "STATES", "vectors_of", "tuple_of"}
)


@cache
def sparse_table_kernel() -> Any:
    """What needs neither loss nor rule: the sums for means and scales."""
    text = _sparse_text()
    text.add(sparse_table_loops.sparse_column_sums, KERNEL, SPARSE_BOUND)
    return load("sparse_table", str(text))


def sparse_loss_kernel(loss: Loss) -> Any:
    """What needs the loss alone: the loss of all rows and, of a loss that bends, its curvature."""
    return _sparse_loss_kernel(loss.row, loss.curvature)


@cache
def _sparse_loss_kernel(row: FunctionType, second: FunctionType | None) -> ModuleType:
    text = _sparse_text()
    bind_loss(text, row, second)
    text.line(small_function("gradient_point(theta, state, j, numbers)", "point = theta", "point"))
    measured = (sparse_curvature_loops.sharpness, sparse_curvature_loops.row_statistics) if second is not None else ()
    for function in (sparse_curvature_loops.sparse_loss_sums, *measured):
        text.add(function, KERNEL, SPARSE_BOUND)
    return load(f"sparse_loss_{row.__name__}", str(text))


def sparse_descent_kernel(loss: Loss, rule: Rule) -> Any:
    """Whole steps, as a function: on the touched parameters alone if the rule is lazy, else on all."""
    return _sparse_descent_kernel(loss.row, RuleText.of(rule), rule.lazy)


@cache
def _sparse_descent_kernel(row: FunctionType, rule: RuleText, lazy: bool) -> Any:
    text, states = _sparse_text(), rule.states
    bind_loss(text, row)
    read = [f"read(state[{i}], j, {i + 4})" for i in range(states)] if lazy else ()
    write = [f"write(new_state[{i}], j, {i + 10}, new_{i})" for i in range(states)] if lazy else ()
    bind_step(text, rule, NO_SHAPE, read, write)
    text.line(f"STATES = {states}")
    each = "".join(f"matrix[{i}], " for i in range(states))
    text.line(small_function("vectors_of(matrix)", "pass", f"({each})"))
    count = count_of_numbers(rule.step, states, rule.takes_theta) + rule.decays
    each = "".join(f"table[t, {i}], " for i in range(count))
    text.line(small_function("tuple_of(table, t)", "pass", f"({each})"))
    loops: Any = sparse_lazy_loops.take_lazy_steps if lazy else sparse_sweep_loops.take_sweeping_steps
    name = text.add(loops, KERNEL, SPARSE_BOUND)
    return getattr(load(f"sparse_{row.__name__}_{rule.step.__name__}", str(text)), name)


def _sparse_text() -> Text:
    """A text with what has no text: the processor's own instructions."""
    text = Text()
    for module, names in ((prefetch, "borrowed, lowest_bit, prefetch"), (vectors, "read, write")):
        digest = hashlib.blake2b(inspect.getsource(module).encode(), digest_size=8).hexdigest()
        text.line(f"from {module.__name__} import {names}  # of the text {digest}")
    return text
