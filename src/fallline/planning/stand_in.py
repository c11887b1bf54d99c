"""What planning measures instead of a loss that has no second derivative: a parabola as steep as that loss.

The absolute loss and its kin bend nowhere, so nothing in them says how far a step may go. One deviation of the target
away from its minimum the parabola is as steep as the loss is at the start. A learning rate that suits it takes steps
of the right size for the first part of the way; after that the schedule has to lower it, as for every such loss.
"""

from __future__ import annotations

import numpy as np

from ..allowed import POSITIVE
from ..compiled.runtime import Arrays
from ..compiled.scaling import scaling
from ..losses import Loss
from ..models.elementwise import elementwise
from ..sums import tree_sum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from ..allowed import Interval

MARGIN = 2.0  # the distance between the two sides of a margin, where targets are classes
LOOKED_AT = 1 << 16  # rows whose slopes are looked at


def parabola(score: float, target: float, bend: float) -> tuple[float, float]:
    residual = score - target
    return 0.5 * bend * residual * residual, bend * residual


def parabola_second(score: float, target: float, bend: float) -> float:
    return bend


class Parabola(Loss):
    """½ bend (score - target)²."""

    name = "parabola"
    formula = "½ bend (score - target)²"
    ranges: ClassVar[dict[str, Interval]] = {"bend": POSITIVE}
    defaults: ClassVar[dict[str, float]] = {"bend": 1.0}
    row = staticmethod(parabola)
    second = staticmethod(parabola_second)


def with_curvature(problem: Arrays) -> Arrays:
    """The problem itself, or with a parabola in the place of a loss without a second derivative."""
    loss = problem.loss
    if loss.curvature is not None or loss.many:
        return problem
    targets = problem.targets[:LOOKED_AT]
    slopes = elementwise(loss.row)(np.full(len(targets), problem.start_score), targets, *loss.numbers)[1]
    spread = MARGIN if loss.classes else scaling(problem.targets.reshape(-1, 1), ("the target",))[1][0]
    squares = tree_sum((np.broadcast_to(slopes, targets.shape) ** 2).tolist())
    bend = float(np.sqrt(squares / len(targets)) / spread)
    return problem.with_loss(Parabola(bend=bend) if 0.0 < bend < np.inf else Parabola(bend=1.0 / spread))
