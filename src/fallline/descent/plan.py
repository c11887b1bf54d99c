"""What a descent is told before step 1: everything that decides its bits besides the table."""

from __future__ import annotations

from dataclasses import dataclass

from ..order.shuffle import Sizes
from ..penalties import Features, Penalty
from ..plain.additions import Additions
from ..rules.rule import Rule
from ..schedules import schedule_named
from ..schedules.schedule import Schedule
from ..transforms import Transform
from ..transforms.transform import ACCUMULATION


@dataclass(frozen=True)
class Plan:
    """A settled descent: nothing is `auto` any more.

    tolerance: relative fall of the training loss that counts as progress, or None to run all epochs.
    look_steps: steps between two looks at the loss. patience: looks without progress until the loss has stopped
    falling. backoffs: the steps after which the rate was halved, since the descent diverged and went back there.
    gram: full-batch steps from X'X, whose sums are not those of the law (see `compiled.gram`). sizes: of a step;
    where several batches make one (accumulation), `batch` is the rows of each.
    """

    rule: Rule
    learning_rate: float
    schedule: dict[str, object]
    sizes: Sizes
    epochs: int
    tolerance: float | None
    patience: int
    look_steps: int
    shuffle: bool
    seed: int
    penalties: tuple[Penalty, ...] = ()
    transforms: tuple[Transform, ...] = ()
    batch: int | None = None
    backoffs: tuple[int, ...] = ()
    gram: bool = False

    @property
    def steps(self) -> int:
        return self.epochs * self.sizes.steps

    def additions(self, features: Features) -> Additions:
        """What the steps have besides the rule."""
        return Additions(self.penalties, self.transforms, features, self.batch)

    def new_schedule(self) -> Schedule:
        options = {name: value for name, value in self.schedule.items() if name != "name"}
        return schedule_named(str(self.schedule["name"]), **options)  # type: ignore[arg-type]


def batches_of_a_step(transforms: tuple[Transform, ...]) -> int:
    """How many batches make a step."""
    return next((one.batches for one in transforms if one.place == ACCUMULATION), 1)
