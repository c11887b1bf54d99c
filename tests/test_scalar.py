"""The vocabulary of arithmetic: accurate, total, and the same bytes in plain Python, Numba and NumPy."""

from __future__ import annotations

import inspect
import math
import random
import struct
from collections.abc import Callable
from typing import Any

import mpmath
import numba
import numpy as np
import pytest

from fallline import scalar
from fallline.compiled import primitives

UNARY = ("sign", "exp", "log", "log1p", "tanh", "cos")
BINARY = ("maximum", "minimum")
TEXTS = (
    *BINARY,
    "sign",
    "exp_beyond",
    "exp",
    "log_of_parts",
    "log",
    "log1p",
    "tanh",
    "cos_of_parts",
    "sin_of_parts",
    "cos",
)
TEXTS += ("product_rest", "log_in_parts", "exp_of_parts", "power", "integer_power")
CONSTANTS = {name: value for name, value in vars(scalar).items() if isinstance(value, float)}
INFINITY, NAN = math.inf, math.nan
LARGEST, SMALLEST_NORMAL, SMALLEST = 1.7976931348623157e308, 2.0**-1022, 5e-324
NOTABLE = (0.0, SMALLEST, 1e-310, SMALLEST_NORMAL, 2.0**-54, 2.0**-53, 2.0**-52, 0.5, 1.0, 2.0, LARGEST, INFINITY)
NOTABLE += (709.782712893384, 709.7827128933841, 710.0, 745.1332191019411, 745.1332191019412, 746.0, math.sqrt(2.0))
NOTABLE += (math.sqrt(0.5), 1.0 - 2.0**-53, 1.0 + 2.0**-52, math.log(2.0), math.log(2.0) / 2.0, 708.3964185322641)
SPECIALS = (*NOTABLE, *(-x for x in NOTABLE), NAN)

PLAIN = {name: getattr(scalar, name) for name in scalar.PRIMITIVES}
NUMBA = {name: getattr(primitives, name) for name in scalar.PRIMITIVES}
NUMPY: dict[str, Callable[..., Any]] = {
    "sqrt": np.sqrt,
    "where": np.where,
    "power_of_two": lambda k: np.ldexp(1.0, k.astype(np.int64)),
    "exponent_of": lambda x: np.frexp(x)[1] - 1.0,
    "fraction_of": lambda x: np.frexp(x)[0] * 2.0,
}


def bind(bindings: dict[str, Any], decorate: Callable[[Any], Any] = lambda function: function) -> dict[str, Any]:
    """The text of every function of the vocabulary, run over other primitives."""
    names: dict[str, Any] = {**CONSTANTS, **bindings}
    for name in TEXTS:
        exec("from __future__ import annotations\n" + inspect.getsource(getattr(scalar, name)), names)
        names[name] = decorate(names[name])
    return names


def over_arrays(function: Any, arguments: int) -> Any:
    """A compiled loop that applies a compiled function to one array or two."""
    if arguments == 1:

        def loop(x: Any, out: Any) -> None:
            for i in range(x.shape[0]):
                out[i] = function(x[i])
    else:

        def loop(x: Any, y: Any, out: Any) -> None:  # type: ignore[misc]
            for i in range(x.shape[0]):
                out[i] = function(x[i], y[i])

    return numba.njit(error_model="numpy")(loop)


@pytest.fixture(scope="module")
def compiled() -> dict[str, Any]:
    names = bind(NUMBA, numba.njit(forceinline=True, error_model="numpy"))
    ones, twos = (*UNARY, "sqrt"), (*BINARY, "power")
    loops = {name: over_arrays(names[name], 1 if name in ones else 2) for name in (*ones, *twos)}
    return {**loops, "integer_power": over_arrays(names["integer_power"], 2)}


@pytest.fixture
def source() -> random.Random:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


