"""What a loop over arrays asks of the processor and of Numba, and has no word of Python for."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.errors import TypingError
from numba.extending import intrinsic

FOR_READING, INTO_SECOND_LEVEL, DATA = 0, 2, 1  # llvm.prefetch's arguments: read or write, locality, data or code


@intrinsic
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Ask for the cache line that holds element `index` (counted in memory) of a contiguous array.

    It changes no result and may be out of bounds: a prefetch never faults.
    """
    if not (isinstance(array, types.Array) and array.layout == "C" and isinstance(index, types.Integer)):
        raise TypingError("prefetch takes a contiguous array and a whole number")

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        found = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = context.cast(builder, arguments[1], signature.args[1], types.intp)
        pointer = builder.bitcast(builder.gep(found.data, [place]), ir.IntType(8).as_pointer())
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, flag, flag, flag])
        function = builder.module.declare_intrinsic("llvm.prefetch", [pointer.type], kind)
        flags = [ir.Constant(flag, value) for value in (FOR_READING, INTO_SECOND_LEVEL, DATA)]
        builder.call(function, [pointer, *flags])
        return context.get_dummy_value()

    return types.void(array, index), code


@intrinsic
def lowest_bit(typing_context: Any, word: Any) -> Any:
    """The place of the lowest bit that is set in an int64 other than 0."""
    if word != types.int64:
        raise TypingError("lowest_bit takes an int64")

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(word), code


@intrinsic
def count_bits(typing_context: Any, word: Any) -> Any:
    """How many bits of an int64 are set."""
    if word != types.int64:
        raise TypingError("count_bits takes an int64")
    return types.int64(word), lambda context, builder, signature, arguments: builder.ctpop(arguments[0])


@intrinsic
def take(typing_context: Any, counter: Any) -> Any:
    """counter[0] <- counter[0] + 1 for an array of int64, whatever other threads do with it. Returns what it was."""
    if not (isinstance(counter, types.Array) and counter.dtype == types.int64):
        raise TypingError("take needs an array of int64")

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        found = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.atomic_rmw("add", found.data, ir.Constant(ir.IntType(64), 1), "monotonic")

    return types.int64(counter), code
