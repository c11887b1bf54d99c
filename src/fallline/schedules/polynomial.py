"""Polynomial decay: a power of the share of steps that is left; with power 1, a straight line."""

from __future__ import annotations

from ..allowed import POSITIVE, SHARE, Whole, options
from ..scalar import power
from .schedule import Schedule


class Polynomial(Schedule):
    """rate(k) = base * (end + (1 - end) * (1 - (k - 1) / steps)^power), and base * end from step steps + 1 on.

    steps: open, the run. power: above 0; 1 is linear decay. end: the last rate as a fraction of base.
    torch: PolynomialLR(total_iters=steps, power), whose end is 0; LinearLR(1.0, end, steps) with power 1.
    optax: polynomial_schedule(base, end * base, power, steps); its transition_begin is a Sequence that begins with
    Constant.
    """

    name = "polynomial"
    formula = "base * (end + (1 - end) * (1 - t / steps)^power), t = k - 1"
    paper = "Chen, Papandreou, Kokkinos, Murphy & Yuille (2018), DeepLab, §4.1"
    ranges = options(steps=Whole(), power=POSITIVE, end=SHARE)
    left_open = ("steps",)

    steps: int
    power: float
    end: float

    def __init__(self, steps: int | None = None, power: float = 1.0, end: float = 0.0):
        self._set(steps=steps, power=power, end=end)

    def rate(self, k: int, base: float) -> float:
        left = 1.0 - min(k - 1, self.steps) / self.steps
        return base * (self.end + (1.0 - self.end) * power(left, self.power))
