"""Eight rows at a time, in vectors: the two loops of a leaf that LLVM leaves scalar, or half so.

A prediction adds its terms feature by feature, left to right, so one row's sum cannot be cut into lanes. Eight rows'
sums can: each row is a lane. The terms of four features and eight rows are computed in the order in which they lie in
memory, and then turned (transposed), so that each feature's eight terms are added at once. A gradient's sums run over
rows, and each feature is a lane of its own. Every lane does what the law says, in its order; there is no fused
multiply-add and nothing is reassociated. Features in 32 bits are widened as they are read.

While they work, both ask for rows that are needed later (`llvm.prefetch`), some lines at every turn of their loops:
rows of a shuffled epoch lie anywhere, and a processor that is not told waits for each. Rows far ahead are asked for
with their targets, into the second-level cache: not into the first, since far fewer lines can be on their way there
from memory. Gradients ask for eight of them, and scores for the eight rows next to be scored, which have come
meanwhile, into the first level. Where that has no room for them, each of the two asks for half of those far ahead.

Numba's cache does not see an edit of this file: a kernel that imports it must name its text (see `kernels.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic

from .prefetch import DATA, FOR_READING, INTO_FIRST_LEVEL, INTO_SECOND_LEVEL

ROWS, HALF = 8, 4  # of a tile
WIDTH = 4  # features of a tile
LINE = 64  # bytes
DOUBLE = ir.DoubleType()
INDEX = ir.IntType(64)
BYTES = ir.IntType(8).as_pointer()


@intrinsic(prefer_literal=True)
def eight_scores(
    typing_context: Any,
    x: Any,
    target: Any,
    rows: Any,
    i: Any,
    stop: Any,
    means: Any,
    u: Any,
    out: Any,
    at: Any,
    later: Any,
    end: Any,
    level: Any,
) -> Any:
    """out[at:at + 8] <- the sums over features of (x - mean) * u of rows[i], …, rows[i + 7]. Past stop - 1 the last row
    is taken again. Asks for rows from rows[later] on, of which rows[end - 1] is the last: for eight of them into the
    first-level cache, or for four, with their targets, into the second. level: a literal, one of these two."""
    return _of_eight_rows(
        lambda builder, x, m, u: builder.fmul(builder.fsub(x, m), u), x, target, rows, means, u, out, level
    )


@intrinsic(prefer_literal=True)
def eight_lengths(
    typing_context: Any,
    x: Any,
    target: Any,
    rows: Any,
    i: Any,
    stop: Any,
    means: Any,
    u: Any,
    out: Any,
    at: Any,
    later: Any,
    end: Any,
    level: Any,
) -> Any:
    """The same with the squares of (x - mean) * u."""

    def square(builder: Any, x: Any, m: Any, u: Any) -> Any:
        z = builder.fmul(builder.fsub(x, m), u)
        return builder.fmul(z, z)

    return _of_eight_rows(square, x, target, rows, means, u, out, level)


def _of_eight_rows(
    term: Callable[..., Any], x: Any, target: Any, rows: Any, means: Any, u: Any, out: Any, level: Any
) -> Any:
    """Eight rows' sums of term(builder, value, mean, u): the type and the code of an intrinsic."""
    _check(x, means, u, out)
    into = _literal(level, "the level of a cache")

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        tile = _Tile(context, builder, signature, arguments)
        target, rows_at, mean, coefficients, sums = (tile.pointer(k) for k in (1, 2, 5, 6, 7))
        pointers = [tile.row(number) for number in tile.numbers(rows_at, arguments[3], arguments[4], ROWS)]
        wanted = tile.numbers(rows_at, arguments[9], arguments[10], ROWS if into == INTO_FIRST_LEVEL else HALF)
        ask = _Asking(tile, target, wanted, WIDTH, into)
        total = _eight_sums(tile, pointers, (mean, coefficients), partial(term, builder), ask.at_turn)
        ask.for_ends()
        _store(builder, sums, arguments[8], total)
        return context.get_dummy_value()

    place = types.intp
    return types.none(x, target, rows, place, place, means, u, out, place, place, place, level), code


