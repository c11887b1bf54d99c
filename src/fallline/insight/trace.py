"""A scalar function's text with its numbers put in: `m = beta1 * m + (1 - beta1) * g = 0.9 * 0 + (1 - 0.9) * -62 =
-6.2`.

Rules and losses are straight lines of assignments and one return, so their source can be read and worked out line by
line, in the same arithmetic as the real step. No rule or loss is known here by name.
"""

from __future__ import annotations

import ast
import inspect
import operator
import textwrap
from collections.abc import Callable
from typing import Any, NamedTuple

OPERATORS: dict[type, tuple[str, Callable[..., Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.Lt: ("<", operator.lt),
    ast.Gt: (">", operator.gt),
    ast.LtE: ("<=", operator.le),
    ast.GtE: (">=", operator.ge),
    ast.Eq: ("==", operator.eq),
}
TIGHT = (ast.Mult, ast.Div)


class Line(NamedTuple):
    """One line of a function: the name it sets (or that part of the result), its text, with numbers, its value."""

    name: str
    text: str
    numbers: str
    value: float


def number(value: float) -> str:
    """A number for people: six significant digits, and no more than it needs."""
    return f"{value:.6g}"


def trace(function: Callable[..., Any], arguments: dict[str, float], results: tuple[str, ...]) -> list[Line]:
    """Every line of the function worked out for these arguments; the last lines are the parts of its result, which have
    the names in `results`. A part that an earlier line has set is not repeated."""
    definition = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(definition, ast.FunctionDef)
    values: dict[str, Any] = {**function.__globals__, **arguments}
    lines = []
    for statement in definition.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            lines.append(_line(name, statement.value, values))
            values[name] = lines[-1].value
        elif isinstance(statement, ast.Return) and statement.value is not None:
            result = statement.value
            parts = result.elts if isinstance(result, ast.Tuple) else [result]
            named = zip(results, parts, strict=True)
            lines += [_line(name, part, values) for name, part in named if not isinstance(part, ast.Name)]
        elif not isinstance(statement, ast.Expr):
            raise TypeError(f"{function.__name__}: only assignments and one return can be traced")
    return lines


def _line(name: str, expression: ast.expr, values: dict[str, Any]) -> Line:
    numbers, value = _worked(expression, values)
    return Line(name, ast.unparse(expression), numbers, value)


def _worked(node: ast.expr, values: dict[str, Any]) -> tuple[str, Any]:
    """An expression with its numbers put in, and its value."""
    if isinstance(node, ast.Constant):
        return number(float(node.value)) if isinstance(node.value, float) else str(node.value), node.value
    if isinstance(node, ast.Name):
        return number(values[node.id]), values[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        text, value = _worked(node.operand, values)
        return f"-{_bracketed(node.operand, text)}", -value
    if isinstance(node, ast.BinOp):
        symbol, apply = OPERATORS[type(node.op)]
        left, right = _worked(node.left, values), _worked(node.right, values)
        loose_left = isinstance(node.op, TIGHT) and _is_sum(node.left)
        loose_right = (_is_sum(node.right) and not isinstance(node.op, ast.Add)) or _is_compound_divisor(node)
        texts = (f"({left[0]})" if loose_left else left[0], f"({right[0]})" if loose_right else right[0])
        return f"{texts[0]} {symbol} {texts[1]}", apply(left[1], right[1])
    if isinstance(node, ast.Compare):
        symbol, apply = OPERATORS[type(node.ops[0])]
        left, right = _worked(node.left, values), _worked(node.comparators[0], values)
        return f"{left[0]} {symbol} {right[0]}", apply(left[1], right[1])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        arguments = [_worked(argument, values) for argument in node.args]
        function = values.get(node.func.id, abs if node.func.id == "abs" else None)
        if function is None:
            raise TypeError(f"{node.func.id} is no function of the vocabulary")
        return f"{node.func.id}({', '.join(text for text, _ in arguments)})", function(
            *(value for _, value in arguments)
        )
    raise TypeError(f"{ast.unparse(node)} cannot be traced")


def _is_sum(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def _is_compound_divisor(node: ast.BinOp) -> bool:
    return isinstance(node.op, TIGHT) and isinstance(node.right, ast.BinOp)


def _bracketed(node: ast.expr, text: str) -> str:
    return f"({text})" if isinstance(node, ast.BinOp) else text
