"""The closed vocabulary of arithmetic: every function that a rule, a loss or a penalty may call.

libm, NumPy, torch and the vector libraries of compilers disagree with one another in the last bit of exp and log, and
a last bit is enough to make two runs part. So Fallline uses none of them. A runtime binds IEEE float64 + - * / abs,
comparisons and the five PRIMITIVES below, all of which are exact or correctly rounded and hence the same everywhere.
Everything after them is one text over these, which plain Python, Numba and NumPy execute unchanged: straight lines
without branches, powers, conversions or fused multiply-adds. Nothing here raises, whatever the float, and both sides of
every `where` are computed, so both must be defined.

Accuracy is the largest error seen against mpmath, in units in the last place (ulp) of the exact result; 0.5 is perfect.
"""

from __future__ import annotations

import math

PRIMITIVES = ("sqrt", "where", "power_of_two", "exponent_of", "fraction_of")


def sqrt(x: float) -> float:
    """The correctly rounded square root; NaN below zero, and -0.0 of -0.0."""
    return math.sqrt(x) if x >= 0.0 else math.nan


def where(condition: bool, a: float, b: float) -> float:
    """a where the condition holds, else b. Both have been computed by then."""
    return a if condition else b


def power_of_two(k: float) -> float:
    """2**k exactly, for an integral float k from -1022 to 1023."""
    return math.ldexp(1.0, int(k))


def exponent_of(x: float) -> float:
    """The integral float e for which x = fraction_of(x) * 2**e, for a positive, normal, finite x."""
    return float(math.frexp(x)[1] - 1)


def fraction_of(x: float) -> float:
    """The f in [1, 2) for which x = f * 2**exponent_of(x), for a positive, normal, finite x."""
    return 2.0 * math.frexp(x)[0]


INFINITY = float("inf")
NAN = float("nan")
SMALLEST_NORMAL = 2.2250738585072014e-308  # 2**-1022
TWO_TO_54 = 18014398509481984.0  # brings every subnormal into the normal range
ROUNDER = 6755399441055744.0  # 1.5 * 2**52: adding and subtracting it rounds to the nearest integer

# ln 2 in two parts. The first keeps 41 bits after the point, so its product with any exponent is exact.
LN2_HIGH = 0.693147180559663
LN2_LOW = 2.8235290563031577e-13
INVERSE_LN2 = 1.4426950408889634
SQRT_2 = 1.4142135623730951

# Beyond these exp is infinite, or 0.0; within them both halves of its exponent are exponents of normal numbers.
EXP_LOWEST = -746.0
EXP_HIGHEST = 710.0

# exp(r) = 1 + r + r**2 / 2 + r**3 * (E3 + E4 * r + ... + E12 * r**9), where |r| <= ln(2) / 2. With mpmath at 60 digits:
# chebyfit(lambda r: hyp1f1(1, 4, r) / 6, [-log(2) / 2, log(2) / 2], 10), each coefficient rounded to float64.
E3 = 0.16666666666666669
E4 = 0.041666666666666664
E5 = 0.008333333333330065
E6 = 0.0013888888888886554
E7 = 0.00019841269863040545
E8 = 2.4801587317135164e-05
E9 = 2.7557268480310024e-06
E10 = 2.755728298405588e-07
E11 = 2.5100375832561234e-08
E12 = 2.091122972975856e-09

# log((1 + s) / (1 - s)) = 2 * s + s * z * (L1 + L2 * z + ... + L7 * z**6), where z = s * s <= z_max, the square of
# (sqrt(2) - 1) / (sqrt(2) + 1). Likewise: chebyfit(lambda z: hyp2f1(1, 1.5, 2.5, z) * 2 / 3, [0, z_max], 7).
L1 = 0.666666666666667
L2 = 0.39999999999899505
L3 = 0.28571428625975487
L4 = 0.2222221113479508
L5 = 0.18182889125261723
L6 = 0.15331721600556042
L7 = 0.14616449685043406

