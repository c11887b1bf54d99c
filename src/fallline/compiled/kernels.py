"""Which kernels there are: what each is made of, and the one place that makes them."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Sequence
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from ..losses.loss import Loss
from ..rules.rule import Rule
from . import (
    curvature_loops,
    descent_loops,
    leaf_loops,
    prefetch,
    sparse_curvature_loops,
    sparse_lazy_loops,
    sparse_sweep_loops,
    sparse_table_loops,
    step_loops,
    table_loops,
    tree_loops,
    vectors,
)
from .generate import INLINED, KERNEL, Text, load

BOUND = frozenset({"row_loss", "row_second", "update", "gradient_point", "kept", "terms_of", "SUMS", "DECAYS"})
SPARSE_BOUND = BOUND | {"borrowed", "prefetch", "lowest_bit", "read", "write", "STATES", "vectors_of", "tuple_of"}


@cache
def table_kernel() -> Any:
    """What needs neither loss nor rule: the row order, the sums for means and scales, the tree over leaves."""
    text = Text()
    for function in (table_loops.fill_epoch, table_loops.deviation_sums, tree_loops.combine):
        text.add(function, KERNEL)
    return load("table", str(text))


def loss_kernel(loss: Loss) -> Any:
    """What needs the loss alone: leaf sums (for threads, and for a loss without a step) and curvature."""
    return _loss_kernel(loss.row, loss.second)


@cache
def _loss_kernel(row: FunctionType, second: FunctionType) -> ModuleType:
    text = Text()
    _bind_loss(text, row, second)
    for function in (leaf_loops.all_leaves, curvature_loops.sharpness, curvature_loops.row_statistics):
        text.add(function, KERNEL, BOUND)
    return load(f"loss_{row.__name__}", str(text))


def descent_kernel(loss: Loss, rule: Rule) -> Any:
    """Whole steps: the loss, its gradient and the rule."""
    return _descent_kernel(
        loss.row,
        loss.second,
        rule.step,
        rule.point,
        rule.terms,
        len(rule.state),
        rule.decays,
        rule.takes_theta,
    )


@cache
def _descent_kernel(
    row: FunctionType,
    second: FunctionType,
    step: FunctionType,
    point: FunctionType | None,
    terms: FunctionType | None,
    states: int,
    decays: bool,
    takes_theta: bool,
) -> ModuleType:
    text = Text()
    _bind_loss(text, row, second)
    bind_rule(text, step, point, terms, states, takes_theta)
    _bind_numbers(text, step, terms, states, decays, takes_theta)
    for function in (step_loops.finish_step, step_loops.descent_point, descent_loops.take_steps):
        text.add(function, KERNEL, BOUND)
    return load(f"descent_{row.__name__}_{step.__name__}", str(text))


@cache
def sparse_table_kernel() -> Any:
    """What sparse rows need of neither loss nor rule: the sums for means and scales."""
    text = _sparse_text()
    text.add(sparse_table_loops.sparse_column_sums, KERNEL, SPARSE_BOUND)
    return load("sparse_table", str(text))


def sparse_loss_kernel(loss: Loss) -> Any:
    """`loss_kernel` for sparse rows."""
    return _sparse_loss_kernel(loss.row, loss.second)


@cache
def _sparse_loss_kernel(row: FunctionType, second: FunctionType) -> ModuleType:
    text = _sparse_text()
    _bind_loss(text, row, second)
    text.line(_function("gradient_point(theta, state, j, numbers)", "point = theta", "point"))
    for name in ("sparse_loss_sums", "sparse_eigenvalue", "sparse_row_statistics"):
        text.add(getattr(sparse_curvature_loops, name), KERNEL, SPARSE_BOUND)
    return load(f"sparse_loss_{row.__name__}", str(text))


def sparse_descent_kernel(loss: Loss, rule: Rule) -> Any:
    """Whole steps on sparse rows, as a function: on the touched parameters alone if the rule is lazy, else on all."""
    return _sparse_descent_kernel(
        loss.row,
        loss.second,
        rule.step,
        rule.point,
        rule.terms,
        len(rule.state),
        rule.decays,
        rule.takes_theta,
        rule.lazy,
    )


@cache
def _sparse_descent_kernel(
    row: FunctionType,
    second: FunctionType,
    step: FunctionType,
    point: FunctionType | None,
    terms: FunctionType | None,
    states: int,
    decays: bool,
    takes_theta: bool,
    lazy: bool,
) -> Any:
    text = _sparse_text()
    _bind_loss(text, row, second)
    read = [f"read(state[{i}], j, {i + 4})" for i in range(states)] if lazy else ()
    write = [f"write(new_state[{i}], j, {i + 10}, new_{i})" for i in range(states)] if lazy else ()
    bind_rule(text, step, point, terms, states, takes_theta, read, write)
    _bind_numbers(text, step, terms, states, decays, takes_theta)
    text.line(f"STATES = {states}")
    each = "".join(f"matrix[{i}], " for i in range(states))
    text.line(_function("vectors_of(matrix)", "pass", f"({each})"))
    each = "".join(f"table[t, {i}], " for i in range(_count_of_numbers(step, states, takes_theta) + decays))
    text.line(_function("tuple_of(table, t)", "pass", f"({each})"))
    loops: Any = sparse_lazy_loops.take_lazy_steps if lazy else sparse_sweep_loops.take_sweeping_steps
    name = text.add(loops, KERNEL, SPARSE_BOUND)
    return getattr(load(f"sparse_{row.__name__}_{step.__name__}", str(text)), name)


def _sparse_text() -> Text:
    """A text with what has no text: the processor's own instructions."""
    text = Text()
    for module, names in ((prefetch, "borrowed, lowest_bit, prefetch"), (vectors, "read, write")):
        digest = hashlib.blake2b(inspect.getsource(module).encode(), digest_size=8).hexdigest()
        text.line(f"from {module.__name__} import {names}  # of the text {digest}")
    return text


