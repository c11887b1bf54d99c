"""RMSProp's other forms: epsilon inside the root, and momentum with the rate outside or inside what is remembered."""

from __future__ import annotations

from ..scalar import sqrt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def rmsprop_inside(g: float, v: float, rate: float, decay: float, epsilon: float) -> tuple[float, float]:
    v = decay * v + (1.0 - decay) * g * g
    return rate * g / sqrt(v + epsilon), v


def rmsprop_inside_scale(v: float, rate: float, decay: float, epsilon: float) -> float:
    return rate / sqrt(v + epsilon)


def rmsprop_momentum(
    g: float, v: float, b: float, rate: float, decay: float, epsilon: float, momentum: float
) -> tuple[float, float, float]:
    v = decay * v + (1.0 - decay) * g * g
    b = momentum * b + g / (sqrt(v) + epsilon)
    return rate * b, v, b


def rmsprop_velocity(
    g: float, v: float, b: float, rate: float, decay: float, epsilon: float, momentum: float
) -> tuple[float, float, float]:
    v = decay * v + (1.0 - decay) * g * g
    b = momentum * b + rate * g / (sqrt(v) + epsilon)
    return b, v, b


def rmsprop_momentum_scale(v: float, b: float, rate: float, decay: float, epsilon: float, momentum: float) -> float:
    return rate / ((1.0 - momentum) * (sqrt(v) + epsilon))


def rmsprop_inside_momentum(
    g: float, v: float, b: float, rate: float, decay: float, epsilon: float, momentum: float
) -> tuple[float, float, float]:
    v = decay * v + (1.0 - decay) * g * g
    b = momentum * b + g / sqrt(v + epsilon)
    return rate * b, v, b


def rmsprop_inside_velocity(
    g: float, v: float, b: float, rate: float, decay: float, epsilon: float, momentum: float
) -> tuple[float, float, float]:
    v = decay * v + (1.0 - decay) * g * g
    b = momentum * b + rate * g / sqrt(v + epsilon)
    return b, v, b


def rmsprop_inside_momentum_scale(
    v: float, b: float, rate: float, decay: float, epsilon: float, momentum: float
) -> float:
    return rate / ((1.0 - momentum) * sqrt(v + epsilon))


def formula(centred: bool, inside: bool, remembers: bool, rate_inside: bool) -> str:
    """The formula of a form, in words."""
    lines = ["v <- decay * v + (1 - decay) * g²", *(["m <- decay * m + (1 - decay) * g"] if centred else [])]
    spread = "v - m²" if centred else "v"
    quotient = f"g / sqrt({spread} + epsilon)" if inside else f"g / (sqrt({spread}) + epsilon)"
    if not remembers:
        return ";  ".join([*lines, f"theta <- theta - rate * {quotient}"])
    lines += [f"b <- momentum * b + {'rate * ' if rate_inside else ''}{quotient}"]
    return ";  ".join([*lines, f"theta <- theta - {'' if rate_inside else 'rate * '}b"])


FORMS: dict[tuple[bool, bool, bool], tuple[Callable[..., Any], Callable[..., float]]] = {
    # (epsilon inside, momentum, rate inside): step and scale
    (True, False, False): (rmsprop_inside, rmsprop_inside_scale),
    (False, True, False): (rmsprop_momentum, rmsprop_momentum_scale),
    (False, True, True): (rmsprop_velocity, rmsprop_momentum_scale),
    (True, True, False): (rmsprop_inside_momentum, rmsprop_inside_momentum_scale),
    (True, True, True): (rmsprop_inside_velocity, rmsprop_inside_momentum_scale),
}
