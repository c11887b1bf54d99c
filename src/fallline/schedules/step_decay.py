"""Step decay: the rate falls by a factor every so many steps."""

from __future__ import annotations

from ..allowed import FACTOR, Whole, options
from ..scalar import integer_power
from .schedule import Schedule


class StepDecay(Schedule):
    """rate(k) = base * gamma^floor((k - 1) / every).

    every: steps; open, a third of the run, rounded up. gamma: in (0, 1].
    torch: StepLR(step_size=every, gamma). optax: exponential_decay(base, every, gamma, staircase=True).
    """

    name = "step"
    formula = "base * gamma^floor(t / every), t = k - 1"
    paper = "Krizhevsky, Sutskever & Hinton (2012), ImageNet Classification with Deep Convolutional Neural Networks, §5"
    ranges = options(every=Whole(), gamma=FACTOR)
    left_open = ("every",)

    every: int
    gamma: float

    def __init__(self, every: int | None = None, gamma: float = 0.1):
        self._set(every=every, gamma=gamma)

    def _filled(self, option: str, steps: int) -> int:
        return -(-steps // 3)

    def rate(self, k: int, base: float) -> float:
        return base * integer_power(self.gamma, (k - 1) // self.every)
