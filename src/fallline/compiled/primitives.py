"""The primitives of `fallline.scalar` for Numba: a few LLVM instructions each and no branch, so that loops vectorise.

A generated kernel imports these and pastes the text of the other functions. Numba's cache does not see an edit of this
file: its source belongs in the hash that names a kernel.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

FLOAT = ir.DoubleType()
BITS = ir.IntType(64)
EXPONENT_BIAS = 1023
FRACTION_MASK = (1 << 52) - 1
TWO_TO_52 = 4503599627370496.0  # the bits of 2**52 + n are those of 2**52, plus n


def _unary(emit: Any) -> Any:
    """A typing function for one float, with emit(builder, x) as its code; any number is widened to float64 first."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return emit(builder, arguments[0])

    return types.float64(types.float64), code


@intrinsic
def sqrt(typing_context: Any, x: Any) -> Any:
    """The processor's square root: correctly rounded, NaN below zero."""

    def emit(builder: Any, value: Any) -> Any:
        return builder.call(builder.module.declare_intrinsic("llvm.sqrt", [FLOAT]), [value])

    return _unary(emit)


@intrinsic
def where(typing_context: Any, condition: Any, a: Any, b: Any) -> Any:
    """A select: no branch, whatever stands on either side."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(*arguments)

    return types.float64(types.boolean, types.float64, types.float64), code


@intrinsic
def power_of_two(typing_context: Any, k: Any) -> Any:
    """2**k for an integral float from -1022 to 1023: k + 1023 comes to stand in the last bits, and is shifted up."""

    def emit(builder: Any, value: Any) -> Any:
        shifted = builder.fadd(value, ir.Constant(FLOAT, 1.5 * TWO_TO_52 + EXPONENT_BIAS))
        bits = builder.shl(builder.bitcast(shifted, BITS), ir.Constant(BITS, 52))
        return builder.bitcast(bits, FLOAT)

    return _unary(emit)


@intrinsic
def exponent_of(typing_context: Any, x: Any) -> Any:
    """The exponent of a positive, normal, finite float, made a float without a conversion (AVX2 has none)."""

    def emit(builder: Any, value: Any) -> Any:
        exponent = builder.lshr(builder.bitcast(value, BITS), ir.Constant(BITS, 52))
        carried = builder.or_(exponent, builder.bitcast(ir.Constant(FLOAT, TWO_TO_52), BITS))
        return builder.fsub(builder.bitcast(carried, FLOAT), ir.Constant(FLOAT, TWO_TO_52 + EXPONENT_BIAS))

    return _unary(emit)


@intrinsic
def fraction_of(typing_context: Any, x: Any) -> Any:
    """The fraction, in [1, 2), of a positive, normal, finite float: its bits under the exponent of 1.0."""

    def emit(builder: Any, value: Any) -> Any:
        fraction = builder.and_(builder.bitcast(value, BITS), ir.Constant(BITS, FRACTION_MASK))
        bits = builder.or_(fraction, ir.Constant(BITS, EXPONENT_BIAS << 52))
        return builder.bitcast(bits, FLOAT)

    return _unary(emit)
