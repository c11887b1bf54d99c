"""Without scaling, one large column can set the learning rate for all others. Says so before step 1."""

from __future__ import annotations

from ..compiled.runtime import Floats
from ..measures.curvature import Curvature
from ..plain.descent import INFINITY

TIMES_TO_SETTLE = 10.0  # time constants after which a column has surely reached its place


def slow_columns(
    names: tuple[str, ...], spreads: Floats, curvature: Curvature, rate: float, momentum: float, steps: int
) -> list[str]:
    """The columns whose coefficient needs more steps than there are: a time constant is 1 / (rate * curvature).

    spreads: each column's standard deviation, or infinity for one that is not asked about.
    """
    effective = rate / (1.0 - momentum)
    slow = []
    for name, spread in zip(names, spreads.tolist()):
        bend = curvature.second * spread * spread
        time_constant = 1.0 / (effective * bend) if effective * bend > 0.0 else INFINITY
        if time_constant * TIMES_TO_SETTLE > steps:
            slow.append(name)
    return slow
