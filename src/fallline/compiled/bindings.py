"""Penalties and transforms in a generated kernel: their scalar functions bound to what the loops call."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from . import addition_loops, step_loops
from .generate import Text
from .shape import Change, Shape

BOUND = frozenset(
    {
        *(
            "penalize",
            "move",
            "keep_average",
            "groups_value",
            "shrink_groups",
            "add_slopes",
            "penalty_value",
            "prox_of",
        ),
        *("scale_of", "group_term", "group_value_at", "group_factor_at", "group_shrunk", "change_terms"),
        *(
            "change_factor",
            "change_share",
            "changed",
            "BEFORE",
            "AFTER",
            "CHANGE_SUMS",
            "FIRST",
            "NEXT",
            "GROUPS",
            "PROXIMAL",
            "change",
        ),
    }
)


def bind(
    text: Text,
    rule_scale: FunctionType | None,
    states: int,
    rule_numbers: int,
    decays: bool,
    shape: Shape,
    summed: bool,
) -> None:
    """Bind `penalize`, `move`, `keep_average` and `kept`. rule_numbers: how many the rule's step and scale share.
    summed: whether its step takes sums besides."""
    first = rule_numbers + decays  # where the transforms' numbers begin
    kept = f"numbers[{rule_numbers}]" if decays else "1.0"
    kept = f"numbers[{first + shape.decay}]" if shape.decay is not None else kept
    _define(text, "kept(numbers)", [], kept)
    _bind_average(text, shape, first)
    text.line(f"GROUPS = {int(bool(shape.groups))}")
    values = shape.groups or any(part.value or part.slope for part in shape.penalties)
    if values:
        _bind_values(text, shape)
    _define(
        text,
        "penalize(gradient, theta, state, numbers, extra, columns)",
        [],
        "add_penalties(gradient, theta, state, numbers, extra, columns)" if values else "0.0",
    )
    if shape.moves:
        _bind_moves(text, rule_scale, states, rule_numbers, shape, first)
    rule_step = step_loops.summed_step if summed else step_loops.rule_step
    step = addition_loops.whole_step if shape.moves else rule_step
    name = text.add(step, bound=BOUND | {"kept", "update", "terms_of", "SUMS", "NUMBERS", "gradient_point"})
    text.line(f"move = {name}")


def _bind_average(text: Text, shape: Shape, first: int) -> None:
    lines = []
    if shape.average is not None:
        function, place = shape.average
        mean = f"extra[{shape.rows}, j]"
        lines = [f"{mean} = {text.add(function)}({mean}, theta[j], numbers[{first + place}])"]
    _define(text, "keep_average(theta, numbers, extra, j)", lines, "0")


def _bind_values(text: Text, shape: Shape) -> None:
    slopes = [f"g = g + {_call(text, part.slope, ['w'], part.rows)}" for part in shape.penalties if part.slope]
    values = [_call(text, part.value, ["w"], part.rows) for part in shape.penalties if part.value]
    _define(text, "add_slopes(g, w, extra, j)", slopes, "g")
    _define(text, "penalty_value(w, extra, j)", [], " + ".join(values) or "0.0")
    if shape.groups:
        term, value, factor, shrunk = shape.groups
        text.line(f"FIRST = {shape.rows - 2}\nNEXT = {shape.rows - 1}")
        _define(text, "group_term(w)", [], f"{text.add(term)}(w)")
        _define(text, "group_value_at(total, extra, j)", [], _call(text, value, ["total"], shape.group_rows))
        arguments = ["total", "scale"]
        _define(text, "group_factor_at(total, scale, extra, j)", [], _call(text, factor, arguments, shape.group_rows))
        text.add(shrunk)
        text.add(addition_loops.groups_value, bound=BOUND)
    text.add(addition_loops.add_penalties, bound=BOUND | {"gradient_point"})


def _bind_moves(
    text: Text, rule_scale: FunctionType | None, states: int, rule_numbers: int, shape: Shape, first: int
) -> None:
    changes, proximal = [*shape.before, *shape.after], shape.groups or any(part.prox for part in shape.penalties)
    text.line(f"BEFORE = {len(shape.before)}\nAFTER = {len(shape.after)}\nPROXIMAL = {int(bool(proximal))}")
    if proximal:
        _bind_proximal(text, rule_scale, states, rule_numbers, shape)
    if changes:
        _bind_changes(text, changes, first)


def _bind_proximal(text: Text, rule_scale: FunctionType | None, states: int, rule_numbers: int, shape: Shape) -> None:
    scale = "1.0"
    if shape.needs_scale and rule_scale is not None:
        state = [f"state[{i}][j]" for i in range(states)]
        scale = f"{text.add(rule_scale)}({', '.join([*state, *(f'numbers[{i}]' for i in range(rule_numbers))])})"
    _define(text, "scale_of(state, j, numbers)", [], scale)
    prox = [f"w = {_call(text, part.prox, ['w', 'scale'], part.rows)}" for part in shape.penalties if part.prox]
    _define(text, "prox_of(w, scale, extra, j)", prox, "w")
    if shape.groups:
        text.add(addition_loops.shrink_groups, bound=BOUND)


def _bind_changes(text: Text, changes: list[Change], first: int) -> None:
    text.line(f"CHANGE_SUMS = {max(one.sums for one in changes)}")
    terms, factors, shares, values = [], [], [], []
    for one in changes:
        outs = ", ".join(f"out[{i}]" for i in range(one.sums))
        terms.append(f"{outs} = {text.add(one.term)}(value, theta)" if one.term else "pass")
        numbers = [f"sums[{i}]" for i in range(one.sums)] + [f"numbers[{first + i}]" for i in one.numbers]
        factors.append(f"found = {text.add(one.finish)}({', '.join(numbers)})")
        shares.append(f"found = {text.add(one.share)}(value, factor)")
        values.append(f"found = {text.add(one.apply)}(value, factor)")
    _choose(text, "change_terms(which, value, theta, out)", terms)
    _choose(text, "change_factor(which, sums, numbers)", factors)
    _choose(text, "change_share(which, value, factor)", shares)
    _choose(text, "changed(which, value, factor)", values)
    text.add(addition_loops.change, bound=BOUND)


def _call(text: Text, function: Any, arguments: list[str], rows: range) -> str:
    return f"{text.add(function)}({', '.join([*arguments, *(f'extra[{i}, j]' for i in rows)])})"


def _choose(text: Text, head: str, lines: list[str]) -> None:
    """A function that does the line of number `which`, and returns what that found."""
    body = ["found = 1.0", *(f"if which == {i}:\n        {line}" for i, line in enumerate(lines))]
    _define(text, head, body, "found")


def _define(text: Text, head: str, lines: list[str], result: str) -> None:
    body = "\n    ".join([*lines, f"return {result}"])
    text.define(f"def {head}:\n    {body}\n")
