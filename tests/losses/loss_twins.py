"""Every loss of one score written once more, in mpmath and from its paper, with the terms that its value and slope are
sums of: what rounding may do is measured by the largest of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath
from mpmath import mpf

Number = Any  # an mpf
Terms = Callable[..., tuple[Number, ...]]


class Twin(NamedTuple):
    """value(score, target, **options), the terms of value and slope, and the scores at which there is a kink."""

    value: Callable[..., Number]
    value_terms: Terms
    slope_terms: Terms
    kinks: Callable[..., tuple[Number, ...]] = lambda t, **options: ()


def distance(s: Number, t: Number, **options: Number) -> tuple[Number, ...]:
    return (abs(s), abs(t))


def steep(s: Number, t: Number, **options: Number) -> tuple[Number, ...]:
    return (mpf(1),)


def huber(s: Number, t: Number, delta: Number) -> Number:
    r = abs(s - t)
    return r**2 / 2 if r <= delta else delta * (r - delta / 2)


def tweedie(s: Number, t: Number, power: Number) -> Number:
    return sum(tweedie_terms(s, t, power))


def tweedie_terms(s: Number, t: Number, power: Number) -> tuple[Number, ...]:
    a, b = 1 - power, 2 - power
    return mpmath.exp(b * s) / b, -t * mpmath.exp(a * s) / a, (t**b if t else mpf(0)) / (a * b)


def xlogx(t: Number) -> Number:
    return t * mpmath.log(t) if t else mpf(0)


def margin(s: Number, t: Number) -> Number:
    return (2 * t - 1) * s


def modified_huber(s: Number, t: Number) -> Number:
    z = margin(s, t)
    return max(mpf(0), 1 - z) ** 2 if z >= -1 else -4 * z


def beyond(s: Number, t: Number, epsilon: Number) -> Number:
    return max(mpf(0), abs(s - t) - epsilon)


def edges(t: Number, **width: Number) -> tuple[Number, ...]:
    (edge,) = width.values()
    return t - edge, t + edge


TWINS = {
    "squared": Twin(lambda s, t: (s - t) ** 2, lambda s, t: ((abs(s) + abs(t)) ** 2,), distance),
    "logistic": Twin(
        lambda s, t: mpmath.log1p(mpmath.exp(-abs(s))) + max(s, mpf(0)) - s * t,
        lambda s, t: (abs(s), mpmath.exp(-abs(s))),
        steep,
    ),
    "absolute": Twin(lambda s, t: abs(s - t), distance, steep, lambda t: (t,)),
    "huber": Twin(huber, lambda s, t, delta: (delta * abs(s), delta * abs(t), delta**2), distance, edges),
    "quantile": Twin(
        lambda s, t, level: max((1 - level) * (s - t), level * (t - s)), distance, steep, lambda t, level: (t,)
    ),
    "epsilon_insensitive": Twin(beyond, lambda s, t, epsilon: (abs(s), abs(t), epsilon), steep, edges),
    "squared_epsilon_insensitive": Twin(
        lambda s, t, epsilon: beyond(s, t, epsilon) ** 2,
        lambda s, t, epsilon: ((abs(s) + abs(t) + epsilon) ** 2,),
        lambda s, t, epsilon: (abs(s), abs(t), epsilon),
        edges,
    ),
    "hinge": Twin(
        lambda s, t: max(mpf(0), 1 - margin(s, t)), lambda s, t: (mpf(1), abs(s)), steep, lambda t: (2 * t - 1,)
    ),
    "squared_hinge": Twin(
        lambda s, t: max(mpf(0), 1 - margin(s, t)) ** 2,
        lambda s, t: ((1 + abs(s)) ** 2,),
        lambda s, t: (mpf(1), abs(s)),
        lambda t: (2 * t - 1,),
    ),
    "modified_huber": Twin(
        modified_huber, lambda s, t: (mpf(4), 4 * abs(s)), lambda s, t: (mpf(2), abs(s)), lambda t: (mpf(1), mpf(-1))
    ),
    "poisson": Twin(
        lambda s, t: mpmath.exp(s) - t * s + xlogx(t) - t,
        lambda s, t: (mpmath.exp(s), abs(t * s), abs(xlogx(t)), t),
        lambda s, t: (mpmath.exp(s), t),
    ),
    "gamma": Twin(
        lambda s, t: s - mpmath.log(t) + t * mpmath.exp(-s) - 1,
        lambda s, t: (abs(s), abs(mpmath.log(t)), t * mpmath.exp(-s), mpf(1)),
        lambda s, t: (mpf(1), t * mpmath.exp(-s)),
    ),
    "tweedie": Twin(
        tweedie,
        tweedie_terms,
        lambda s, t, power: (mpmath.exp((2 - power) * s), t * mpmath.exp((1 - power) * s)),
    ),
}
