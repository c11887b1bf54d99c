"""exp, log, log1p and power for golden.py: the product's series, with Python's own rounding, frexp and ldexp, and with
whole fractions where the product finds by float64 alone what a product of two floats lost."""

import fractions
import math

LN2_HIGH, LN2_LOW, INVERSE_LN2 = 0.693147180559663, 2.8235290563031577e-13, 1.4426950408889634
EXP = (0.16666666666666669, 0.041666666666666664, 0.008333333333330065, 0.0013888888888886554, 0.00019841269863040545)
EXP += (2.4801587317135164e-05, 2.7557268480310024e-06, 2.755728298405588e-07, 2.5100375832561234e-08)
EXP += (2.091122972975856e-09,)
LOG = (0.666666666666667, 0.39999999999899505, 0.28571428625975487, 0.2222221113479508, 0.18182889125261723)
LOG += (0.15331721600556042, 0.14616449685043406)
TWO_THIRDS, TWO_THIRDS_LOW = 0.6666666666666666, 3.700743415417188e-17
FINE_LOG = (0.4, 0.28571428571429364, 0.22222222221656232, 0.18181818335314404, 0.15384594970895457)
FINE_LOG += (0.13334804238225345, 0.11706248540922386, 0.11723051028097753)


def exp(x):
    """e to the power x, for -746 < x < 709: 2**k * exp(r)."""
    k = round(x * INVERSE_LN2)  # half to even, as a float64 rounds
    high = x - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    square = r * r
    cube = r * square
    seventh = cube * (square * square)
    first = (EXP[0] + r * EXP[1]) + square * (EXP[2] + r * EXP[3])
    last = (EXP[6] + r * EXP[7]) + square * (EXP[8] + r * EXP[9])
    whole = 1.0 + high
    lost = high - (whole - 1.0)
    base = lost + (0.5 * r * r - low)
    beyond = (base + seventh * (EXP[4] + r * EXP[5])) + (cube * first + seventh * square * last)
    return math.ldexp(whole + beyond, k)


def halves(x):
    """k and f with x = 2**k * f and 1 / sqrt(2) < f <= sqrt(2), for a normal positive x."""
    half, exponent = math.frexp(x)  # x = half * 2**exponent, 1/2 <= half < 1
    return (exponent, half) if 2.0 * half > 1.4142135623730951 else (exponent - 1, 2.0 * half)


def log_of(k, t, rest):
    """k * ln 2 + log(1 + t) + rest."""
    s = t / (2.0 + t)
    z = s * s
    z2 = z * z
    series = z * ((LOG[0] + z * LOG[1]) + z2 * ((LOG[2] + z * LOG[3]) + z2 * ((LOG[4] + z * LOG[5]) + z2 * LOG[6])))
    square = 0.5 * t * t
    return k * LN2_HIGH + (t - (square - (s * (square + series) + (k * LN2_LOW + rest))))


def log(x):
    """The natural logarithm of a normal positive x."""
    k, f = halves(x)
    return log_of(k, f - 1.0, 0.0)


def log1p(x):
    """log(1 + x) for 0 <= x <= 1."""
    if x < 2.0**-54:
        return x
    u = 1.0 + x
    kept = u - 1.0
    lost = (x - kept) + (1.0 - (u - kept))
    k, f = halves(u)
    return log_of(0, x, 0.0) if k == 0 else log_of(k, f - 1.0, lost / u)


def lost_in(a, b):
    """a * b, exactly, less a * b rounded: this is a float64 again."""
    return float(fractions.Fraction(a) * fractions.Fraction(b) - fractions.Fraction(a * b))


def power(x, y):
    """x to the power y, for a normal positive x and a result that is normal: exp(y * log(x)), the log in two parts."""
    k, f = halves(x)
    t = f - 1.0
    divisor = 2.0 + t
    s = t / divisor
    s_low = (((t - s * divisor) - lost_in(s, divisor)) - s * (t - (divisor - 2.0))) / divisor
    z = s * s
    z_low = lost_in(s, s) + 2.0 * s * s_low
    z2 = z * z
    last = (FINE_LOG[4] + z * FINE_LOG[5]) + z2 * (FINE_LOG[6] + z * FINE_LOG[7])
    series = (FINE_LOG[0] + z * FINE_LOG[1]) + z2 * ((FINE_LOG[2] + z * FINE_LOG[3]) + z2 * last)
    w = TWO_THIRDS * z
    w_low = lost_in(TWO_THIRDS, z) + (TWO_THIRDS * z_low + TWO_THIRDS_LOW * z) + z2 * series
    sw = s * w
    sw_low = lost_in(s, w) + (s_low * w + s * w_low)
    near = 2.0 * s + sw
    near_low = (sw - (near - 2.0 * s)) + (sw_low + 2.0 * s_low)
    multiple = k * LN2_HIGH
    total = multiple + near
    rest = (near - (total - multiple)) + (near_low + k * LN2_LOW)
    high = total + rest
    low = rest - (high - total)

    product = y * high
    product_low = lost_in(y, high) + y * low
    n = round(product * INVERSE_LN2)
    return math.ldexp(exp((product - n * LN2_HIGH) - (n * LN2_LOW - product_low)), n)