@intrinsic(prefer_literal=True)
def add_rows(
    typing_context: Any,
    x: Any,
    target: Any,
    rows: Any,
    i: Any,
    count: Any,
    means: Any,
    shares: Any,
    at: Any,
    out: Any,
    later: Any,
    end: Any,
    asked: Any,
) -> Any:
    """out <- out + share * (x - mean), row after row, of rows[i], …, with shares[at], …; count is a literal. Asks for
    `asked` rows, a literal, from rows[later] on, of which rows[end - 1] is the last."""
    _check(x, means, shares, out)
    added, wanted = _literal(count, "the number of rows"), _literal(asked, "the number of rows to ask for")

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        tile = _Tile(context, builder, signature, arguments)
        target, rows_at, mean, share_at, sums = (tile.pointer(k) for k in (1, 2, 5, 6, 8))
        pointers, shares = [], []
        for k in range(added):
            place = builder.add(arguments[3], INDEX(k))
            pointers.append(tile.row(builder.load(builder.gep(rows_at, [place]))))
            shares.append(builder.load(builder.gep(share_at, [builder.add(arguments[7], INDEX(k))])))
        numbers = tile.numbers(rows_at, arguments[9], arguments[10], wanted)
        ask = _Asking(tile, target, numbers, ROWS, INTO_SECOND_LEVEL)

        def features(j: Any, width: int) -> None:
            m = _load(builder, mean, j, width)
            total = _load(builder, sums, j, width)
            for pointer, share in zip(pointers, shares):
                x_j = tile.widened(tile.load(pointer, j, width))
                total = builder.fadd(total, builder.fmul(_spread(builder, share, width), builder.fsub(x_j, m)))
            _store(builder, sums, j, total)

        turns = builder.lshr(tile.columns, INDEX(3))
        with cgutils.for_range(builder, turns) as loop:
            j = builder.shl(loop.index, INDEX(3))
            ask.at_turn(j)
            features(j, ROWS)
        done = builder.shl(turns, INDEX(3))
        with builder.if_then(builder.trunc(builder.lshr(tile.columns, INDEX(2)), ir.IntType(1))):
            features(done, WIDTH)
        ask.for_ends()
        done = builder.and_(tile.columns, INDEX(-4))
        with cgutils.for_range(builder, builder.sub(tile.columns, done)) as loop:
            features(builder.add(done, loop.index), 1)
        return context.get_dummy_value()

    place = types.intp
    return types.none(x, target, rows, place, count, means, shares, place, out, place, place, asked), code


@intrinsic
def add_terms_and_squares(
    typing_context: Any,
    x: Any,
    row: Any,
    means: Any,
    u: Any,
    gradient: Any,
    first: Any,
    sums: Any,
    later: Any,
) -> Any:
    """sums[0] <- sums[0] and the terms (x - mean) * u of a row's features from `first` to first + 3, whose u are those
    of an array of four; sums[1] <- sums[1] and the squares of the four of a gradient. Both left to right, and each
    addition is one of two lanes. Asks for the same features of row `later`.

    Four features, not eight: vectors of 512 bits take both of an Intel processor's fast units for additions to be one,
    and the additions, which are what a step waits for, go to slower ones meanwhile. Its caller should have none too.
    """
    _check(x, means, u, gradient, sums)

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        tile = _Tile(context, builder, signature, arguments)
        pointer, (mean, factors, slopes, total) = tile.row(arguments[1]), (tile.pointer(k) for k in (2, 3, 4, 6))
        wanted = builder.bitcast(tile.row(arguments[7]), BYTES)
        _ask(builder, builder.gep(wanted, [builder.mul(arguments[5], INDEX(tile.bytes))]), INTO_SECOND_LEVEL)
        found = _load(builder, total, INDEX(0), 2)
        centred = builder.fsub(
            tile.widened(tile.load(pointer, arguments[5], WIDTH)), _load(builder, mean, arguments[5], WIDTH)
        )
        terms = builder.fmul(centred, _load(builder, factors, INDEX(0), WIDTH))
        slope = _load(builder, slopes, INDEX(0), WIDTH)
        squares = builder.fmul(slope, slope)
        halves = [_made(builder, _shuffle(builder, terms, squares, _pairs(WIDTH, k))) for k in (0, 1)]
        for k in range(WIDTH):
            place, half = k // 2 * 2, halves[k % 2]
            found = builder.fadd(found, _shuffle(builder, half, half, [place, place + 1]))
        _store(builder, total, INDEX(0), found)
        return context.get_dummy_value()

    place = types.intp
    return types.none(x, place, means, u, gradient, place, sums, place), code