def any_floats(source: random.Random, count: int) -> list[float]:
    """Half of any bits at all, half of the sizes that occur; and the special ones."""
    wild = [struct.unpack("<d", source.randbytes(8))[0] for _ in range(count // 2)]
    usual = [source.choice((-1.0, 1.0)) * 2.0 ** source.uniform(-60.0, 10.0) for _ in range(count // 4)]
    near = [source.uniform(-2.0, 3.0) for _ in range(count // 4)]
    return [*wild, *usual, *near, *SPECIALS]


def same_bytes(a: Any, b: Any) -> bool:
    """Equal bytes, any NaN counting as any other (its sign and payload mean nothing)."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    both_nan = np.isnan(a) & np.isnan(b)
    return bool(np.all(both_nan | (a.view(np.int64) == b.view(np.int64))))


def ulps(got: float, exact: Any) -> float:
    """The error in units in the last place of the exact result; overflow is right from halfway to 2**1024 on."""
    if math.isinf(got):
        return 0.0 if abs(exact) >= mpmath.mpf(2) ** 1024 - mpmath.mpf(2) ** 970 else INFINITY
    exponent = max(mpmath.frexp(exact)[1] - 1, -1022)
    return float(abs(mpmath.mpf(got) - exact) / mpmath.mpf(2) ** (exponent - 52))


def points(name: str, source: random.Random) -> list[float]:
    """Arguments with a finite exact result, over the whole range of a function."""
    some = range(500)
    subnormal = [source.randrange(1, 2**52) * SMALLEST for _ in some]
    small = [source.choice((-1.0, 1.0)) * 2.0 ** source.uniform(-1074.0, 0.0) for _ in some]
    positive = [x for x in map(abs, any_floats(source, 1000)) if 0.0 < x < INFINITY]
    if name == "exp":
        whole = [source.uniform(-745.2, 709.8) for _ in range(1500)]
        return [*whole, *small, *subnormal, *(source.uniform(-745.2, -708.3) for _ in some)]
    if name == "log":
        return [*positive, *subnormal, *(source.uniform(0.5, 2.0) for _ in some), *(1.0 + x for x in small if x > -1.0)]
    if name == "tanh":
        middle = [source.choice((-1.0, 1.0)) * 2.0 ** source.uniform(-30.0, 5.0) for _ in range(3000)]
        return [*middle, *small, *subnormal, *(source.uniform(-23.0, 23.0) for _ in some), *positive]
    if name == "cos":
        multiples = [float(source.randrange(2 ** source.randrange(1, 29)) * mpmath.pi / 2) for _ in some]
        sizes = [source.choice((-1.0, 1.0)) * 2.0 ** source.uniform(-30.0, 29.0) for _ in range(1500)]
        turns = [source.uniform(-10.0, 10.0) for _ in some]
        return [*multiples, *sizes, *turns, *small, *subnormal, scalar.COS_HIGHEST, -scalar.COS_HIGHEST]
    below_one = [-1.0 + 2.0 ** source.uniform(-53.0, 0.0) for _ in some]
    return [*positive, *subnormal, *small, *below_one, *(source.uniform(-0.5, 1.0) for _ in some)]


@pytest.mark.parametrize("name", ["exp", "log", "log1p", "cos", "tanh"])
def test_accuracy(name: str, source: random.Random) -> None:
    """exp, log, log1p and cos err by less than one unit in the last place, tanh by less than two, with subnormal
    arguments and results."""
    function, exactly = getattr(scalar, name), getattr(mpmath, name)
    worst, where = 0.0, NAN
    with mpmath.workprec(160):
        for x in points(name, source):
            if name in ("log1p", "tanh") and abs(x) < 2.0**-80:
                exact = mpmath.mpf(x)  # what is left out is far below the last place
            elif x == 1.0 and name == "log":
                continue
            else:
                exact = exactly(mpmath.mpf(x))
            error = ulps(function(x), exact)
            if not error <= worst:
                worst, where = error, x
    assert worst < (2.0 if name == "tanh" else 1.0), f"{name}({where!r}) errs by {worst} ulp"


def pairs_for_power(source: random.Random) -> list[tuple[float, float]]:
    """Bases and exponents with a finite result: near 1, of any bits, of any size of the result, and the usual ones."""
    some = range(700)
    near = [1.0 + source.choice((-1.0, 1.0)) * 2.0 ** source.uniform(-52.0, -1.0) for _ in some]
    wild = [x for x in map(abs, any_floats(source, 1400)) if 0.0 < x < INFINITY]
    usual = [(source.uniform(0.0, 2.0), source.uniform(-3.0, 3.0)) for _ in some]
    whole = [(source.uniform(0.01, 100.0), float(source.randrange(-99, 99))) for _ in some]
    scaled = [(x, source.uniform(-745.0, 709.7) / math.log(x)) for x in [*near, *wild] if x != 1.0]
    return [*usual, *whole, *scaled, *((x, source.choice((-1.0, 0.5, 1.0, 2.0))) for x in wild)]


def test_accuracy_of_power(source: random.Random) -> None:
    """power errs by less than two units in the last place, with the largest and with subnormal results."""
    worst, at = 0.0, (NAN, NAN)
    with mpmath.workprec(200):
        for x, y in pairs_for_power(source):
            error = ulps(scalar.power(x, y), mpmath.power(mpmath.mpf(x), mpmath.mpf(y)))
            if not error <= worst:
                worst, at = error, (x, y)
    assert worst < 2.0, f"power{at} errs by {worst} ulp"


def test_accuracy_of_integer_power(source: random.Random) -> None:
    """integer_power errs by less than one unit in the last place for each factor."""
    with mpmath.workprec(200):
        for _ in range(2000):
            b, n = source.uniform(-4.0, 4.0), source.randrange(-99, 100)
            assert ulps(scalar.integer_power(b, n), mpmath.mpf(b) ** n) <= abs(n), (b, n)


def test_same_bytes_of_power(source: random.Random, compiled: dict[str, Any]) -> None:
    """power agrees everywhere too, and plain Python never raises, for every pair of special floats among others."""
    pairs = [(a, b) for a in SPECIALS for b in SPECIALS] + pairs_for_power(source)
    pairs += list(zip(any_floats(source, 4000), any_floats(source, 4000), strict=True))
    plain = [scalar.power(a, b) for a, b in pairs]
    x, y, out = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs]), np.empty(len(pairs))
    compiled["power"](x, y, out)
    with np.errstate(all="ignore"):
        vectors = bind(NUMPY)["power"](x, y)
    assert same_bytes(plain, out)
    assert same_bytes(plain, vectors)
    assert all(type(value) is float for value in plain)


def test_same_bytes_of_integer_power(source: random.Random, compiled: dict[str, Any]) -> None:
    """integer_power agrees everywhere too: in NumPy for arrays of bases."""
    bases = any_floats(source, 2000)
    x = np.array(bases)
    for n in (0, 1, -1, 2, 3, -3, 10, 1000, -1000, 2**40, -(2**40)):
        plain, out = [scalar.integer_power(b, n) for b in bases], np.empty(len(bases))
        compiled["integer_power"](x, np.full(len(x), n), out)
        with np.errstate(all="ignore"):
            vectors = np.broadcast_to(bind(NUMPY)["integer_power"](x, n), x.shape)
        assert same_bytes(plain, out)
        assert same_bytes(plain, vectors)
    assert scalar.integer_power(0.1, 3) == 0.1 * (0.1 * 0.1)
    assert type(scalar.integer_power(3, 2)) is float


POWERS = [
    (0.0, 0.0, 1.0), (INFINITY, 0.0, 1.0), (1.0, INFINITY, 1.0), (1.0, -INFINITY, 1.0), (0.0, 2.0, 0.0),
    (-0.0, 0.5, 0.0), (0.0, -1.0, INFINITY), (INFINITY, 0.5, INFINITY), (INFINITY, -0.5, 0.0),
    (2.0, INFINITY, INFINITY), (0.5, INFINITY, 0.0), (0.5, -INFINITY, INFINITY), (-1.0, 2.0, NAN),
    (-INFINITY, 1.0, NAN), (NAN, 0.0, NAN), (1.0, NAN, NAN), (0.0, NAN, NAN), (2.0, 1023.0, 2.0**1023),
    (2.0, 1024.0, INFINITY), (2.0, -1074.0, SMALLEST), (2.0, -1076.0, 0.0), (SMALLEST, 1.0, SMALLEST),
    (SMALLEST, -1.0, INFINITY), (1.0 - 2.0**-53, 1e300, 0.0), (1.0 + 2.0**-52, 1e300, INFINITY), (7.0, SMALLEST, 1.0),
    (4.0, 0.5, 2.0), (10.0, 2.0, 100.0), (2.0, -1.0, 0.5),
]  # fmt: skip


@pytest.mark.parametrize(("x", "y", "expected"), POWERS)
def test_edges_of_power(x: float, y: float, expected: float) -> None:
    """Zeros, infinities, NaN and the ends of the range give exactly what the docstring and mathematics say."""
    assert same_bytes(scalar.power(x, y), expected)


@pytest.mark.parametrize("name", [*UNARY, "sqrt"])
def test_same_bytes_of_one_argument(name: str, source: random.Random, compiled: dict[str, Any]) -> None:
    """Plain Python, Numba and NumPy give the same bytes for every kind of float, and plain Python never raises."""
    x = any_floats(source, 20_000)
    function = getattr(scalar, name)
    plain = [function(value) for value in x]
    array, out = np.array(x), np.empty(len(x))
    compiled[name](array, out)
    with np.errstate(all="ignore"):
        vectors = bind(NUMPY)[name](array)
    assert same_bytes(plain, out)
    assert same_bytes(plain, vectors)
    assert all(type(value) is float for value in plain)


@pytest.mark.parametrize("name", BINARY)
def test_same_bytes_of_two_arguments(name: str, source: random.Random, compiled: dict[str, Any]) -> None:
    """maximum and minimum agree everywhere too, and return the second argument where a comparison says nothing."""
    pairs = [(a, b) for a in SPECIALS for b in SPECIALS]
    pairs += list(zip(any_floats(source, 2000), any_floats(source, 2000), strict=True))
    function = getattr(scalar, name)
    plain = [function(a, b) for a, b in pairs]
    x, y, out = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs]), np.empty(len(pairs))
    compiled[name](x, y, out)
    assert same_bytes(plain, out)
    assert same_bytes(plain, bind(NUMPY)[name](x, y))
    assert same_bytes([function(0.0, -0.0), function(NAN, 1.0)], [-0.0, 1.0])
    assert math.isnan(function(1.0, NAN))


def test_primitives_are_exact(source: random.Random) -> None:
    """A float is put together again from its exponent and fraction, and every power of two is exact, everywhere."""

    @numba.njit(error_model="numpy")
    def split(x: float) -> tuple[float, float]:
        return primitives.exponent_of(x), primitives.fraction_of(x)

    @numba.njit(error_model="numpy")
    def power(k: float) -> float:
        return primitives.power_of_two(k)

    normal = [x for x in map(abs, any_floats(source, 4000)) if SMALLEST_NORMAL <= x < INFINITY]
    for x in normal:
        exponent, fraction = scalar.exponent_of(x), scalar.fraction_of(x)
        assert type(exponent) is float and 1.0 <= fraction < 2.0
        assert math.ldexp(fraction, int(exponent)) == x
        assert split(x) == (exponent, fraction)
    for k in range(-1022, 1024):
        assert scalar.power_of_two(float(k)).hex() == power(float(k)).hex() == f"0x1.0000000000000p{k:+d}"


EDGES = [
    ("exp", 0.0, 1.0),
    ("exp", -0.0, 1.0),
    ("exp", INFINITY, INFINITY),
    ("exp", -INFINITY, 0.0),
    ("exp", 709.7827128933841, INFINITY),
    ("exp", -745.1332191019411, SMALLEST),
    ("exp", -745.1332191019412, 0.0),
    ("exp", LARGEST, INFINITY),
    ("exp", -LARGEST, 0.0),
    ("exp", SMALLEST, 1.0),
    ("log", 1.0, 0.0),
    ("log", 0.0, -INFINITY),
    ("log", -0.0, -INFINITY),
    ("log", INFINITY, INFINITY),
    ("log", -SMALLEST, NAN),
    ("log", -INFINITY, NAN),
    ("log1p", 0.0, 0.0),
    ("log1p", -0.0, -0.0),
    ("log1p", SMALLEST, SMALLEST),
    ("log1p", -1e-310, -1e-310),
    ("log1p", -1.0, -INFINITY),
    ("log1p", -1.0000000000000002, NAN),
    ("log1p", -INFINITY, NAN),
    ("log1p", INFINITY, INFINITY),
    ("sqrt", -0.0, -0.0),
    ("sqrt", -SMALLEST, NAN),
    ("sqrt", INFINITY, INFINITY),
    ("sqrt", 2.0, 1.4142135623730951),
    ("sign", -3.0, -1.0),
    ("sign", SMALLEST, 1.0),
    ("sign", -0.0, -0.0),
    ("tanh", 0.0, 0.0),
    ("tanh", -0.0, -0.0),
    ("tanh", SMALLEST, SMALLEST),
    ("tanh", -1e-310, -1e-310),
    ("tanh", 22.0, 1.0),
    ("tanh", -LARGEST, -1.0),
    ("tanh", INFINITY, 1.0),
    ("tanh", -INFINITY, -1.0),
    ("cos", 0.0, 1.0),
    ("cos", -0.0, 1.0),
    ("cos", SMALLEST, 1.0),
    ("cos", math.pi, -1.0),
    ("cos", math.pi / 2.0, 6.123233995736766e-17),
    ("cos", 2.0**29 + 1.0, NAN),
    ("cos", -LARGEST, NAN),
    ("cos", INFINITY, NAN),
    ("cos", -INFINITY, NAN),
    *((name, NAN, NAN) for name in (*UNARY, "sqrt")),
]


@pytest.mark.parametrize(("name", "x", "expected"), EDGES)
def test_edges(name: str, x: float, expected: float) -> None:
    """Zeros, infinities, NaN and the ends of a function's range give exactly what mathematics or IEEE says."""
    assert same_bytes(getattr(scalar, name)(x), expected)


@pytest.mark.filterwarnings("ignore:Descending")
def test_the_series_are_what_their_comments_say() -> None:
    """The coefficients can be made again from the mpmath call beside them."""
    with mpmath.workdps(60):
        half = mpmath.log(2) / 2
        largest = ((mpmath.sqrt(2) - 1) / (mpmath.sqrt(2) + 1)) ** 2
        exponential = mpmath.chebyfit(lambda r: mpmath.hyp1f1(1, 4, r) / 6, [-half, half], 10)
        logarithm = mpmath.chebyfit(lambda z: mpmath.hyp2f1(1, 1.5, 2.5, z) * 2 / 3, [0, largest], 7)
        longer = mpmath.chebyfit(lambda z: mpmath.hyp2f1(1, 2.5, 3.5, z) * 2 / 5, [0, largest], 8)
        square = (mpmath.pi / 4) ** 2
        cosine = mpmath.chebyfit(lambda z: mpmath.hyper([1], [2.5, 3], -z / 4) / 24, [0, square], 6)
        sine = mpmath.chebyfit(lambda z: -mpmath.hyper([1], [2, 2.5], -z / 4) / 6, [0, square], 6)
        parts = (mpmath.mpf(scalar.LN2_HIGH), mpmath.mpf(scalar.LN2_LOW))
        assert abs(sum(parts) - mpmath.log(2)) < mpmath.mpf(2) ** -94
        assert abs(mpmath.mpf(scalar.TWO_THIRDS) + scalar.TWO_THIRDS_LOW - mpmath.mpf(2) / 3) < mpmath.mpf(2) ** -107
        halves = [mpmath.mpf(CONSTANTS[f"HALF_PI_{i}"]) for i in range(1, 6)]
        assert abs(sum(halves) - mpmath.pi / 2) < mpmath.mpf(2) ** -149
        assert all(int(half * mpmath.mpf(2) ** (23 + 24 * i)) < 2**24 for i, half in enumerate(halves[1:4], start=1))
        assert all(mpmath.isint(half * mpmath.mpf(2) ** (23 + 24 * i)) for i, half in enumerate(halves[:4]))
    assert [CONSTANTS[f"LOG{i}"] for i in range(5, 21, 2)] == [float(c) for c in reversed(longer)]
    assert [CONSTANTS[f"COS{i}"] for i in range(4, 15, 2)] == [float(c) for c in reversed(cosine)]
    assert [CONSTANTS[f"SIN{i}"] for i in range(3, 14, 2)] == [float(c) for c in reversed(sine)]
    assert [CONSTANTS[f"E{i}"] for i in range(3, 13)] == [float(c) for c in sorted(exponential, reverse=True)]
    assert [CONSTANTS[f"L{i}"] for i in range(1, 8)] == [float(c) for c in sorted(logarithm, reverse=True)]
    assert (scalar.LN2_HIGH * 2.0**41).is_integer()


@pytest.mark.parametrize("name", ["exp", "log", "log1p", "tanh", "cos", "power"])
def test_no_fused_arithmetic(name: str, compiled: dict[str, Any]) -> None:
    """The compiled loop has no fused multiply-add, which would round once where the law rounds twice."""
    arguments = [np.ones(8)] * (2 if name == "power" else 1)
    compiled[name](*arguments, np.empty(8))
    code = "\n".join(compiled[name].inspect_asm().values())
    assert "vfmadd" not in code and "vfnmadd" not in code and "vfmsub" not in code and "fmla" not in code
