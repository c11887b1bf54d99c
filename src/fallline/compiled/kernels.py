"""Which kernels there are: what each is made of, and the one place that makes them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from ..losses.loss import Loss
from ..rules.rule import Rule
from . import (
    class_curvature_loops,
    class_loops,
    curvature_loops,
    descent_loops,
    gram_loops,
    leaf_loops,
    row_loops,
    step_loops,
    table_loops,
    tree_loops,
)
from .bindings import BOUND as BOUND_BESIDES
from .bindings import Shape, bind
from .generate import INLINED, KERNEL, Text, load

BOUND = frozenset({"row_loss", "row_second", "update", "gradient_point", "kept", "terms_of", "SUMS", "NUMBERS"})
NO_SHAPE = Shape()


@cache
def table_kernel() -> Any:
    """What needs neither loss nor rule: the row order, the sums for means and scales, the tree over leaves."""
    text = Text()
    for function in (table_loops.fill_epoch, table_loops.deviation_sums, tree_loops.combine):
        text.add(function, KERNEL)
    return load("table", str(text))


def loss_kernel(loss: Loss) -> Any:
    """What needs the loss alone: leaf sums (for threads, and for a loss without a step) and curvature."""
    return _class_kernel(loss.row) if loss.many else _loss_kernel(loss.row, loss.curvature)


@cache
def _loss_kernel(row: FunctionType, second: FunctionType | None) -> ModuleType:
    text = Text()
    bind_loss(text, row, second)
    measured = (curvature_loops.sharpness, curvature_loops.row_statistics) if second is not None else ()
    for function in (leaf_loops.all_leaves, row_loops.row_values, *measured):
        text.add(function, KERNEL, BOUND)
    return load(f"loss_{row.__name__}", str(text))


@cache
def _class_kernel(row: FunctionType) -> ModuleType:
    text = Text()
    _bind_class_loss(text, row)
    measured = (class_curvature_loops.sharpness, class_curvature_loops.row_statistics)
    for function in (class_loops.all_leaves, *measured):
        text.add(function, KERNEL, BOUND)
    return load(f"loss_{row.__name__}", str(text))


class RuleText(NamedTuple):
    """All of a rule that decides a kernel's text: its functions, and how they are called."""

    step: Any  # a FunctionType, which mypy would take for a method of this class; the others too, or None
    point: Any
    terms: Any
    scale: Any
    states: int
    decays: bool
    takes_theta: bool

    @classmethod
    def of(cls, rule: Rule) -> RuleText:
        functions = rule.step, rule.point, rule.terms, rule.scale
        return cls(*functions, len(rule.state), rule.decays, rule.takes_theta)


def descent_kernel(loss: Loss, rule: Rule, shape: Shape = NO_SHAPE) -> Any:
    """Whole steps: the loss, its gradient, the rule, and what a step has besides."""
    return _descent_kernel(loss.row, loss.many, RuleText.of(rule), shape)


@cache
def _descent_kernel(row: FunctionType, many: bool, rule: RuleText, shape: Shape) -> ModuleType:
    text = Text()
    (_bind_class_loss if many else bind_loss)(text, row)
    bind_step(text, rule, shape)
    take_steps = class_loops.take_steps if many else descent_loops.take_steps
    for function in (step_loops.finish_step, step_loops.descent_point, take_steps):
        text.add(function, KERNEL, BOUND | BOUND_BESIDES)
    return load(f"descent_{row.__name__}_{rule.step.__name__}", str(text))


def gram_kernel(rule: Rule, shape: Shape = NO_SHAPE) -> Any:
    """Full-batch steps on the squared loss, from the sums of products of the columns."""
    return _gram_kernel(RuleText.of(rule), shape)


@cache
def _gram_kernel(rule: RuleText, shape: Shape) -> ModuleType:
    text = Text()
    bind_step(text, rule, shape)
    for function in (step_loops.descent_point, gram_loops.sum_products, gram_loops.take_gram_steps):
        text.add(function, KERNEL, BOUND | BOUND_BESIDES)
    return load(f"gram_{rule.step.__name__}", str(text))


def bind_step(text: Text, rule: RuleText, shape: Shape, read: Sequence[str] = (), write: Sequence[str] = ()) -> None:
    """Bind all that `step_loops` calls; read and write are those of `bind_rule`."""
    bind_rule(text, rule.step, rule.point, rule.terms, rule.states, rule.takes_theta, read, write)
    sums = count_of_sums(rule.terms)
    own_numbers = count_of_numbers(rule.step, rule.states, rule.takes_theta) - sums
    text.line(f"SUMS = {sums}\nNUMBERS = {own_numbers}")
    bind(text, rule.scale, rule.states, own_numbers, rule.decays, shape)


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
    sums, count = count_of_sums(terms), count_of_numbers(step, states, takes_theta)
    numbers = [f"numbers[{i}]" for i in range(count)]
    arguments = ", ".join(["g", *(["theta"] if takes_theta else []), *state, *numbers])
    call = "\n    ".join([f"{results} = {text.add(step)}({arguments})", *written])
    text.line(small_function("update(g, theta, state, j, numbers, new_state)", call, "step"))
    call = "point = theta"
    if point is not None:
        call = f"point = {text.add(point)}({', '.join(['theta', *state, *numbers[: count - sums]])})"
    text.line(small_function("gradient_point(theta, state, j, numbers)", call, "point"))
    call = "pass"
    if terms is not None:
        results = ", ".join(f"out[{i}]" for i in range(sums)) + "," * (sums == 1)
        call = f"{results} = {text.add(terms)}({', '.join(['g', 'theta', *state])})"
    text.line(small_function("terms_of(g, theta, state, j, out)", call, "0"))


def count_of_sums(terms: FunctionType | None) -> int:
    """How many sums a rule's terms have: the function is straight-line code, so any arguments tell."""
    return 0 if terms is None else len(terms(*[1.0] * terms.__code__.co_argcount))


def count_of_numbers(step: FunctionType, states: int, takes_theta: bool) -> int:
    """How many numbers a step takes, its sums among them."""
    return step.__code__.co_argcount - 1 - takes_theta - states


def bind_loss(text: Text, row: FunctionType, second: FunctionType | None = None) -> None:
    """Bind `row_loss` and `row_second`, which take the loss's numbers as a tuple, to its functions."""
    for function, name, results in ((row, "row_loss", "value, slope"), (second, "row_second", "second")):
        if function is None:
            continue
        count = function.__code__.co_argcount - 2
        arguments = ", ".join(["score", "target", *(f"loss_numbers[{i}]" for i in range(count))])
        call = f"{results} = {text.add(function)}({arguments})"
        text.line(small_function(f"{name}(score, target, loss_numbers)", call, results))


def _bind_class_loss(text: Text, row: FunctionType) -> None:
    """Bind `row_loss` to a loss's function with a score for each class."""
    call = f"value = {text.add(row)}(scores, target, slopes)"
    text.line(small_function("row_loss(scores, target, slopes)", call, "value"))


def small_function(head: str, line: str, result: str) -> str:
    """The text of a small function that binds a rule's own to what the loops call."""
    return f"{INLINED}def {head}:\n    {line}\n    return {result}\n"
