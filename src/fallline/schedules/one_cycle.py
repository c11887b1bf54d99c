"""One cycle: up from a small rate to the full one, and down to almost nothing."""

from __future__ import annotations

from ..allowed import AT_LEAST_1, SHARE, SWITCH, Whole, Words, options
from .curves import half_wave, line, share_of
from .schedule import Schedule

CURVES = {"cos": half_wave, "linear": line}


class OneCycle(Schedule):
    """From base / div_factor up to base, then down to base / div_factor / final_div_factor in the last step.

    The top is reached at t = pct_start * steps - 1, t = k - 1. With three_phase the rate first comes back to
    base / div_factor, at twice that t, and falls from there; pct_start is then at most 0.5. steps: open, the run.
    anneal_strategy: "cos" or "linear", the shape of each phase.
    torch: OneCycleLR(max_lr=base, total_steps=steps, ...), the rate and not the momentum. Where torch divides by zero
    (a rise of no steps: pct_start * steps = 1) the rise is over at once, and after `steps`, where torch raises, the
    last rate stays.
    optax puts the ends of its phases elsewhere. Its cosine_onecycle_schedule(T, base, p) is
    OneCycle(T + 1, pct_start=(int(p * T) + 1) / (T + 1)); so is linear_onecycle_schedule(T, base, p, q), with three
    phases and lines, where int(q * T) = 2 * int(p * T); with another q it is a Sequence of lines.
    """

    name = "one_cycle"
    formula = "base / div_factor -> base -> base / div_factor / final_div_factor, by cosine or line"
    paper = "Smith & Topin (2018), Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates"
    ranges = options(
        steps=Whole(),
        pct_start=SHARE,
        anneal_strategy=Words(tuple(CURVES)),
        div_factor=AT_LEAST_1,
        final_div_factor=AT_LEAST_1,
        three_phase=SWITCH,
    )
    left_open = ("steps",)

    steps: int
    pct_start: float
    anneal_strategy: str
    div_factor: float
    final_div_factor: float
    three_phase: bool

    def __init__(
        self,
        steps: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ):
        self._set(
            steps=steps,
            pct_start=pct_start,
            anneal_strategy=anneal_strategy,
            div_factor=div_factor,
            final_div_factor=final_div_factor,
            three_phase=three_phase,
        )
        if self.three_phase and self.pct_start > 0.5:
            raise self.refused("pct_start", pct_start, "at most 0.5 with three_phase=True")

    def rate(self, k: int, base: float) -> float:
        curve = CURVES[self.anneal_strategy]
        low = base / self.div_factor
        t, end = min(k, self.steps) - 1, self.steps - 1
        top = self.pct_start * self.steps - 1.0
        if t <= top:
            return curve(low, base, share_of(t, 0.0, top))
        if not self.three_phase:
            return curve(base, low / self.final_div_factor, share_of(t, top, end))
        if t <= 2.0 * top:
            return curve(base, low, share_of(t, top, 2.0 * top))
        return curve(low, low / self.final_div_factor, share_of(t, 2.0 * top, end))
