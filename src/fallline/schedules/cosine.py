"""Cosine decay: down along half a period of the cosine."""

from __future__ import annotations

from ..allowed import SHARE, Whole, options
from .curves import half_wave
from .schedule import Schedule


class Cosine(Schedule):
    """rate(k) = base * (end + (1 - end) * (1 + cos(pi * (k - 1) / steps)) / 2), and base * end from steps + 1 on.

    steps: open, the run. end: the last rate as a fraction of base.
    torch: CosineAnnealingLR(T_max=steps, eta_min=end * base), which after `steps` rises again, where this stays.
    optax: cosine_decay_schedule(base, steps, alpha=end), with its exponent 1.
    """

    name = "cosine"
    formula = "base * (end + (1 - end) * (1 + cos(pi * t / steps)) / 2), t = k - 1"
    paper = "Loshchilov & Hutter (2017), SGDR: Stochastic Gradient Descent with Warm Restarts, without the restarts"
    ranges = options(steps=Whole(), end=SHARE)
    left_open = ("steps",)

    steps: int
    end: float

    def __init__(self, steps: int | None = None, end: float = 0.0):
        self._set(steps=steps, end=end)

    def rate(self, k: int, base: float) -> float:
        return base * half_wave(1.0, self.end, min(k - 1, self.steps) / self.steps)
