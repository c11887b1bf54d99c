"""The schedules. `SCHEDULES` is the one list of them; each file holds one schedule."""

from __future__ import annotations

from ..named import made
from .constant import Constant
from .cosine import Cosine
from .cosine_restarts import CosineRestarts
from .cyclic import Cyclic
from .exponential import Exponential
from .inverse_time import InverseTime
from .invscaling import InvScaling
from .linear_warmup import LinearWarmup
from .milestones import Milestones
from .one_cycle import OneCycle
from .optimal import Optimal
from .plateau import Plateau
from .polynomial import Polynomial
from .reduce_on_plateau import ReduceOnPlateau
from .schedule import Schedule
from .sequence import Sequence
from .step_decay import StepDecay
from .warmup_stable_decay import WarmupStableDecay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Sequence as Several

    Option = float | str | Several[int] | Several[Schedule] | Several[Mapping[str, object]] | None

SCHEDULES: dict[str, type[Schedule]] = {
    schedule.name: schedule
    for schedule in (
        Constant,
        StepDecay,
        Milestones,
        Exponential,
        InverseTime,
        InvScaling,
        Optimal,
        Polynomial,
        Cosine,
        CosineRestarts,
        LinearWarmup,
        OneCycle,
        Cyclic,
        WarmupStableDecay,
        Sequence,
        ReduceOnPlateau,
        Plateau,
    )
}

__all__ = [
    "SCHEDULES",
    "Constant",
    "Cosine",
    "CosineRestarts",
    "Cyclic",
    "Exponential",
    "InvScaling",
    "InverseTime",
    "LinearWarmup",
    "Milestones",
    "OneCycle",
    "Optimal",
    "Plateau",
    "Polynomial",
    "ReduceOnPlateau",
    "Schedule",
    "Sequence",
    "StepDecay",
    "WarmupStableDecay",
    "schedule_from_dict",
    "schedule_named",
]


def schedule_named(name: str, **options: Option) -> Schedule:
    """A new schedule of this name; SpecificationError where there is none, or an option is unknown or impossible."""
    return made("schedule", SCHEDULES, name, {option: _read(value) for option, value in options.items()})


def schedule_from_dict(data: Mapping[str, object]) -> Schedule:
    """The schedule that `to_dict` wrote."""
    return schedule_named(**data)  # type: ignore[arg-type]


def _read(value: object) -> object:
    """An option's value, with the schedules in it that were written as dicts."""
    if isinstance(value, dict):
        return schedule_from_dict(value)
    return [_read(item) for item in value] if isinstance(value, list | tuple) else value