# Below it, x is the float nearest log(1 + x).
LOG1P_TINY = 5.551115123125783e-17  # 2**-54

# The same series once more for `log_in_parts`, to 20 digits: 2 * s + s * (z * 2 / 3 + z**2 * (LOG5 + LOG7 * z + ...)).
# chebyfit(lambda z: hyp2f1(1, 2.5, 3.5, z) * 2 / 5, [0, z_max], 8), and 2 / 3 in two parts.
TWO_THIRDS = 0.6666666666666666
TWO_THIRDS_LOW = 3.700743415417188e-17
LOG5 = 0.4
LOG7 = 0.28571428571429364
LOG9 = 0.22222222221656232
LOG11 = 0.18181818335314404
LOG13 = 0.15384594970895457
LOG15 = 0.13334804238225345
LOG17 = 0.11706248540922386
LOG19 = 0.11723051028097753

TANH_HIGHEST = 22.0  # from there on the tangent rounds to 1
TANH_TINY = 3.725290298461914e-09  # 2**-28: below it, x is the float nearest tanh(x)

SPLITTER = 134217729.0  # 2**27 + 1: cuts a float into two halves, whose products are exact
POWER_HIGHEST = 18446744073709551616.0  # 2**64: x**y is 0, 1 or infinite for every larger y

# pi / 2 in five parts. The first four have 24 bits each, so their products with whole numbers up to 2**29 are exact.
HALF_PI_1 = 1.570796251296997
HALF_PI_2 = 7.549789415861596e-08
HALF_PI_3 = 5.390302529957765e-15
HALF_PI_4 = 3.282003415807913e-22
HALF_PI_5 = 1.2706558760139879e-29
TWO_OVER_PI = 0.6366197723675814
COS_HIGHEST = 536870912.0  # 2**29

# cos(r) = 1 - r**2 / 2 + r**4 * (COS4 + COS6 * r**2 + ...) and sin(r) = r + r**3 * (SIN3 + SIN5 * r**2 + ...) for
# |r| <= pi / 4. With z = r**2: chebyfit(lambda z: hyper([1], [2.5, 3], -z / 4) / 24, [0, (pi / 4)**2], 6), and
# chebyfit(lambda z: -hyper([1], [2, 2.5], -z / 4) / 6, [0, (pi / 4)**2], 6).
COS4 = 0.041666666666666664
COS6 = -0.0013888888888887398
COS8 = 2.480158729876569e-05
COS10 = -2.7557317271729793e-07
COS12 = 2.08761462684032e-09
COS14 = -1.1382632425521717e-11
SIN3 = -0.16666666666666666
SIN5 = 0.008333333333330948
SIN7 = -0.00019841269836758574
SIN9 = 2.755731610255244e-06
SIN11 = -2.5051131845003624e-08
SIN13 = 1.5918129294866608e-10


def maximum(a: float, b: float) -> float:
    """The larger of two numbers: where(a > b, a, b), so b if either is NaN."""
    return where(a > b, a, b)


def minimum(a: float, b: float) -> float:
    """The smaller of two numbers: where(a < b, a, b), so b if either is NaN."""
    return where(a < b, a, b)


def sign(x: float) -> float:
    """1.0 above zero, -1.0 below; 0.0, -0.0 and NaN stay what they are."""
    return where(x > 0.0, 1.0, where(x < 0.0, -1.0, x))


def exp_beyond(base: float, r: float) -> float:
    """base + exp(r) - 1 - r - r**2 / 2, for |r| <= ln(2) / 2. The terms are added in groups, the base among them: so a
    processor need not wait for one after the other, and a step on a single row waits for this."""
    r2 = r * r
    r3 = r * r2
    r7 = r3 * (r2 * r2)
    first = (E3 + r * E4) + r2 * (E5 + r * E6)
    last = (E9 + r * E10) + r2 * (E11 + r * E12)
    return (base + r7 * (E7 + r * E8)) + (r3 * first + r7 * r2 * last)


