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
    room,
    row_loops,
    single_loops,
    table_loops,
    tree_loops,
    vectors,
)
from .bindings import BOUND as BOUND_BESIDES
from .bindings import bind
from .generate import KERNEL, Text, load
from .prefetch import INTO_FIRST_LEVEL, INTO_SECOND_LEVEL
from .shape import NO_SHAPE, Shape
from .tiles import HALF, ROWS

BOUND = frozenset(
    {
        *("row_loss", "row_second", "update", "gradient_point", "kept", "terms_of", "SUMS", "NUMBERS"),
        *("STATES", "vectors_of", "keep_state", "four_states", "tuple_of", "ELSEWHERE"),
        *("NEAR", "LEVEL", "ASKED"),
    }
)


@cache
def table_kernel() -> Any:
    """What needs neither loss nor rule: the row order, the sums for means and scales, the tree over leaves."""
    text = Text()
    for function in (table_loops.fill_epoch, table_loops.deviation_sums, tree_loops.combine):
        text.add(function, KERNEL)
    return load("table", str(text))


def loss_kernel(loss: Loss, near: bool = False) -> Any:
    """What needs the loss alone: leaf sums (for threads, and for a loss without a step) and curvature. near: see
    `leaf_loops`."""
    return _class_kernel(loss.row) if loss.many else _loss_kernel(loss.row, loss.curvature, near)


@cache
def _loss_kernel(row: FunctionType, second: FunctionType | None, near: bool) -> ModuleType:
    text = Text()
    _bind_asking(text, near)
    bind_loss(text, row, second)
    measured = (curvature_loops.sharpness, curvature_loops.row_statistics) if second is not None else ()
    for function in (leaf_loops.all_leaves, row_loops.row_values, *measured):
        text.add(function, KERNEL, BOUND)
    return load(f"loss_{row.__name__}", str(text))


@cache
def _class_kernel(row: FunctionType) -> ModuleType:
    text = Text()
    _bind_class_loss(text, row)
    text.add(class_loops.leaf_sums, bound=BOUND)
    measured = (class_curvature_loops.sharpness, class_curvature_loops.row_statistics)
    for function in (leaf_loops.all_leaves, *measured):
        text.add(function, KERNEL, BOUND | {"leaf_sums"})
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


def descent_kernel(loss: Loss, rule: Rule, shape: Shape = NO_SHAPE, single: bool = False, near: bool = False) -> Any:
    """Whole steps: the loss, its gradient, the rule, and what a step has besides. single: made for batches of one row,
    where a step is no more than the rule. near: see `leaf_loops`."""
    single = single and not loss.many and rule.terms is None and shape == NO_SHAPE
    return _descent_kernel(loss.row, loss.many, RuleText.of(rule), shape, single, near and not (single or loss.many))


@cache
def _descent_kernel(
    row: FunctionType, many: bool, rule: RuleText, shape: Shape, single: bool, near: bool
) -> ModuleType:
    text = Text(width=256 if single else 512)  # see `tiles.add_terms_and_squares`
    (_bind_class_loss if many else bind_loss)(text, row)
    bind_step(text, rule, shape)
    text.add(class_loops.leaf_sums if many else leaf_loops.leaf_sums, bound=BOUND)
    text.line(f"SINGLE = {int(single)}")
    _bind_asking(text, near)
    if single:
        text.add(single_loops.single_steps, bound=BOUND | BOUND_BESIDES)
    for function in (descent_loops.finish_alone, descent_loops.point_alone, descent_loops.take_steps):
        text.add(function, KERNEL, BOUND | BOUND_BESIDES | {"leaf_sums", "single_steps", "SINGLE"})
    return load(f"descent_{row.__name__}_{rule.step.__name__}", str(text))


def gram_kernel(rule: Rule, shape: Shape = NO_SHAPE) -> Any:
    """Full-batch steps on the squared loss, from the sums of products of the columns."""
    return _gram_kernel(RuleText.of(rule), shape)


@cache
def _gram_kernel(rule: RuleText, shape: Shape) -> ModuleType:
    text = Text()
    bind_step(text, rule, shape)
    for function in (gram_loops.gram_point, gram_loops.sum_products, gram_loops.take_gram_steps):
        text.add(function, KERNEL, BOUND | BOUND_BESIDES)
    return load(f"gram_{rule.step.__name__}", str(text))


