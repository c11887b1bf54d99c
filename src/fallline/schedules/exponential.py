"""Exponential decay: the rate falls by the same factor in equal times."""

from __future__ import annotations

from ..allowed import FACTOR, SHARE, SWITCH, Whole, options
from ..scalar import maximum, power
from .schedule import Schedule


class Exponential(Schedule):
    """rate(k) = base * maximum(gamma^((k - 1) / every), end), the exponent rounded down under staircase.

    gamma: the factor, in (0, 1]. every: the steps it takes; open, the run, which so ends at gamma times base. end: a
    rate below which it does not fall, as a fraction of base.
    torch: ExponentialLR(g) is gamma=g, every=1. optax: exponential_decay(base, every, gamma, staircase=...,
    end_value=end * base); its transition_begin is a Sequence that begins with Constant.
    """

    name = "exponential"
    formula = "base * maximum(gamma^(t / every), end), t = k - 1"
    paper = "Li & Arora (2020), An Exponential Learning Rate Schedule for Deep Learning"
    ranges = options(gamma=FACTOR, every=Whole(), staircase=SWITCH, end=SHARE)
    left_open = ("every",)

    gamma: float
    every: int
    staircase: bool
    end: float

    def __init__(self, gamma: float = 0.01, every: int | None = None, staircase: bool = False, end: float = 0.0):
        self._set(gamma=gamma, every=every, staircase=staircase, end=end)

    def rate(self, k: int, base: float) -> float:
        t = k - 1
        periods = float(t // self.every) if self.staircase else t / self.every
        return base * maximum(power(self.gamma, periods), self.end)
