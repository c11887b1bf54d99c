"""Division by a number that stays the same over a whole loop, without the divider: the same bits.

A step of Adam divides twice by the step's corrections, and the divider is the bottleneck of many processors (where it
is not, `apply.py` finds that out, and divides). With
z = 1 / c, rounded, and z_rest = (1 - z * c) / c, q = x * z + x * z_rest is within one unit in the last place of x / c,
r = x - q * c is exact, and q + r * z, rounded once, is the correctly rounded quotient (Markstein 1990; Handbook of
Floating-Point Arithmetic, section 4.7). That needs fused multiply-adds, used here as exact operations, never as a
contraction of a rule's arithmetic; and x and c in the middle of the range, so that nothing underflows or overflows.
"""

from __future__ import annotations

import ast
import platform
from types import FunctionType
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .generate import _source

FLOAT = ir.DoubleType()
DIVIDENDS = 2.0**-800, 2.0**800  # whose quotients by the divisors below, and their remainders, are normal numbers
DIVISORS = 2.0**-100, 2.0**100


@intrinsic
def quotient(typing_context: Any, x: Any, c: Any) -> Any:
    """x / c, for a usable x and a c among DIVISORS. What depends on c alone is moved out of the loop by LLVM."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, c = arguments
        one = ir.Constant(FLOAT, 1.0)
        z = builder.fdiv(one, c)
        z_rest = builder.fmul(builder.fma(builder.fneg(z), c, one), z)
        q = builder.fma(x, z, builder.fmul(x, z_rest))
        r = builder.fma(builder.fneg(q), c, x)
        zero = builder.fcmp_ordered("==", x, ir.Constant(FLOAT, 0.0))
        return builder.select(zero, x, builder.fma(r, z, q))  # of -0.0 the products would make 0.0

    return types.float64(types.float64, types.float64), code


@intrinsic
def usable(typing_context: Any, x: Any) -> Any:
    """Whether x is 0, or its magnitude is among DIVIDENDS."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (x,) = arguments
        size = builder.call(builder.module.declare_intrinsic("llvm.fabs", [FLOAT]), [x])
        low, high = (ir.Constant(FLOAT, bound) for bound in DIVIDENDS)
        inside = builder.and_(builder.fcmp_ordered(">=", size, low), builder.fcmp_ordered("<=", size, high))
        return builder.or_(inside, builder.fcmp_ordered("==", size, ir.Constant(FLOAT, 0.0)))

    return types.boolean(types.float64), code


@intrinsic
def both(typing_context: Any, a: Any, b: Any) -> Any:
    """a and b, without a branch."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.and_(*arguments)

    return types.boolean(types.boolean, types.boolean), code


def has_fused_multiply_add() -> bool:
    """Whether this processor has the instruction; in software it would be slower than a division."""
    features = llvmlite.binding.get_host_cpu_features()
    return bool(features.get("fma")) or platform.machine() in ("arm64", "aarch64")


def with_quotients(step: FunctionType, numbers: int) -> tuple[str, tuple[int, ...]]:
    """A rule's text with `x / number` written as a quotient, where the number is one of its last `numbers` arguments,
    and which of them are divisors. The function is named `..._by_quotients` and returns one thing more: whether all
    dividends were usable. No divisors, no text."""
    definition = ast.parse(_source(step)).body[0]
    assert isinstance(definition, ast.FunctionDef)
    arguments = [argument.arg for argument in definition.args.args]
    stored = {n.id for n in ast.walk(definition) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    straight = all(isinstance(line, ast.Assign | ast.Return | ast.Expr) for line in definition.body)
    rewriter = _Quotients({name: i for i, name in enumerate(arguments[-numbers:]) if name not in stored})
    if not (numbers and straight):
        return "", ()
    body: list[ast.stmt] = []
    for line in definition.body:
        new_line = rewriter.visit(line)
        body += rewriter.dividends
        rewriter.dividends = []
        body.append(new_line)
    if not rewriter.divisors or not isinstance(body[-1], ast.Return):
        return "", ()
    good = f"usable({rewriter.names[0]})"
    for name in rewriter.names[1:]:
        good = f"both({good}, usable({name}))"
    value = body[-1].value
    assert value is not None
    results = value.elts if isinstance(value, ast.Tuple) else [value]
    body[-1].value = ast.Tuple([*results, ast.parse(good, mode="eval").body], ast.Load())
    definition.body, definition.name = body, f"{definition.name}_by_quotients"
    return ast.unparse(ast.fix_missing_locations(definition)) + "\n", tuple(sorted(set(rewriter.divisors)))


class _Quotients(ast.NodeTransformer):
    """Replaces divisions by numbers; the dividends get names, in lines that must stand before the one visited."""

    def __init__(self, numbers: dict[str, int]):
        self.numbers = numbers
        self.names: list[str] = []
        self.divisors: list[int] = []
        self.dividends: list[ast.stmt] = []

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not (isinstance(node.op, ast.Div) and isinstance(node.right, ast.Name) and node.right.id in self.numbers):
            return node
        name = f"dividend_{len(self.names)}_"
        self.names.append(name)
        self.divisors.append(self.numbers[node.right.id])
        self.dividends.append(ast.Assign([ast.Name(name, ast.Store())], node.left))
        return ast.Call(ast.Name("quotient", ast.Load()), [ast.Name(name, ast.Load()), node.right], [])