def bind_step(text: Text, rule: RuleText, shape: Shape) -> None:
    """Bind all that `step_loops` calls. A state is a tuple of vectors; theirs are the numbers from 8 on in a loop (see
    `vectors.py`), and from 16 on those of the new state."""
    text.use(vectors.read, vectors.write)
    states = range(rule.states)
    read = [f"read(state[{i}], j, {i + 8})" for i in states]
    write = [f"write(new_state[{i}], k, {i + 16}, new_{i})" for i in states]
    bind_rule(text, rule.step, rule.point, rule.terms, rule.states, rule.takes_theta, read, write)
    sums = count_of_sums(rule.terms)
    own_numbers = count_of_numbers(rule.step, rule.states, rule.takes_theta) - sums
    text.line(f"STATES = {rule.states}\nSUMS = {sums}\nNUMBERS = {own_numbers}")
    text.line(f"ELSEWHERE = {int(rule.point is not None)}  # whether the gradient is taken elsewhere than at theta")
    each = "".join(f"matrix[{i}], " for i in states)
    text.define(small_function("vectors_of(matrix)", "pass", f"({each})"))
    kept = "\n    ".join(f"write(state[{i}], j, {i + 8}, read(new_state[{i}], k, {i + 16}))" for i in states) or "pass"
    text.define(small_function("keep_state(state, j, new_state, k)", kept, "0"))
    text.use(room.four_floats)
    text.define(small_function("four_states()", "pass", f"({'four_floats(), ' * rule.states})"))
    each = "".join(f"table[t, {i}], " for i in range(own_numbers + rule.decays + shape.numbers))
    text.define(small_function("tuple_of(table, t)", "pass", f"({each})"))
    bind(text, rule.scale, rule.states, own_numbers, rule.decays, shape, bool(sums))


def bind_rule(
    text: Text,
    step: FunctionType,
    point: FunctionType | None,
    terms: FunctionType | None,
    states: int,
    takes_theta: bool,
    read: Sequence[str],
    write: Sequence[str],
) -> None:
    """Bind `update`, `gradient_point` and `terms_of` to a rule's functions.

    read and write are texts, one for each state: its value, and the line that stores new_0, new_1, ….
    """
    results = ", ".join(["step", *(f"new_{i}" for i in range(states))])
    sums, count = count_of_sums(terms), count_of_numbers(step, states, takes_theta)
    numbers = [f"numbers[{i}]" for i in range(count)]
    arguments = ", ".join(["g", *(["theta"] if takes_theta else []), *read, *numbers])
    call = "\n    ".join([f"{results} = {text.add(step)}({arguments})", *write])
    text.define(small_function("update(g, theta, state, j, numbers, new_state, k)", call, "step"))
    call = "point = theta"
    if point is not None:
        call = f"point = {text.add(point)}({', '.join(['theta', *read, *numbers[: count - sums]])})"
    text.define(small_function("gradient_point(theta, state, j, numbers)", call, "point"))
    call = "pass"
    if terms is not None:
        results = ", ".join(f"out[{i}]" for i in range(sums)) + "," * (sums == 1)
        call = f"{results} = {text.add(terms)}({', '.join(['g', 'theta', *read])})"
    text.define(small_function("terms_of(g, theta, state, j, out)", call, "0"))


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
        text.define(small_function(f"{name}(score, target, loss_numbers)", call, results))


def _bind_asking(text: Text, near: bool) -> None:
    """Bind what `leaf_loops` asks for: all rows far ahead by the gradients, and the next ones by the scores; or half of
    those far ahead by each of them."""
    level, asked = (INTO_FIRST_LEVEL, ROWS) if near else (INTO_SECOND_LEVEL, HALF)
    text.line(f"NEAR = {int(near)}\nLEVEL = {level}\nASKED = {asked}")


def _bind_class_loss(text: Text, row: FunctionType) -> None:
    """Bind `row_loss` to a loss's function with a score for each class."""
    call = f"value = {text.add(row)}(scores, target, slopes)"
    text.define(small_function("row_loss(scores, target, slopes)", call, "value"))


def small_function(head: str, line: str, result: str) -> str:
    """The text of a small function that binds a rule's own to what the loops call."""
    return f"def {head}:\n    {line}\n    return {result}\n"
