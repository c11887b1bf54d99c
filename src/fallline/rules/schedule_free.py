"""What the two Schedule-Free rules share: warm-up, the weight of each step in the average, and the point between."""

from __future__ import annotations

from ..allowed import FRACTION, NOT_NEGATIVE, POSITIVE, Interval, Switch
from ..scalar import power
from .rule import Numbers, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

AVERAGING: dict[str, Interval | Switch] = {
    "learning_rate": POSITIVE,
    "beta1": FRACTION,
    "warmup_steps": NOT_NEGATIVE,
    "weight_power": NOT_NEGATIVE,
}


class ScheduleFree(Rule):
    """Theta is x, the average; the first vector of the state is d = x - z; the gradient is taken at y between them."""

    defaults: ClassVar[dict[str, float | bool]] = {"beta1": 0.9, "warmup_steps": 0.0, "weight_power": 0.0}
    scheduled = False

    beta1: float
    warmup_steps: float
    weight_power: float

    def start_carry(self) -> Numbers:
        return 0.0, 0.0

    def averaging(self, k: int, rate: float, carry: Numbers) -> tuple[float, Numbers]:
        """c of step k at this rate: its weight, k^weight_power times the square of the largest rate so far, in all."""
        largest = max(carry[0], rate)
        weight = power(float(k), self.weight_power) * largest * largest
        total = carry[1] + weight
        return (weight / total if total > 0.0 else 0.0), (largest, total)

    def warmed(self, k: int, rate: float) -> float:
        """The rate of step k: it grows evenly to its full size in warmup_steps steps."""
        return rate * min(1.0, k / max(self.warmup_steps, 1.0))