def _bind_numbers(
    text: Text, step: FunctionType, terms: FunctionType | None, states: int, decays: bool, takes_theta: bool
) -> None:
    """Bind SUMS, DECAYS and `kept` to what a rule has of them."""
    sums, count = count_of_sums(terms), _count_of_numbers(step, states, takes_theta)
    text.line(f"SUMS = {sums}\nDECAYS = {int(decays)}")
    text.line(_function("kept(numbers)", "keep = " + (f"numbers[{count - sums}]" if decays else "1.0"), "keep"))


def bind_rule(
    text: Text,
    step: FunctionType,
    point: FunctionType | None,
    terms: FunctionType | None,
    states: int,
    takes_theta: bool,
    read: Sequence[str] = (),
    write: Sequence[str] = (),
) -> None:
    """Bind `update`, `gradient_point` and `terms_of` to a rule's functions.

    read and write are texts, one for each state: its value, and the line that stores new_0, new_1, ….
    """
    state = read or [f"state[{i}, j]" for i in range(states)]
    written = write or [f"new_state[{i}, j] = new_{i}" for i in range(states)]
    results = ", ".join(["step", *(f"new_{i}" for i in range(states))])
    sums, count = count_of_sums(terms), _count_of_numbers(step, states, takes_theta)
    numbers = [f"numbers[{i}]" for i in range(count)]
    arguments = ", ".join(["g", *(["theta"] if takes_theta else []), *state, *numbers])
    call = "\n    ".join([f"{results} = {text.add(step)}({arguments})", *written])
    text.line(_function("update(g, theta, state, j, numbers, new_state)", call, "step"))
    call = "point = theta"
    if point is not None:
        call = f"point = {text.add(point)}({', '.join(['theta', *state, *numbers[: count - sums]])})"
    text.line(_function("gradient_point(theta, state, j, numbers)", call, "point"))
    call = "pass"
    if terms is not None:
        results = ", ".join(f"out[{i}]" for i in range(sums)) + "," * (sums == 1)
        call = f"{results} = {text.add(terms)}({', '.join(['g', 'theta', *state])})"
    text.line(_function("terms_of(g, theta, state, j, out)", call, "0"))


def count_of_sums(terms: FunctionType | None) -> int:
    """How many sums a rule's terms have: the function is straight-line code, so any arguments tell."""
    return 0 if terms is None else len(terms(*[1.0] * terms.__code__.co_argcount))


def _count_of_numbers(step: FunctionType, states: int, takes_theta: bool) -> int:
    """How many numbers a step takes, its sums among them."""
    return step.__code__.co_argcount - 1 - takes_theta - states


def _bind_loss(text: Text, row: FunctionType, second: FunctionType) -> None:
    """Bind `row_loss` and `row_second`, which take the loss's numbers as a tuple, to its functions."""
    for function, name, results in ((row, "row_loss", "value, slope"), (second, "row_second", "second")):
        count = function.__code__.co_argcount - 2
        arguments = ", ".join(["score", "target", *(f"loss_numbers[{i}]" for i in range(count))])
        call = f"{results} = {text.add(function)}({arguments})"
        text.line(_function(f"{name}(score, target, loss_numbers)", call, results))


def _function(head: str, line: str, result: str) -> str:
    """The text of a small function that binds a rule's own to what the loops call."""
    return f"{INLINED}def {head}:\n    {line}\n    return {result}\n"
