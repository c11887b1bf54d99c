"""A sequence of schedules, each from a given step on."""

from __future__ import annotations

from ..allowed import Wholes, options
from .schedule import Schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence as Several


class Parts:
    """Schedules that are functions of the step alone."""

    def read(self, value: object) -> tuple[Schedule, ...] | None:
        if not isinstance(value, list | tuple) or not value:
            return None
        parts = tuple(part for part in value if isinstance(part, Schedule) and not part.watches)
        return parts if len(parts) == len(value) else None

    def __str__(self) -> str:
        return "a list of schedules, none of which watches the loss"


class Sequence(Schedule):
    """rate(k) is that of the part in whose turn step k falls, which counts its steps from its own start.

    schedules: the parts. boundaries: the steps done when the second, third, … part begins, increasing, one fewer than
    the parts: part i + 1 has its step 1 in step boundaries[i] + 1. Open, all parts are equally long. What is open in
    a part is settled from that part's own length.
    torch: SequentialLR(schedulers, milestones=boundaries), whose parts must not be of the kind that goes on from the
    current rate (torch's chained forms multiply what the part before has left; here each part starts from base).
    optax: join_schedules(schedules, boundaries).
    """

    name = "sequence"
    formula = "the part i with boundaries[i - 1] < k <= boundaries[i], at its own step k - boundaries[i - 1]"
    paper = "Loshchilov & Hutter (2017) and Goyal et al. (2017): schedules in parts; the code of optax.join_schedules"
    ranges = options(schedules=Parts(), boundaries=Wholes())
    left_open = ("boundaries",)

    schedules: tuple[Schedule, ...]
    boundaries: tuple[int, ...]

    def __init__(self, schedules: Several[Schedule] = (), boundaries: Several[int] | None = None):
        self._set(schedules=schedules, boundaries=boundaries)
        self.moves = any(part.moves for part in self.schedules)
        needed = len(self.schedules) - 1
        if boundaries is not None and len(self.boundaries) != needed:
            raise self.refused("boundaries", boundaries, f"{needed} increasing whole numbers, for {needed + 1} parts")

    def settled(self, steps: int) -> Sequence:
        bounds = self.options["boundaries"]
        if bounds is None:
            bounds = equal_parts(steps, len(self.schedules))
        starts, ends = (0, *bounds), (*bounds, max(steps, (0, *bounds)[-1] + 1))
        return Sequence([part.settled(b - a) for part, a, b in zip(self.schedules, starts, ends)], bounds)

    def rate(self, k: int, base: float) -> float:
        part, start = self.schedules[0], 0
        for following, boundary in zip(self.schedules[1:], self.boundaries):
            if k > boundary:
                part, start = following, boundary
        return part.rate(k - start, base)


def equal_parts(steps: int, parts: int) -> tuple[int, ...]:
    """Where the second, third, … of equal parts begin; each has at least one step, even if the run has fewer."""
    return tuple(max(steps * i // parts, i) for i in range(1, parts))
