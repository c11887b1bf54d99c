"""DoG: descent that finds its own rate, the distance gone so far over the gradients met so far."""

from __future__ import annotations

from ..allowed import POSITIVE, Interval, Switch
from ..scalar import maximum, sqrt
from .rule import Numbers, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar


def dog_terms(g: float, theta: float, start: float, furthest: float, squares: float) -> tuple[float, float, float]:
    return g * g, (theta - start) * (theta - start), start * start


def dog(
    g: float,
    start: float,
    furthest: float,
    squares: float,
    rate: float,
    first_distance: float,
    epsilon: float,
    gradient_square: float,
    distance_square: float,
    start_square: float,
) -> tuple[float, float, float, float]:
    first = first_distance * (1.0 + sqrt(start_square))
    furthest = maximum(maximum(furthest, first), sqrt(distance_square))
    squares = squares + gradient_square
    return rate * furthest / sqrt(squares + epsilon) * g, start, furthest, squares


def dog_scale(
    start: float, furthest: float, squares: float, rate: float, first_distance: float, epsilon: float
) -> float:
    return rate * furthest / sqrt(squares + epsilon)


class DoG(Rule):
    """furthest <- max(furthest, |theta - start|), from first_distance * (1 + |start|);  squares <- squares + |g|²
    theta <- theta - rate * furthest / sqrt(squares + epsilon) * g.

    |.| are norms over all parameters, whose squares are summed in the order of the law. No rate has to be found: it is
    a factor without a unit, 1 unless told otherwise. Stored point: theta itself; the authors answer with an average of
    the path. First step: of length rate * first_distance * (1 + |start|), nearly. The steps grow until the distance
    does not, then fall as the sum of squares grows. first_distance and epsilon are the authors' r_eps and eps.
    Stable while the curvature is below 2 sqrt(squares + epsilon) / (rate * furthest), which it comes back to by itself.
    """

    name = "dog"
    paper = "Ivgi, Hinder & Carmon (2023), DoG is SGD's Best Friend: A Parameter-Free Dynamic Step Size Schedule"
    formula = (
        "furthest <- max(furthest, |theta - start|), from first_distance * (1 + |start|);  squares <- squares + |g|²;  "
        "theta <- theta - rate * furthest / sqrt(squares + epsilon) * g"
    )
    ranges: ClassVar[dict[str, Interval | Switch]] = {
        "learning_rate": POSITIVE,
        "first_distance": POSITIVE,
        "epsilon": POSITIVE,
    }
    defaults: ClassVar[dict[str, float | bool]] = {"learning_rate": 1.0, "first_distance": 1e-6, "epsilon": 1e-8}
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {"optax": {}}
    step = staticmethod(dog)
    scale = staticmethod(dog_scale)
    terms = staticmethod(dog_terms)
    state = ("start", "furthest", "squares")
    adaptive = True
    products = ()

    first_distance: float
    epsilon: float

    def first_state(self, theta: float) -> tuple[float, ...]:
        return theta, 0.0, 0.0

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        return (rate, self.first_distance, self.epsilon), carry
