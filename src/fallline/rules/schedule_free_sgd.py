"""Schedule-Free SGD: plain descent, answered by the average of its path, with gradients taken between the two."""

from __future__ import annotations

from ..allowed import Interval, Switch
from .rule import Numbers
from .schedule_free import AVERAGING, ScheduleFree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar


def schedule_free_sgd(g: float, d: float, rate: float, beta1: float, c: float) -> tuple[float, float]:
    d = d + rate * g
    return c * d, (1.0 - c) * d


def schedule_free_sgd_point(theta: float, d: float, rate: float, beta1: float, c: float) -> float:
    return theta - (1.0 - beta1) * d


class ScheduleFreeSGD(ScheduleFree):
    """z <- z - rate_k * g, g at y = (1 - beta1) * z + beta1 * x;  x <- (1 - c) * x + c * z, both from the start.
    c = w_k / (w_1 + … + w_k), w_k = k^weight_power * max(rate_1, …, rate_k)², rate_k = rate * min(1, k / warmup_steps).

    Theta is x, which is the answer, and the state is d = x - z; gradients and losses are those at y. The paper calls
    beta1 beta; its weights are rate_k², the same while rates do not fall. No schedule is needed: the average takes its
    place. The rate has the unit parameter² / loss. First step: rate_1 * g. Stable, and for most problems best, near
    the largest rate of plain descent: curvature below 2 / rate, and more once the average moves slowly.
    """

    name = "schedule_free_sgd"
    paper = "Defazio, Yang, Mehta, Mishchenko, Khaled & Cutkosky (2024), The Road Less Scheduled, equations 2 to 4"
    formula = (
        "g at y = (1 - beta1) * z + beta1 * x;  z <- z - rate_k * g;  x <- (1 - c) * x + c * z;  theta = x;  "
        "c = w_k / (w_1 + … + w_k), w_k = k^weight_power * max(rate_1, …, rate_k)²;  "
        "rate_k = rate * min(1, k / warmup_steps)"
    )
    ranges: ClassVar[dict[str, Interval | Switch]] = AVERAGING
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {"optax": {}}
    step = staticmethod(schedule_free_sgd)
    point = staticmethod(schedule_free_sgd_point)
    state = ("d",)

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        warmed = self.warmed(k, rate)
        c, carry = self.averaging(k, warmed, carry)
        return (warmed, self.beta1, c), carry