def exp(x: float) -> float:
    """e to the power x, for every x: exp(x) = 2**k * exp(r), with k the integer nearest x / ln 2 and r = x - k * ln 2.

    Infinite above 709.78; small results are subnormal, rounded once more, and 0.0 below -745.13.
    Accuracy: 0.68 ulp, 0.77 where the result is subnormal.
    """
    bounded = where(x > EXP_LOWEST, where(x < EXP_HIGHEST, x, EXP_HIGHEST), EXP_LOWEST)
    k = (bounded * INVERSE_LN2 + ROUNDER) - ROUNDER
    high = bounded - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    whole = 1.0 + high
    rest = high - (whole - 1.0)  # what that sum lost, exactly
    power = whole + exp_beyond(rest + (0.5 * r * r - low), r)
    half = (k * 0.5 + ROUNDER) - ROUNDER  # 2**k itself may be too large or too small: multiply twice
    scaled = power * power_of_two(half) * power_of_two(k - half)
    return where(abs(x) <= INFINITY, scaled, x)  # false of NaN alone


def log_of_parts(k: float, t: float, rest: float) -> float:
    """k * ln 2 + log(1 + t) + rest, for sqrt(1/2) <= 1 + t <= sqrt(2), an integral k and a tiny rest.

    With s = t / (2 + t), 1 + t is (1 + s) / (1 - s), and 2 * s = t - t**2 / 2 + s * t**2 / 2: so t is added exactly.
    """
    s = t / (2.0 + t)
    z = s * s
    z2 = z * z
    series = z * ((L1 + z * L2) + z2 * ((L3 + z * L4) + z2 * ((L5 + z * L6) + z2 * L7)))
    square = 0.5 * t * t
    return k * LN2_HIGH + (t - (square - (s * (square + series) + (k * LN2_LOW + rest))))


def log(x: float) -> float:
    """The natural logarithm: -inf of both zeros, NaN below them. x = 2**k * (1 + t). Accuracy: 0.85 ulp."""
    usable = where(x > 0.0, where(x < INFINITY, x, 1.0), 1.0)
    subnormal = usable < SMALLEST_NORMAL
    normal = where(subnormal, usable * TWO_TO_54, usable)
    fraction = fraction_of(normal)
    upper = fraction > SQRT_2
    k = exponent_of(normal) + where(upper, 1.0, 0.0) - where(subnormal, 54.0, 0.0)
    t = where(upper, 0.5 * fraction, fraction) - 1.0
    answer = log_of_parts(k, t, 0.0)
    return where(x > 0.0, where(x < INFINITY, answer, x), where(x == 0.0, -INFINITY, NAN))


def log1p(x: float) -> float:
    """log(1 + x), accurate near 0 too: -inf of -1, NaN below; x itself when tiny. Accuracy: 0.85 ulp.

    1 + x is rounded to u; what that lost is found exactly (a two-sum) and enters as lost / u.
    """
    usable = where(x > -1.0, where(x < INFINITY, x, 1.0), 1.0)
    u = 1.0 + usable
    back = u - 1.0
    lost = (usable - back) + (1.0 - (u - back))
    fraction = fraction_of(u)
    upper = fraction > SQRT_2
    k = exponent_of(u) + where(upper, 1.0, 0.0)
    near = k == 0.0  # then 1 + x need not be rounded at all
    t = where(near, usable, where(upper, 0.5 * fraction, fraction) - 1.0)
    answer = log_of_parts(k, t, where(near, 0.0, lost / u))
    kept = where(abs(x) < LOG1P_TINY, x, answer)
    return where(x > -1.0, where(x < INFINITY, kept, x), where(x == -1.0, -INFINITY, NAN))


