"""Linear warm-up: up in a straight line, then constant."""

from __future__ import annotations

from ..allowed import SHARE, Whole, options
from .curves import line
from .schedule import Schedule


class LinearWarmup(Schedule):
    """rate(k) = base * (start + (1 - start) * (k - 1) / steps), and base from step steps + 1 on.

    steps: of the rise; open, a tenth of the run. start: the rate of step 1 as a fraction of base; at 0 that step
    changes nothing.
    torch: LinearLR(start_factor=start, total_iters=steps), whose start_factor is 1/3 unless given and never 0.
    optax: linear_schedule(start * base, base, steps).
    Followed by another schedule: Sequence([LinearWarmup(500), Cosine()], [500]).
    """

    name = "linear_warmup"
    formula = "base * (start + (1 - start) * minimum(t / steps, 1)), t = k - 1"
    paper = "Goyal et al. (2017), Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, §2.2"
    ranges = options(steps=Whole(), start=SHARE)
    left_open = ("steps",)
    moves = False  # when the loss has stopped falling, the rise is over

    steps: int
    start: float

    def __init__(self, steps: int | None = None, start: float = 0.01):
        self._set(steps=steps, start=start)

    def _filled(self, option: str, steps: int) -> int:
        return -(-steps // 10)

    def rate(self, k: int, base: float) -> float:
        return base * line(self.start, 1.0, min(k - 1, self.steps) / self.steps)
