"""A run as a frozen value that can be written down: the same specification on the same data gives the same bits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..errors import RunError, SpecificationError
from ..losses import loss_from_dict
from ..order.shuffle import Sizes
from ..rules import rule_named
from .plan import Plan

FORMAT = "fallline-run-1"


@dataclass(frozen=True)
class Specification:
    """Everything that decides a run; nothing in it is `auto`.

    source: the table's path, or None for one in memory; fingerprint: the hash of its content. target_values: whether
    the target came beside the table. validation: the fraction of rows held out, or a rule of `data.split` as text.
    schema: how columns become features. encoding: of a text file, None for UTF-8. loss: its name and
    options.
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

    def to_dict(self) -> dict[str, Any]:
        plan = self.plan
        sizes = plan.sizes
        descent = {
            "rule": plan.rule.to_dict(),
            "learning_rate": plan.learning_rate,
            "schedule": plan.schedule,
            "rows": sizes.rows,
            "batch_size": sizes.batch,
            "block": sizes.block,
            "window": sizes.window,
            "epochs": plan.epochs,
            "tolerance": plan.tolerance,
            "patience": plan.patience,
            "look_steps": plan.look_steps,
            "shuffle": plan.shuffle,
            "seed": plan.seed,
            "backoffs": list(plan.backoffs),
            "gram": plan.gram,
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
            sizes = Sizes(*(int(descent[name]) for name in ("rows", "batch_size", "block", "window")))
            plan = Plan(
                rule_named(rule.pop("name"), **rule),
                float(descent["learning_rate"]),
                dict(descent["schedule"]),
                sizes,
                *(descent[name] for name in ("epochs", "tolerance", "patience", "look_steps", "shuffle", "seed")),
            )
            backoffs = tuple(int(step) for step in descent["backoffs"])
            plan = replace(plan, backoffs=backoffs, gram=bool(descent["gram"]))
            fields = {name: data[name] for name in cls.__dataclass_fields__ if name != "plan"}
            loss_from_dict(fields["loss"])
            return cls(**fields, plan=plan)
        except (KeyError, TypeError, ValueError, AttributeError, SpecificationError) as error:
            if isinstance(error, SpecificationError) and error.option == "loss":
                raise RunError(str(error)) from error  # a loss of one's own, whose module is not imported
            raise RunError(f"the specification is damaged: {error}") from error
