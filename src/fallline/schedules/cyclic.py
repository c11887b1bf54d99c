"""Cyclic: up and down between two rates, in straight lines."""

from __future__ import annotations

from ..allowed import FACTOR, SHARE, Whole, Words, options
from ..scalar import integer_power, power
from .curves import share_of
from .schedule import Schedule


class Cyclic(Schedule):
    """rate(k) = base * (low + (1 - low) * h * a): h goes from 0 up to 1 and down to 0 in each cycle, a is its height.

    low: the lower rate as a fraction of base; base is the upper one. step_size_up, step_size_down: steps of the rise
    and of the fall; open, an eighth of the run and as many as the rise. mode: "triangular" (a = 1), "triangular2"
    (half as high in every cycle) or "exp_range" (a = gamma^(k - 1), gamma in (0, 1]).
    torch: CyclicLR(base_lr=low * base, max_lr=base, ...), the rate and not the momentum. optax has none.
    """

    name = "cyclic"
    formula = "base * (low + (1 - low) * h * a), h from 0 to 1 to 0 a cycle, a = 1, 2^-cycle or gamma^(k - 1)"
    paper = "Smith (2017), Cyclical Learning Rates for Training Neural Networks"
    ranges = options(
        low=SHARE,
        step_size_up=Whole(),
        step_size_down=Whole(),
        mode=Words(("triangular", "triangular2", "exp_range")),
        gamma=FACTOR,
    )
    left_open = ("step_size_up", "step_size_down")

    low: float
    step_size_up: int
    step_size_down: int
    mode: str
    gamma: float

    def __init__(
        self,
        low: float = 0.1,
        step_size_up: int | None = None,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
    ):
        self._set(low=low, step_size_up=step_size_up, step_size_down=step_size_down, mode=mode, gamma=gamma)

    def _filled(self, option: str, steps: int) -> int:
        return self.options["step_size_up"] or -(-steps // 8)

    def rate(self, k: int, base: float) -> float:
        up, length = self.step_size_up, self.step_size_up + self.step_size_down
        cycle, p = divmod(k - 1, length)
        rise = share_of(p, 0, up) if p <= up else share_of(length - p, 0, self.step_size_down)
        return base * (self.low + (1.0 - self.low) * rise * self._height(cycle, k - 1))

    def _height(self, cycle: int, t: int) -> float:
        if self.mode == "triangular":
            return 1.0
        return integer_power(0.5, cycle) if self.mode == "triangular2" else power(self.gamma, float(t))
