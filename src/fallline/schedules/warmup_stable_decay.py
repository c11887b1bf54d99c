"""Warm-up, stable, decay: up in a line, constant for most of the run, down at its end."""

from __future__ import annotations

from ..allowed import SHARE, Whole, Words, options
from ..scalar import sqrt
from .curves import half_wave, line
from .schedule import Schedule


def root(start: float, end: float, share: float) -> float:
    """From start to end, steeply at first: 1 - sqrt."""
    return line(start, end, sqrt(share))


CURVES = {"linear": line, "cosine": half_wave, "sqrt": root}


class WarmupStableDecay(Schedule):
    """base * start up to base in `warmup` steps, then base, and in the last `decay` of `steps` down to base * end.

    With t = k - 1: base * (start + (1 - start) * t / warmup) while t < warmup; base up to t = steps - decay; then the
    shape, "linear", "cosine" or "sqrt" (1 - sqrt, the best of the second paper), of (t - (steps - decay)) / decay.
    steps: open, the run. warmup, decay: steps, 0 or more; open, a twentieth and a fifth of `steps`, or what the
    other leaves of them.
    torch: SequentialLR of LinearLR(start, 1.0, warmup), ConstantLR(1.0) and LinearLR(1.0, end, decay).
    optax: join_schedules of linear_schedule, constant_schedule and linear_schedule or cosine_decay_schedule.
    """

    name = "warmup_stable_decay"
    formula = "line from base * start to base; base; shape from base to base * end"
    paper = "Hu et al. (2024), MiniCPM, §4; Hägele et al. (2024), Scaling Laws Beyond Fixed Training Durations"
    ranges = options(
        steps=Whole(),
        warmup=Whole(0),
        decay=Whole(0),
        start=SHARE,
        end=SHARE,
        shape=Words(tuple(CURVES)),
    )
    left_open = ("steps", "warmup", "decay")

    steps: int
    warmup: int
    decay: int
    start: float
    end: float
    shape: str

    def __init__(
        self,
        steps: int | None = None,
        warmup: int | None = None,
        decay: int | None = None,
        start: float = 0.01,
        end: float = 0.0,
        shape: str = "linear",
    ):
        self._set(steps=steps, warmup=warmup, decay=decay, start=start, end=end, shape=shape)
        parts = (self.options["warmup"] or 0) + (self.options["decay"] or 0)
        if self.options["steps"] is not None and parts > self.options["steps"]:
            option = "warmup" if warmup else "decay"
            allowed = f"such that warmup={warmup} and decay={decay} fit into steps={steps}"
            raise self.refused(option, self.options[option], allowed)

    def _filled(self, option: str, steps: int) -> int:
        steps = self.options["steps"] or steps
        left = max(steps - (self.options["warmup"] or 0) - (self.options["decay"] or 0), 0)
        return {"steps": steps, "warmup": min(steps // 20, left), "decay": min(steps // 5, left)}[option]

    def rate(self, k: int, base: float) -> float:
        t = min(k - 1, self.steps)
        if t < self.warmup:
            return base * line(self.start, 1.0, t / self.warmup)
        falling = t - (self.steps - self.decay)
        return base * CURVES[self.shape](1.0, self.end, falling / self.decay) if falling > 0 else base
