"""Room for arrays that a kernel makes, and the smaller and larger of two whole numbers: `np.empty`, `min` and `max`.

Numba compiles each of its own for each types of arguments, to machine code of its own, before it inlines it: 0.02 to
0.06 s a piece, of the four that a first fit may take. These are a few instructions where they stand.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

ALIGNMENT = 64  # bytes: a cache line, and the widest vector


@intrinsic
def floats(typing_context: Any, shape: Any) -> Any:
    """`np.empty(shape)`, for a whole number or a tuple of them."""
    return _array(types.float64, shape, cleared=False)


@intrinsic
def zeroed_floats(typing_context: Any, shape: Any) -> Any:
    """`np.zeros(shape)`."""
    return _array(types.float64, shape, cleared=True)


@intrinsic
def integers(typing_context: Any, shape: Any) -> Any:
    """`np.empty(shape, dtype=np.int64)`."""
    return _array(types.int64, shape, cleared=False)


@intrinsic
def short_integers(typing_context: Any, shape: Any) -> Any:
    """`np.empty(shape, dtype=np.int32)`."""
    return _array(types.int32, shape, cleared=False)


@intrinsic
def smaller(typing_context: Any, a: Any, b: Any) -> Any:
    """min(a, b) of whole numbers."""
    return _chosen("<", a, b)


@intrinsic
def larger(typing_context: Any, a: Any, b: Any) -> Any:
    """max(a, b) of whole numbers."""
    return _chosen(">", a, b)


@intrinsic
def four_floats(typing_context: Any) -> Any:
    """Room for four floats in the function that calls this. Where all of it is read and written at places that LLVM
    knows, they are never in memory, but in registers."""
    made = types.Array(types.float64, 1, "C")

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        room = cgutils.alloca_once(builder, ir.ArrayType(ir.DoubleType(), 4))  # type: ignore[no-untyped-call]
        length, size = context.get_constant(types.intp, 4), context.get_constant(types.intp, 8)
        array = make_array(made)(context, builder)  # type: ignore[no-untyped-call]
        data = builder.bitcast(room, ir.DoubleType().as_pointer())
        sides = cgutils.pack_array(builder, [length]), cgutils.pack_array(builder, [size])  # type: ignore[no-untyped-call]
        populate_array(array, data=data, shape=sides[0], strides=sides[1], itemsize=size, meminfo=None)  # type: ignore[no-untyped-call]
        return array._getvalue()

    return made(), code


ALLOCATORS = floats, zeroed_floats, integers, short_integers


def _array(kind: Any, shape: Any, cleared: bool) -> Any:
    sides = tuple(shape.types) if isinstance(shape, types.BaseTuple) else (shape,)  # type: ignore[attr-defined]
    if not all(isinstance(side, types.Integer) for side in sides):
        raise TypingError("a shape is a whole number, or a tuple of them")
    made = types.Array(kind, len(sides), "C")

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (given,) = arguments
        values = cgutils.unpack_tuple(builder, given) if isinstance(shape, types.BaseTuple) else [given]  # type: ignore[no-untyped-call]
        lengths = [context.cast(builder, value, side, types.intp) for value, side in zip(values, sides, strict=True)]
        size = context.get_constant(types.intp, kind.bitwidth // 8)
        strides = [size]
        for length in reversed(lengths):
            strides.insert(0, builder.mul(strides[0], length))
        alignment = context.get_constant(types.uint32, ALIGNMENT)
        memory = context.nrt.meminfo_alloc_aligned(builder, strides[0], alignment)
        data = context.nrt.meminfo_data(builder, memory)
        if cleared:
            cgutils.memset(builder, data, strides[0], 0)  # type: ignore[no-untyped-call]
        array = make_array(made)(context, builder)  # type: ignore[no-untyped-call]
        populate_array(  # type: ignore[no-untyped-call]
            array,
            data=builder.bitcast(data, context.get_data_type(kind).as_pointer()),
            shape=cgutils.pack_array(builder, lengths),  # type: ignore[no-untyped-call]
            strides=cgutils.pack_array(builder, strides[1:]),  # type: ignore[no-untyped-call]
            itemsize=size,
            meminfo=memory,
        )
        return array._getvalue()

    return made(shape), code


def _chosen(sign: str, a: Any, b: Any) -> Any:
    if not (isinstance(a, types.Integer) and isinstance(b, types.Integer)):
        raise TypingError("min and max are for two whole numbers here; `minimum` and `maximum` for two floats")

    whole: Any = types.int32 if a == b == types.int32 else types.int64

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        left = context.cast(builder, arguments[0], a, whole)
        right = context.cast(builder, arguments[1], b, whole)
        return builder.select(builder.icmp_signed(sign, right, left), right, left)

    return whole(a, b), code
