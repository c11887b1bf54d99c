"""ASGD: gradient descent with slowly shrinking steps, whose result is the average of the path."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE, POSITIVE, Interval, Switch
from ..scalar import power
from .rule import Numbers, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar


def asgd(g: float, theta: float, mean: float, rate: float, keep: float, share: float) -> tuple[float, float]:
    step = rate * g
    mean = (1.0 - share) * mean + share * (theta * keep - step)
    return step, mean


def asgd_scale(mean: float, rate: float, keep: float, share: float) -> float:
    return rate


def asgd_answer(theta: float, mean: float) -> float:
    return mean


class ASGD(Rule):
    """theta <- theta * (1 - eta * lambd) - eta * g, eta = rate / (1 + lambd * rate * (k - 1))^alpha;
    mean <- mean + (theta - mean) / max(1, k - 1 - t0).

    The answer is mean: theta itself until step t0 + 2, from then on the average of the path since. As in torch. The
    rate has the unit parameter² / loss, lambd loss / parameter². Stored point: theta itself, where the gradient is
    taken. First step: rate * (g + lambd * theta). Stable on curvature below 2 / rate.
    """

    name = "asgd"
    paper = "Polyak & Juditsky (1992), Acceleration of stochastic approximation by averaging; Bottou (2012)'s form"
    formula = (
        "theta <- theta * (1 - eta * lambd) - eta * g, eta = rate / (1 + lambd * rate * (k - 1))^alpha;  "
        "mean <- mean + (theta - mean) / max(1, k - 1 - t0)"
    )
    ranges: ClassVar[dict[str, Interval | Switch]] = {
        "learning_rate": POSITIVE,
        "lambd": NOT_NEGATIVE,
        "alpha": NOT_NEGATIVE,
        "t0": NOT_NEGATIVE,
    }
    defaults: ClassVar[dict[str, float | bool]] = {"lambd": 1e-4, "alpha": 0.75, "t0": 1e6}
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {"torch": {"learning_rate": 0.01}}
    step = staticmethod(asgd)
    scale = staticmethod(asgd_scale)
    answer = staticmethod(asgd_answer)
    state = ("mean",)
    decays = True

    lambd: float
    alpha: float
    t0: float

    def first_state(self, theta: float) -> tuple[float, ...]:
        return (theta,)

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        eta = rate / power(1.0 + self.lambd * rate * (k - 1), self.alpha)
        keep = 1.0 - eta * self.lambd
        return (eta, keep, 1.0 / max(1.0, k - 1 - self.t0), keep), carry
