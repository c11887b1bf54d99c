"""Lion: steps of one size, in the direction of the sign of a look-ahead momentum."""

from __future__ import annotations

from ..allowed import FRACTION, POSITIVE, Interval, Switch
from ..scalar import sign
from .rule import Numbers, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar


def lion(g: float, m: float, rate: float, beta1: float, beta2: float) -> tuple[float, float]:
    direction = sign(beta1 * m + (1.0 - beta1) * g)
    m = beta2 * m + (1.0 - beta2) * g
    return rate * direction, m


class Lion(Rule):
    """theta <- theta - rate * sign(beta1 * m + (1 - beta1) * g);  then m <- beta2 * m + (1 - beta2) * g, m from 0.

    Every step is the rate, which has the parameter's own unit, or 0 where the sign's argument is 0: near a minimum it
    does not get shorter unless the rate does. Stored point: theta itself. First step: rate * sign(g). The paper's
    decoupled weight decay (optax's default: 1e-3) is no part of the rule here.
    """

    name = "lion"
    paper = "Chen et al. (2023), Symbolic Discovery of Optimization Algorithms, Algorithm 2"
    formula = "theta <- theta - rate * sign(beta1 * m + (1 - beta1) * g);  m <- beta2 * m + (1 - beta2) * g"
    ranges: ClassVar[dict[str, Interval | Switch]] = {
        "learning_rate": POSITIVE,
        "beta1": FRACTION,
        "beta2": FRACTION,
    }
    defaults: ClassVar[dict[str, float | bool]] = {"beta1": 0.9, "beta2": 0.99}
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {"optax": {}, "keras": {"learning_rate": 1e-3}}
    step = staticmethod(lion)
    state = ("m",)
    adaptive = True
    products = ()

    beta1: float
    beta2: float

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        return (rate, self.beta1, self.beta2), carry