def tanh(x: float) -> float:
    """The hyperbolic tangent: e / (e + 2) with e = exp(2 * |x|) - 1, and the sign of x; x itself when tiny.

    2 * |x| = k * ln 2 + r, so e = (2**k - 1) + 2**k * (exp(r) - 1), and nothing cancels. What each sum lost is carried
    along, and the quotient is corrected by it. Accuracy: 1.3 ulp.
    """
    size = abs(x)
    double = 2.0 * where(size < TANH_HIGHEST, size, TANH_HIGHEST)
    k = (double * INVERSE_LN2 + ROUNDER) - ROUNDER
    high = double - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    curve = exp_beyond(0.5 * r * r - low, r)
    near = high + curve
    near_rest = (high - near) + curve
    power = power_of_two(k)
    whole, part = power - 1.0, power * near
    e = whole + part
    back = e - whole
    e_rest = ((whole - (e - back)) + (part - back)) + power * near_rest
    divisor = e + 2.0
    divisor_rest = (e - (divisor - 2.0)) + e_rest
    first = e / divisor
    answer = first + (e_rest - first * divisor_rest) / divisor
    signed = where(x < 0.0, -answer, answer)
    return where(size < TANH_TINY, x, where(size <= INFINITY, signed, x))


def cos_of_parts(r: float, rest: float) -> float:
    """cos(r + rest), for |r| <= pi / 4 and a rest below its last place. 1 - r**2 / 2 is added exactly."""
    z = r * r
    z2 = z * z
    series = z2 * ((COS4 + z * COS6) + z2 * ((COS8 + z * COS10) + z2 * (COS12 + z * COS14)))
    half = 0.5 * z
    whole = 1.0 - half
    return whole + (((1.0 - whole) - half) + (series - r * rest))


def sin_of_parts(r: float, rest: float) -> float:
    """sin(r + rest), for |r| <= pi / 4 and a rest below its last place."""
    z = r * r
    z2 = z * z
    series = (SIN3 + z * SIN5) + z2 * ((SIN7 + z * SIN9) + z2 * (SIN11 + z * SIN13))
    return r + (z * r * series + (rest - 0.5 * z * rest))


def cos(x: float) -> float:
    """The cosine of |x| up to 2**29 (5e8); NaN beyond, of infinities and of NaN, for want of digits of pi.

    x = n * pi / 2 + r, with pi / 2 taken to 149 bits: no float of this range is so near to a zero of the cosine that
    these do not suffice. n modulo 4 chooses between cos(r), -sin(r), -cos(r) and sin(r). Accuracy: 0.88 ulp.
    """
    inside = abs(x) <= COS_HIGHEST
    bounded = where(inside, x, 0.0)
    n = (bounded * TWO_OVER_PI + ROUNDER) - ROUNDER
    first = (bounded - n * HALF_PI_1) - n * HALF_PI_2  # both exact
    third = n * HALF_PI_3
    second = first - third
    taken = second - first
    lost = (first - (second - taken)) - (third + taken)  # what that difference lost, exactly
    fourth = n * HALF_PI_4
    near = second - fourth
    taken = near - second
    lost = lost + ((second - (near - taken)) - (fourth + taken)) - n * HALF_PI_5
    r = near + lost
    rest = lost - (r - near)
    turn = n - 4.0 * ((n * 0.25 + ROUNDER) - ROUNDER)  # n modulo 4, from -2 to 2
    even, odd = cos_of_parts(r, rest), sin_of_parts(r, rest)
    answer = where(abs(turn) == 1.0, -turn * odd, where(turn == 0.0, even, -even))
    return where(inside, answer, NAN)


def product_rest(a: float, b: float, product: float) -> float:
    """a * b - product, exactly, where product is the rounded a * b and nothing overflows or underflows (Dekker)."""
    a_cut, b_cut = a * SPLITTER, b * SPLITTER
    a_high, b_high = a_cut - (a_cut - a), b_cut - (b_cut - b)
    a_low, b_low = a - a_high, b - b_high
    return a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


