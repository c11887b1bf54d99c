"""What a loop over arrays asks of the processor and of Numba, and has no word of Python for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.errors import TypingError
from numba.extending import intrinsic

FOR_READING, DATA = 0, 1  # llvm.prefetch's arguments: read or write, data or code
INTO_FIRST_LEVEL, INTO_SECOND_LEVEL = 3, 2  # and into which cache


@intrinsic
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Ask for the cache line that holds element `index` (counted in memory) of a contiguous array.

    It changes no result and may be out of bounds: a prefetch never faults.
    """
    return _asked(array, index, INTO_SECOND_LEVEL)


@intrinsic
def prefetch_near(typing_context: Any, array: Any, index: Any) -> Any:
    """The same for what is needed within some hundred instructions: into the nearest cache."""
    return _asked(array, index, INTO_FIRST_LEVEL)


def _asked(array: Any, index: Any, level: int) -> tuple[Any, Callable[..., Any]]:
    if not (isinstance(array, types.Array) and array.layout == "C" and isinstance(index, types.Integer)):
        raise TypingError("prefetch takes a contiguous array and a whole number")

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        found = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = context.cast(builder, arguments[1], signature.args[1], types.intp)
        pointer = builder.bitcast(builder.gep(found.data, [place]), ir.IntType(8).as_pointer())
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, flag, flag, flag])
        function = builder.module.declare_intrinsic("llvm.prefetch", [pointer.type], kind)
        flags = [ir.Constant(flag, value) for value in (FOR_READING, level, DATA)]
        builder.call(function, [pointer, *flags])
        return context.get_dummy_value()

    return types.void(array, index), code


@intrinsic
def lowest_bit(typing_context: Any, word: Any) -> Any:
    """The place of the lowest bit that is set in an int64; 64 if none is."""
    if word != types.int64:
        raise TypingError("lowest_bit takes an int64")

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(word), code


@intrinsic
def count_bits(typing_context: Any, word: Any) -> Any:
    """How many bits of an int64 are set."""
    if word != types.int64:
        raise TypingError("count_bits takes an int64")
    return types.int64(word), lambda context, builder, signature, arguments: builder.ctpop(arguments[0])


@intrinsic
def two_at_once(typing_context: Any) -> Any:
    """In a loop whose body does not branch: LLVM takes two vectors at a time, an instruction of the one after the same
    of the other. A turn of a long body is one chain of instructions that wait for each other, and the processor does
    not look far enough ahead to see the next turn's."""
    return types.none(), _said({"llvm.loop.interleave.count": 2})


@intrinsic
def four_at_once(typing_context: Any) -> Any:
    """In a loop of four turns whose body does not branch: they are done side by side, in vectors. (LLVM would make four
    pieces of it, one after the other, before it looks for vectors.)"""
    words = {"llvm.loop.vectorize.width": 4, "llvm.loop.interleave.count": 1, "llvm.loop.unroll.disable": None}
    return types.none(), _said(words)


_bodies: list[tuple[ir.Block, Mapping[str, int | None]]] = []  # of loops of which something is to be said


def _said(words: Mapping[str, int | None]) -> Callable[..., Any]:
    def remember(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _bodies.append((builder.block, words))
        return context.get_dummy_value()

    return remember


def mark_loops(module: ir.Module) -> None:
    """Say it at the end of the bodies: for a module whose functions are whole."""
    for body, words in [each for each in _bodies if each[0].function.module is module]:
        _bodies.remove((body, words))
        said = [module.add_metadata([word] if n is None else [word, ir.IntType(32)(n)]) for word, n in words.items()]
        body.terminator.set_metadata("llvm.loop", _Loop(module, *said))


class _Loop(ir.values.MDValue):  # type: ignore[misc]
    """A loop's own name, which LLVM wants to be its first operand, and what is said of the loop."""

    def __init__(self, module: ir.Module, *said: Any):
        super().__init__(module, said, name=str(len(module.metadata)))
        self.operands = self, *said

    __eq__ = object.__eq__
    __hash__ = object.__hash__


@intrinsic
def take(typing_context: Any, counter: Any) -> Any:
    """counter[0] <- counter[0] + 1 for an array of int64, whatever other threads do with it. Returns what it was."""
    if not (isinstance(counter, types.Array) and counter.dtype == types.int64):
        raise TypingError("take needs an array of int64")

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        found = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.atomic_rmw("add", found.data, ir.Constant(ir.IntType(64), 1), "monotonic")

    return types.int64(counter), code