def _literal(kind: Any, what: str) -> int:
    if not isinstance(kind, types.IntegerLiteral):
        raise TypingError(f"{what} is a literal")
    return int(kind.literal_value)


def _check(x: Any, *vectors: Any) -> None:
    if not (isinstance(x, types.Array) and x.ndim == 2 and x.layout == "C" and isinstance(x.dtype, types.Float)):
        raise TypingError("features are a float64 or float32 array in C order")
    if any(not isinstance(v, types.Array) or v.layout != "C" or v.dtype != types.float64 for v in vectors):
        raise TypingError("means, coefficients and sums are contiguous vectors of float64")


class _Tile:
    """The features of some rows, in code."""

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any):
        self.context, self.builder, self.signature, self.arguments = context, builder, signature, arguments
        x = context.make_array(signature.args[0])(context, builder, arguments[0])
        self.data, self.columns = x.data, builder.extract_value(x.shape, 1)
        self.kind = self.data.type.pointee
        self.bytes = signature.args[0].dtype.bitwidth // 8

    def pointer(self, k: int) -> Any:
        """Where the vector that is argument k begins."""
        return self.context.make_array(self.signature.args[k])(self.context, self.builder, self.arguments[k]).data

    def row(self, number: Any) -> Any:
        return self.builder.gep(self.data, [self.builder.mul(number, self.columns)])

    def load(self, row: Any, j: Any, width: int) -> Any:
        return _load(self.builder, row, j, width)

    def widened(self, values: Any) -> Any:
        if self.kind == DOUBLE:
            return values
        return self.builder.fpext(values, ir.VectorType(DOUBLE, values.type.count))

    def numbers(self, rows_at: Any, first: Any, stop: Any, count: int) -> list[Any]:
        """The numbers of `count` rows from place `first` on; past stop - 1 the last one again."""
        builder, last, found = self.builder, self.builder.sub(stop, INDEX(1)), []
        for k in range(count):
            place = builder.add(first, INDEX(k))
            place = builder.select(builder.icmp_signed("<", place, last), place, last)
            found.append(builder.load(builder.gep(rows_at, [place])))
        return found


