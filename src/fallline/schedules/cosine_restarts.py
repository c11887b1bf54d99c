"""Cosine decay with warm restarts: down along a cosine, back up at once, and down again."""

from __future__ import annotations

from ..allowed import SHARE, Whole, options
from .curves import half_wave
from .schedule import Schedule


class CosineRestarts(Schedule):
    """rate(k) = base * (end + (1 - end) * (1 + cos(pi * p / n)) / 2), p steps into a cycle of n.

    first: the steps of the first cycle; open, such that the run is three cycles. t_mult: each cycle is so many times
    as long as the one before; a whole number. end: the lowest rate as a fraction of base, which a cycle comes near to
    but does not reach: where it would, the next begins.
    torch: CosineAnnealingWarmRestarts(T_0=first, T_mult=t_mult, eta_min=end * base).
    optax: sgdr_schedule of cycles with warmup_steps=0, first * t_mult^i steps each.
    """

    name = "cosine_restarts"
    formula = "base * (end + (1 - end) * (1 + cos(pi * p / n)) / 2), p steps into a cycle of n = first * t_mult^i"
    paper = "Loshchilov & Hutter (2017), SGDR: Stochastic Gradient Descent with Warm Restarts"
    ranges = options(first=Whole(), t_mult=Whole(), end=SHARE)
    left_open = ("first",)

    first: int
    t_mult: int
    end: float

    def __init__(self, first: int | None = None, t_mult: int = 2, end: float = 0.0):
        self._set(first=first, t_mult=t_mult, end=end)

    def _filled(self, option: str, steps: int) -> int:
        m = self.t_mult
        return -(-steps // (1 + m + m * m))

    def rate(self, k: int, base: float) -> float:
        p, n = k - 1, self.first
        if self.t_mult == 1:
            p = p % n
        while p >= n:
            p, n = p - n, n * self.t_mult
        return base * half_wave(1.0, self.end, p / n)