def log_in_parts(x: float) -> tuple[float, float]:
    """log(x) of a positive finite x as a sum of two floats, to about 64 bits.

    As in `log_of_parts`, with t / (2 + t), its square and the first two terms each carried in two floats.
    """
    subnormal = x < SMALLEST_NORMAL
    normal = where(subnormal, x * TWO_TO_54, x)
    fraction = fraction_of(normal)
    upper = fraction > SQRT_2
    k = exponent_of(normal) + where(upper, 1.0, 0.0) - where(subnormal, 54.0, 0.0)
    t = where(upper, 0.5 * fraction, fraction) - 1.0
    divisor = 2.0 + t
    s = t / divisor
    back = s * divisor
    s_rest = (((t - back) - product_rest(s, divisor, back)) - s * (t - (divisor - 2.0))) / divisor
    z = s * s
    z_rest = product_rest(s, s, z) + 2.0 * s * s_rest
    z2 = z * z
    series = (LOG5 + z * LOG7) + z2 * ((LOG9 + z * LOG11) + z2 * ((LOG13 + z * LOG15) + z2 * (LOG17 + z * LOG19)))
    w = TWO_THIRDS * z
    w_rest = product_rest(TWO_THIRDS, z, w) + (TWO_THIRDS * z_rest + TWO_THIRDS_LOW * z) + z2 * series
    sw = s * w
    sw_rest = product_rest(s, w, sw) + (s_rest * w + s * w_rest)
    near = 2.0 * s + sw
    near_rest = (sw - (near - 2.0 * s)) + (sw_rest + 2.0 * s_rest)
    multiple = k * LN2_HIGH
    total = multiple + near
    rest = (near - (total - multiple)) + (near_rest + k * LN2_LOW)
    high = total + rest
    return high, rest - (high - total)


def exp_of_parts(x: float, rest: float) -> float:
    """exp(x + rest), for a rest below x's last place; as `exp`, infinite or 0.0 beyond its range."""
    bounded = where(x > EXP_LOWEST, where(x < EXP_HIGHEST, x, EXP_HIGHEST), EXP_LOWEST)
    k = (bounded * INVERSE_LN2 + ROUNDER) - ROUNDER
    half = (k * 0.5 + ROUNDER) - ROUNDER
    near = exp((bounded - k * LN2_HIGH) - (k * LN2_LOW - where(x == bounded, rest, 0.0)))
    return near * power_of_two(half) * power_of_two(k - half)


def power(x: float, y: float) -> float:
    """x to the power y, for x >= 0, as exp(y * log(x)) with the logarithm to 64 bits; NaN for x < 0.

    1.0 where y is 0 or x is 1, also for 0**0 and 1**inf; infinite for 0 to a negative power; NaN if either is NaN.
    Accuracy: 1.4 ulp.
    """
    high, low = log_in_parts(where(x > 0.0, where(x < INFINITY, x, 1.0), 1.0))
    bounded = where(y < POWER_HIGHEST, where(y > -POWER_HIGHEST, y, -POWER_HIGHEST), POWER_HIGHEST)
    product = bounded * high
    answer = exp_of_parts(product, product_rest(bounded, high, product) + bounded * low)
    of_zero = where(y > 0.0, 0.0, where(y < 0.0, INFINITY, 1.0))
    of_infinity = where(y > 0.0, INFINITY, where(y < 0.0, 0.0, 1.0))
    usual = where(x > 0.0, where(x < INFINITY, answer, of_infinity), where(x == 0.0, of_zero, NAN))
    return where(abs(y) <= INFINITY, usual, y)


def integer_power(b: float, n: int) -> float:
    """b to the power of a whole number n, by squaring: the bits of |n| from the lowest up. 1.0 for n = 0, even of 0.

    A negative n gives 1 / b**-n, infinite for b = 0. The relative error is below |n| * 2**-53 where b**|n| is a normal
    number. This is the one loop of the vocabulary: n is a Python or a machine integer, never a float or an array.
    """
    answer = 1.0
    square = 1.0 * b
    bits = abs(n)
    while bits > 0:
        answer = answer * where(bits % 2 == 1, square, 1.0)
        square = square * square
        bits = bits // 2
    inverse = 1.0 / where(answer == 0.0, 1.0, answer)
    return where(n < 0, where(answer == 0.0, INFINITY, inverse), answer)
