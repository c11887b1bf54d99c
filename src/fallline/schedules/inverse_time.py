"""Inverse time: the rate falls as one over the time."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE, SWITCH, Whole, options
from .schedule import Schedule


class InverseTime(Schedule):
    """rate(k) = base / (1 + decay * (k - 1) / every), the fraction rounded down under staircase.

    The sum of the rates is infinite and that of their squares is not, which is what the paper's convergence needs.
    decay: 0 or more. every: steps; open, the run, which so ends at base / (1 + decay): a tenth.
    torch: LambdaLR(lambda t: 1 / (1 + decay * t / every)); keras: InverseTimeDecay(base, every, decay, staircase).
    optax has none.
    """

    name = "inverse_time"
    formula = "base / (1 + decay * t / every), t = k - 1"
    paper = "Robbins & Monro (1951), A Stochastic Approximation Method"
    ranges = options(decay=NOT_NEGATIVE, every=Whole(), staircase=SWITCH)
    left_open = ("every",)

    decay: float
    every: int
    staircase: bool

    def __init__(self, decay: float = 9.0, every: int | None = None, staircase: bool = False):
        self._set(decay=decay, every=every, staircase=staircase)

    def rate(self, k: int, base: float) -> float:
        t = k - 1
        periods = float(t // self.every) if self.staircase else t / self.every
        return base / (1.0 + self.decay * periods)
