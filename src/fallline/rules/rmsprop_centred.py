"""RMSProp centred: divided by the gradient's running standard deviation, in all its forms (Graves 2013).

v - m * m is a variance: what rounding leaves below zero counts as zero (torch's root would be NaN).
"""

from __future__ import annotations

from ..scalar import maximum, sqrt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def deviation(v: float, m: float) -> float:
    return sqrt(maximum(0.0, v - m * m))


def deviation_inside(v: float, m: float, epsilon: float) -> float:
    return sqrt(maximum(0.0, v - m * m) + epsilon)


def centred(g: float, v: float, m: float, rate: float, decay: float, epsilon: float) -> tuple[float, float, float]:
    v = decay * v + (1.0 - decay) * g * g
    m = decay * m + (1.0 - decay) * g
    return rate * g / (deviation(v, m) + epsilon), v, m


def centred_inside(
    g: float, v: float, m: float, rate: float, decay: float, epsilon: float
) -> tuple[float, float, float]:
    v = decay * v + (1.0 - decay) * g * g
    m = decay * m + (1.0 - decay) * g
    return rate * g / deviation_inside(v, m, epsilon), v, m


def centred_momentum(
    g: float, v: float, m: float, b: float, rate: float, decay: float, epsilon: float, momentum: float
) -> tuple[float, float, float, float]:
    v = decay * v + (1.0 - decay) * g * g
    m = decay * m + (1.0 - decay) * g
    b = momentum * b + g / (deviation(v, m) + epsilon)
    return rate * b, v, m, b


def centred_velocity(
    g: float, v: float, m: float, b: float, rate: float, decay: float, epsilon: float, momentum: float
) -> tuple[float, float, float, float]:
    v = decay * v + (1.0 - decay) * g * g
    m = decay * m + (1.0 - decay) * g
    b = momentum * b + rate * g / (deviation(v, m) + epsilon)
    return b, v, m, b


def centred_inside_momentum(
    g: float, v: float, m: float, b: float, rate: float, decay: float, epsilon: float, momentum: float
) -> tuple[float, float, float, float]:
    v = decay * v + (1.0 - decay) * g * g
    m = decay * m + (1.0 - decay) * g
    b = momentum * b + g / deviation_inside(v, m, epsilon)
    return rate * b, v, m, b


def centred_inside_velocity(
    g: float, v: float, m: float, b: float, rate: float, decay: float, epsilon: float, momentum: float
) -> tuple[float, float, float, float]:
    v = decay * v + (1.0 - decay) * g * g
    m = decay * m + (1.0 - decay) * g
    b = momentum * b + rate * g / deviation_inside(v, m, epsilon)
    return b, v, m, b


def centred_scale(v: float, m: float, rate: float, decay: float, epsilon: float) -> float:
    return rate / (deviation(v, m) + epsilon)


def centred_inside_scale(v: float, m: float, rate: float, decay: float, epsilon: float) -> float:
    return rate / deviation_inside(v, m, epsilon)


def centred_momentum_scale(
    v: float, m: float, b: float, rate: float, decay: float, epsilon: float, momentum: float
) -> float:
    return rate / ((1.0 - momentum) * (deviation(v, m) + epsilon))


def centred_inside_momentum_scale(
    v: float, m: float, b: float, rate: float, decay: float, epsilon: float, momentum: float
) -> float:
    return rate / ((1.0 - momentum) * deviation_inside(v, m, epsilon))


FORMS: dict[tuple[bool, bool, bool], tuple[Callable[..., Any], Callable[..., float]]] = {
    # (epsilon inside, momentum, rate inside): step and scale
    (False, False, False): (centred, centred_scale),
    (True, False, False): (centred_inside, centred_inside_scale),
    (False, True, False): (centred_momentum, centred_momentum_scale),
    (False, True, True): (centred_velocity, centred_momentum_scale),
    (True, True, False): (centred_inside_momentum, centred_inside_momentum_scale),
    (True, True, True): (centred_inside_velocity, centred_inside_momentum_scale),
}
