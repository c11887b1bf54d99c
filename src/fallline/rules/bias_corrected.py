"""What Adam and its relatives share: two moving averages, and the corrections for their start at zero."""

from __future__ import annotations

from ..allowed import FRACTION, POSITIVE, Interval, Switch
from .rule import Numbers, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

AVERAGES: dict[str, Interval | Switch] = {
    "learning_rate": POSITIVE,
    "beta1": FRACTION,
    "beta2": FRACTION,
    "epsilon": POSITIVE,
}


class BiasCorrected(Rule):
    """A rule with averages m (of beta1) and v (of beta2), which need division by 1 - beta1^k and 1 - beta2^k."""

    ranges: ClassVar[dict[str, Interval | Switch]] = AVERAGES
    defaults: ClassVar[dict[str, float | bool]] = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    state: tuple[str, ...] = ("m", "v")
    adaptive = True
    products: tuple[str, ...] | None = ("beta1", "beta2")

    beta1: float
    beta2: float
    epsilon: float

    def start_carry(self) -> Numbers:
        return 1.0, 1.0

    def corrections(self, carry: Numbers) -> tuple[float, float, Numbers]:
        """1 - beta1^k and 1 - beta2^k from the powers of step k - 1, and the powers of step k."""
        beta1_power, beta2_power = carry[0] * self.beta1, carry[1] * self.beta2
        return 1.0 - beta1_power, 1.0 - beta2_power, (beta1_power, beta2_power)

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        m_correction, v_correction, carry = self.corrections(carry)
        return (rate, self.beta1, self.beta2, self.epsilon, m_correction, v_correction), carry

    @property
    def stability(self) -> float:
        return 2.0 * (1.0 + self.beta1) / (1.0 - self.beta1)
