"""Signum: steps of one size, in the direction of the momentum's sign."""

from __future__ import annotations

from ..allowed import FRACTION, POSITIVE, Interval, Switch
from ..scalar import sign
from .rule import Numbers, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar


def signum(g: float, m: float, rate: float, momentum: float) -> tuple[float, float]:
    m = momentum * m + (1.0 - momentum) * g
    return rate * sign(m), m


class Signum(Rule):
    """m <- mu * m + (1 - mu) * g;  theta <- theta - rate * sign(m).   m starts at 0.

    Every step is the rate, which has the parameter's own unit, or 0 where m is 0: near a minimum it does not get
    shorter unless the rate does. With momentum 0 this is signSGD. Stored point: theta itself. First step:
    rate * sign(g).
    """

    name = "signum"
    paper = "Bernstein et al. (2018), signSGD: Compressed Optimisation for Non-Convex Problems, Algorithm 2"
    formula = "m <- momentum * m + (1 - momentum) * g;  theta <- theta - rate * sign(m)"
    ranges: ClassVar[dict[str, Interval | Switch]] = {"learning_rate": POSITIVE, "momentum": FRACTION}
    defaults: ClassVar[dict[str, float | bool]] = {"momentum": 0.9}
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {"optax": {}}
    step = staticmethod(signum)
    state = ("m",)
    adaptive = True
    products = ()

    momentum: float

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        return (rate, self.momentum), carry
