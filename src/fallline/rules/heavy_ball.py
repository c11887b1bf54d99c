"""The heavy ball and its relatives: the step remembers where it came from (Polyak 1964; Nesterov 1983).

`heavy_ball` is torch's and optax's form. Those with a v have the rate inside what is remembered, as keras,
scikit-learn and river have it, which differs when the rate changes.
"""

from __future__ import annotations

HEAVY_BALL = "b <- momentum * b + g;  theta <- theta - rate * b"
DAMPENED = "b <- momentum * b + (1 - dampening) * g, in step 1 b <- g;  theta <- theta - rate * b"
VELOCITY = "v <- momentum * v + rate * g;  theta <- theta - v"
NESTEROV = "b <- momentum * b + g;  theta <- theta - rate * (g + momentum * b)"
NESTEROV_VELOCITY = "v <- momentum * v + rate * g;  theta <- theta - (rate * g + momentum * v)"
AHEAD = "g at theta - rate * momentum * b;  "
VELOCITY_AHEAD = "g at theta - momentum * v;  "


def heavy_ball(g: float, b: float, rate: float, momentum: float) -> tuple[float, float]:
    b = momentum * b + g
    return rate * b, b


def heavy_ball_scale(b: float, rate: float, momentum: float) -> float:
    return rate / (1.0 - momentum)


def dampened(g: float, b: float, rate: float, momentum: float, dampening: float, later: float) -> tuple[float, float]:
    """later is 0 in step 1, which takes g whole, and 1 from then on."""
    b = momentum * b + (1.0 - later * dampening) * g
    return rate * b, b


def dampened_scale(b: float, rate: float, momentum: float, dampening: float, later: float) -> float:
    return rate * (1.0 - dampening) / (1.0 - momentum)


def nesterov(g: float, b: float, rate: float, momentum: float) -> tuple[float, float]:
    b = momentum * b + g
    return rate * (g + momentum * b), b


def heavy_ball_ahead(theta: float, b: float, rate: float, momentum: float) -> float:
    return theta - rate * (momentum * b)


def velocity(g: float, v: float, rate: float, momentum: float) -> tuple[float, float]:
    v = momentum * v + rate * g
    return v, v


def nesterov_velocity(g: float, v: float, rate: float, momentum: float) -> tuple[float, float]:
    v = momentum * v + rate * g
    return momentum * v + rate * g, v


def velocity_ahead(theta: float, v: float, rate: float, momentum: float) -> float:
    return theta - momentum * v


FORMS = {  # (whether g and b are added up into a look-ahead, whether the rate is inside): step and formula
    (False, False): (heavy_ball, HEAVY_BALL),
    (False, True): (velocity, VELOCITY),
    (True, False): (nesterov, NESTEROV),
    (True, True): (nesterov_velocity, NESTEROV_VELOCITY),
}
