"""Reading and writing entries of vectors that do not overlap, and are known not to; and the largest of many values.

In a loop over several vectors LLVM must know that a store into one does not change another. It compares their
addresses before the loop, but gives up (and the loop stays scalar) when more than four of them are written; Numba has
no word for it. So each access says to which of the vectors of its loop it belongs. The promise goes beyond the loop: a
vector that two loops write and read by different numbers is, to LLVM, two vectors. One of them must do it by an index.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from llvmlite.binding import llvm_version_info
from numba import types
from numba.core.errors import TypingError
from numba.extending import intrinsic

VECTORS = 24  # in a loop, at most
KNOWS_SCATTER = (17, 0, 0)  # the first LLVM that can be told not to take it


@intrinsic(prefer_literal=True)
def read(typing_context: Any, vector: Any, j: Any, number: Any) -> Any:
    """Entry j >= 0 of vector `number` of the loop, a float widened to float64."""
    kind = _checked(vector, number)

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature, arguments)
        value = builder.load(pointer)
        _mark(builder.module, value, number.literal_value)
        return context.cast(builder, value, vector.dtype, kind)

    return kind(vector, types.intp, number), code  # Numba keeps one code for each signature: the number is part of it


@intrinsic(prefer_literal=True)
def write(typing_context: Any, vector: Any, j: Any, number: Any, value: Any) -> Any:
    """vector[j] <- value, rounded if the vector is float32, for j >= 0 and vector `number` of the loop. Returns what
    has been written, a float in the vector's own type."""
    kind = _checked(vector, number)
    returned = vector.dtype if isinstance(vector.dtype, types.Float) else kind

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature, arguments)
        stored = context.cast(builder, arguments[3], kind, vector.dtype)
        _mark(builder.module, builder.store(stored, pointer), number.literal_value)
        return context.cast(builder, stored, vector.dtype, returned)

    return returned(vector, types.intp, number, kind), code


@intrinsic
def magnitude_bits(typing_context: Any, x: Any) -> Any:
    """The bits of abs(x) as a whole number of as many bits: they grow with abs(x), and are largest for infinity, and
    then NaN."""
    whole: Any = types.int32 if x == types.float32 else types.int64

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.IntType(whole.bitwidth)
        return builder.and_(builder.bitcast(arguments[0], kind), ir.Constant(kind, (1 << whole.bitwidth - 1) - 1))

    return whole(types.float32 if x == types.float32 else types.float64), code


@intrinsic
def bits_unless_finite(typing_context: Any, x: Any) -> Any:
    """0 for a finite float64, else another int64: x - x is 0.0 or NaN."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(builder.fsub(arguments[0], arguments[0]), ir.IntType(64))

    return types.int64(types.float64), code


@intrinsic
def no_bits(typing_context: Any, vector: Any) -> Any:
    """The `magnitude_bits` of a 0.0 of this vector."""
    whole: Any = types.int32 if vector.dtype == types.float32 else types.int64
    return whole(vector), lambda context, builder, signature, arguments: ir.Constant(ir.IntType(whole.bitwidth), 0)


@intrinsic
def are_infinite(typing_context: Any, bits: Any) -> Any:
    """Whether `magnitude_bits` are those of infinity or NaN."""
    if bits not in (types.int32, types.int64):
        raise TypingError("are_infinite takes magnitude_bits")
    infinity = 0x7F800000 if bits == types.int32 else 0x7FF0000000000000

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.icmp_signed(">=", arguments[0], ir.Constant(ir.IntType(bits.bitwidth), infinity))

    return types.boolean(bits), code


@intrinsic(prefer_literal=True)
def in_vectors_of(typing_context: Any, bits: Any) -> Any:
    """Let LLVM take vectors of so many bits, a literal, in the function that calls this, where the processor has them:
    what it takes otherwise depends on the processor's kind."""
    if not isinstance(bits, types.IntegerLiteral):
        raise TypingError("the width of vectors is a literal")

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _say(builder, "prefer-vector-width", str(bits.literal_value))
        return context.get_dummy_value()

    return types.none(bits), code


@intrinsic
def without_scatter(typing_context: Any) -> Any:
    """In the kernel that calls this, let a vector go to places that lie anywhere by one store after the other: LLVM
    takes a scatter instruction where the processor has one, and those are slower."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        triple, _, features = context.codegen().magic_tuple()
        if triple.startswith("x86_64") and llvm_version_info >= KNOWS_SCATTER:
            _say(builder, "target-features", f"{features},+prefer-no-scatter")
        return context.get_dummy_value()

    return types.none(), code


def _say(builder: Any, word: str, value: str) -> None:
    """Tell LLVM so of the function that is being made: llvmlite's own `add` knows no such words."""
    set.add(builder.function.attributes, f'"{word}"="{value}"')


def _checked(vector: Any, number: Any) -> Any:
    if not (isinstance(vector, types.Array) and vector.layout == "C" and vector.ndim == 1):
        raise TypingError("read and write take contiguous vectors")
    if not (isinstance(number, types.IntegerLiteral) and 0 <= number.literal_value < VECTORS):
        raise TypingError(f"the number of a vector is a literal below {VECTORS}")
    return types.float64 if isinstance(vector.dtype, types.Float) else types.intp


def _pointer(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]], inbounds=True)


def _mark(module: ir.Module, instruction: Any, number: int) -> None:
    """Say that the access is to this vector, and to none of the others."""
    domain = module.add_metadata([ir.MetaDataString(module, "fallline")])
    scopes = [module.add_metadata([ir.MetaDataString(module, f"vector {i}"), domain]) for i in range(VECTORS)]
    instruction.set_metadata("alias.scope", module.add_metadata([scopes[number]]))
    instruction.set_metadata("noalias", module.add_metadata([s for i, s in enumerate(scopes) if i != number]))
