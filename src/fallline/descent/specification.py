"""A run as a frozen value that can be written down: the same specification on the same data gives the same bits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..errors import RunError, SpecificationError
from ..losses import loss_from_dict
from ..order.shuffle import Sizes
from ..penalties import penalty_named
from ..rules import rule_named
from ..transforms import transform_named
from .plan import Plan, batches_of_a_step

FORMAT = "fallline-run-1"
PLAIN_FIELDS = ("epochs", "tolerance", "patience", "look_steps", "shuffle", "seed")


@dataclass(frozen=True)
class Specification:
    """Everything that decides a run; nothing in it is `auto`.

    source: the table's path, or None for one in memory; fingerprint: the hash of its content. target_values: whether
    the target came beside the table. validation: the fraction of rows held out, or a rule of `data.split` as text.
    schema: how columns become features. encoding: of a text file, None for UTF-8. loss: its name and
    options. start: theta(0) of a warm start.
    """

    source: str | None
    fingerprint: str
    target_values: bool
    schema: dict[str, Any]
    model: str
    loss: dict[str, Any]
    validation: float | str
    scale: bool
    intercept: bool
    storage: str
    plan: Plan
    version: str
    encoding: str | None = None
    start: tuple[float, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        plan = self.plan
        sizes = plan.sizes
        descent = {
            "rule": plan.rule.to_dict(),
            "learning_rate": plan.learning_rate,
            "schedule": plan.schedule,
            "rows": sizes.rows,
            "batch_size": plan.batch or sizes.batch,
            "block": sizes.block,
            "window": sizes.window,
            **{name: getattr(plan, name) for name in PLAIN_FIELDS},
            "backoffs": list(plan.backoffs),
            "gram": plan.gram,
            "penalty": [penalty.to_dict() for penalty in plan.penalties],
            "transforms": [transform.to_dict() for transform in plan.transforms],
        }
        fields = {name: value for name, value in self.__dict__.items() if name != "plan"}
        return {"format": FORMAT, **fields, "descent": descent}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Specification:
        """The specification that `to_dict` wrote; RunError for anything else."""
        try:
            if data["format"] != FORMAT:
                raise ValueError(f"its format is {data['format']!r}, and {FORMAT!r} is read")
            descent = dict(data["descent"])
            rule = dict(descent["rule"])
            penalties = tuple(penalty_named(**data) for data in descent["penalty"])
            transforms = tuple(transform_named(**data) for data in descent["transforms"])
            together, batch = batches_of_a_step(transforms), int(descent["batch_size"])
            rows, block, window = (int(descent[name]) for name in ("rows", "block", "window"))
            sizes = Sizes(rows, min(batch * together, rows), block, window)
            plan = Plan(
                rule_named(rule.pop("name"), **rule),
                float(descent["learning_rate"]),
                dict(descent["schedule"]),
                sizes,
                **{name: descent[name] for name in PLAIN_FIELDS},
                penalties=penalties,
                transforms=transforms,
                batch=batch if together > 1 else None,
            )
            backoffs = tuple(int(step) for step in descent["backoffs"])
            plan = replace(plan, backoffs=backoffs, gram=bool(descent["gram"]))
            fields = {name: data[name] for name in cls.__dataclass_fields__ if name != "plan"}
            fields["start"] = None if data["start"] is None else tuple(float(value) for value in data["start"])
            loss_from_dict(fields["loss"])
            return cls(**fields, plan=plan)
        except (KeyError, TypeError, ValueError, AttributeError, SpecificationError) as error:
            if isinstance(error, SpecificationError) and error.option == "loss":
                raise RunError(str(error)) from error  # a loss of one's own, whose module is not imported
            raise RunError(f"the specification is damaged: {error}") from error