class _Asking:
    """Asks for rows, in code, while a loop goes through the features in turns of `width`: into one level of caches; if
    it is the second, for their targets too."""

    def __init__(self, tile: _Tile, target: Any, numbers: Sequence[Any], width: int, level: int):
        self.tile, self.width, self.level = tile, width, level
        self.rows = [tile.row(number) for number in numbers]
        for number in numbers if level == INTO_SECOND_LEVEL else ():
            _ask(tile.builder, tile.builder.gep(target, [number]), level)

    def at_turn(self, j: Any) -> None:
        """Ask for the lines from feature j on; if a line has more features than a turn, of a part of the rows each."""
        tile, builder, rows = self.tile, self.tile.builder, self.rows
        at = builder.mul(j, INDEX(tile.bytes))
        turns = LINE // (self.width * tile.bytes)
        if turns > 1:
            turn = builder.and_(builder.udiv(j, INDEX(self.width)), INDEX(turns - 1))
            at = builder.sub(at, builder.mul(turn, INDEX(self.width * tile.bytes)))
            each = -(-len(rows) // turns)
            rows = [self._chosen(turn, rows[k::each]) for k in range(each)]
        for row in rows:
            _ask(builder, builder.gep(builder.bitcast(row, BYTES), [at]), self.level)

    def for_ends(self) -> None:
        """Ask for the line in which each of the rows ends: the last turn may not have come to it."""
        builder = self.tile.builder
        for row in self.rows:
            _ask(builder, builder.gep(row, [builder.sub(self.tile.columns, INDEX(1))]), self.level)

    def _chosen(self, turn: Any, rows: Sequence[Any]) -> Any:
        found = rows[0]
        for k, row in enumerate(rows[1:], start=1):
            found = self.tile.builder.select(self.tile.builder.icmp_unsigned("==", turn, INDEX(k)), row, found)
        return found


def _eight_sums(
    tile: _Tile, pointers: Sequence[Any], vectors: Sequence[Any], term: Callable[..., Any], at_turn: Callable[..., None]
) -> Any:
    """Eight rows' sums of term(value, entries of the vectors), feature by feature; at_turn(j) is for every fourth."""
    builder = tile.builder
    zero = ir.Constant(ir.VectorType(DOUBLE, ROWS), [0.0] * ROWS)
    total = cgutils.alloca_once_value(builder, zero)  # type: ignore[no-untyped-call]
    turns = builder.lshr(tile.columns, INDEX(2))
    with cgutils.for_range(builder, turns) as loop:
        j = builder.shl(loop.index, INDEX(2))
        at_turn(j)
        entries = [_twice(builder, _load(builder, vector, j, WIDTH)) for vector in vectors]
        terms = []
        for k in range(ROWS // 2):
            pair = _joined(builder, *(tile.load(pointers[r], j, WIDTH) for r in (k, k + ROWS // 2)))
            terms.append(term(tile.widened(pair), *entries))
        for feature in _turned(builder, terms):
            builder.store(builder.fadd(builder.load(total), feature), total)
    done = builder.shl(turns, INDEX(2))
    with cgutils.for_range(builder, builder.sub(tile.columns, done)) as loop:
        j = builder.add(done, loop.index)
        gathered = ir.Constant(ir.VectorType(tile.kind, ROWS), ir.Undefined)
        for k, pointer in enumerate(pointers):
            value = builder.load(builder.gep(pointer, [j]))
            gathered = builder.insert_element(gathered, value, ir.IntType(32)(k))
        entries = [_spread(builder, builder.load(builder.gep(vector, [j])), ROWS) for vector in vectors]
        builder.store(builder.fadd(builder.load(total), term(tile.widened(gathered), *entries)), total)
    return builder.load(total)


def _ask(builder: Any, pointer: Any, level: int) -> None:
    """Ask for the line of this byte: to be read, into this cache."""
    kind = ir.FunctionType(ir.VoidType(), [BYTES, *[ir.IntType(32)] * 3])
    function = builder.module.declare_intrinsic("llvm.prefetch", [BYTES], kind)
    flags = [ir.IntType(32)(k) for k in (FOR_READING, level, DATA)]
    builder.call(function, [builder.bitcast(pointer, BYTES), *flags])


def _load(builder: Any, pointer: Any, j: Any, width: int) -> Any:
    kind = pointer.type.pointee
    at = builder.bitcast(builder.gep(pointer, [j]), ir.VectorType(kind, width).as_pointer())
    return builder.load(at, align=4 if kind != DOUBLE else 8)


def _store(builder: Any, pointer: Any, j: Any, value: Any) -> None:
    builder.store(value, builder.bitcast(builder.gep(pointer, [j]), value.type.as_pointer()), align=8)


def _shuffle(builder: Any, a: Any, b: Any, mask: Sequence[int]) -> Any:
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), len(mask)), list(mask)))


def _joined(builder: Any, a: Any, b: Any) -> Any:
    return _shuffle(builder, a, b, range(2 * WIDTH))


def _twice(builder: Any, a: Any) -> Any:
    return _shuffle(builder, a, a, [*range(WIDTH)] * 2)


def _pairs(width: int, first: int) -> list[int]:
    """Which entries make pairs of two vectors' entries `first`, `first` + 2, …"""
    return [place for k in range(first, width, 2) for place in (k, width + k)]


def _made(builder: Any, values: Any) -> Any:
    """The values, of which LLVM must not make others: it would take a shuffle apart into more of half the width."""
    kind, name = values.type, f"llvm.arithmetic.fence.v{values.type.count}f64"
    function = builder.module.globals.get(name) or ir.Function(builder.module, ir.FunctionType(kind, [kind]), name)
    return builder.call(function, [values])


def _spread(builder: Any, value: Any, width: int) -> Any:
    """The value in every lane."""
    one = builder.insert_element(ir.Constant(ir.VectorType(value.type, width), ir.Undefined), value, ir.IntType(32)(0))
    return _shuffle(builder, one, one, [0] * width)


def _turned(builder: Any, pairs: Sequence[Any]) -> list[Any]:
    """From four vectors, of rows k and k + 4 with four features each, to four features' vectors of eight rows."""
    a, b, c, d = pairs
    first, last = [0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15]
    ab, cd = ([_shuffle(builder, *two, _pairs(ROWS, k)) for k in (0, 1)] for two in ((a, b), (c, d)))
    return [_shuffle(builder, ab[k], cd[k], mask) for mask in (first, last) for k in (0, 1)]
