"""Adadelta: the step is the gradient times the size of recent steps, divided by the size of recent gradients."""

from __future__ import annotations

from ..allowed import FRACTION, POSITIVE, Interval, Switch
from ..scalar import sqrt
from .rule import Numbers, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar


def adadelta(g: float, v: float, d: float, rate: float, decay: float, epsilon: float) -> tuple[float, float, float]:
    v = decay * v + (1.0 - decay) * g * g
    delta = sqrt(d + epsilon) / sqrt(v + epsilon) * g
    d = decay * d + (1.0 - decay) * delta * delta
    return rate * delta, v, d


def adadelta_scale(v: float, d: float, rate: float, decay: float, epsilon: float) -> float:
    return rate * sqrt(d + epsilon) / sqrt(v + epsilon)


class Adadelta(Rule):
    """v <- decay * v + (1 - decay) * g²;  delta = sqrt(d + epsilon) / sqrt(v + epsilon) * g;
    d <- decay * d + (1 - decay) * delta²;  theta <- theta - rate * delta.   v and d start at 0.

    delta has the parameter's own unit, so the rate has none; the paper has no rate, so it is 1 unless told otherwise.
    Epsilon, which has both units, sets the size of the first steps: rate * sqrt(epsilon / (1 - decay)) * sign(g),
    nearly. Stored point: theta itself.
    """

    name = "adadelta"
    paper = "Zeiler (2012), ADADELTA: An Adaptive Learning Rate Method, Algorithm 1"
    formula = (
        "v <- decay * v + (1 - decay) * g²;  delta = sqrt(d + epsilon) / sqrt(v + epsilon) * g;  "
        "d <- decay * d + (1 - decay) * delta²;  theta <- theta - rate * delta"
    )
    ranges: ClassVar[dict[str, Interval | Switch]] = {
        "learning_rate": POSITIVE,
        "decay": FRACTION,
        "epsilon": POSITIVE,
    }
    defaults: ClassVar[dict[str, float | bool]] = {"learning_rate": 1.0, "decay": 0.9, "epsilon": 1e-6}
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {
        "torch": {},
        "optax": {},
        "keras": {"learning_rate": 1e-3, "decay": 0.95, "epsilon": 1e-7},
    }
    step = staticmethod(adadelta)
    scale = staticmethod(adadelta_scale)
    state = ("v", "d")
    adaptive = True
    products = ()

    decay: float
    epsilon: float

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        return (rate, self.decay, self.epsilon), carry
