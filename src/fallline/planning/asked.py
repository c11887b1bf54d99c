"""What `fit` is asked for: its options, checked, before a table is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..compiled import early
from ..losses import Loss
from ..plain.additions import check_together
from ..rules import Momentum
from . import options
from .settle import Wish

DEFAULT_TOLERANCE = float("1e-4")  # an object of its own: `fit` can tell it from a tolerance that was given
LISTS = ("drop", "only", "categorical", "hashed")  # of columns


class Asked(NamedTuple):
    """The options, each with a value that it can have. loss: None is `auto`; from_products: of `gram`. look: those of
    `look.look`, which checks the others itself."""

    wish: Wish
    loss: Loss | None
    scaled: bool
    intercept: bool
    storage: str
    from_products: Any
    threads: int
    look: dict[str, Any]


def checked(given: Mapping[str, Any]) -> Asked:
    """The options of `fit` but for its table and target, all of them; SpecificationError for an impossible one."""
    options.refuse_what_is_not_there(given["model"], given["resume"])
    rule, rate = options.checked_rule(given["rule"], given["learning_rate"])
    penalties = options.checked_penalties(given["penalty"])
    transforms = options.checked_transforms(given["transforms"])
    check_together(rule or Momentum(), penalties, transforms)
    keeps_rate = rate is not None or (rule is not None and not rule.scheduled)
    wish = Wish(
        rule,
        rate,
        options.checked_schedule(given["schedule"], keeps_rate),
        _batch_size(given["batch_size"]),
        options.whole("epochs", given["epochs"], ("auto",)),
        options.checked_tolerance(given["tolerance"]),
        given["tolerance"] is not DEFAULT_TOLERANCE,
        options.whole("patience", given["patience"]) or 1,
        options.one_of("shuffle", given["shuffle"], (True, False)),
        options.whole("seed", given["seed"], least=0) or 0,
        penalties,
        transforms,
    )
    loss = options.checked_loss(given["loss"])
    options.checked_validation(given["validation"])
    scaled = options.one_of("scale", given["scale"], ("standard", None)) is not None
    intercept = options.one_of("intercept", given["intercept"], (True, False))
    if options.one_of("runtime", given["runtime"], ("auto", "compiled", "plain")) == "compiled":
        early.end()
    storage = options.one_of("storage", given["storage"], ("float64", "float32"))
    from_products = options.checked_gram(given["gram"], given["runtime"])
    threads = options.checked_threads(given["threads"])
    lists = {name: options.checked_columns(name, given[name]) for name in LISTS}
    others = {name: given[name] for name in ("sample_weight", "validation", "max_categories", "encoding")}
    look = {**lists, **others, "classes": None if loss is None else loss.classes}
    return Asked(wish, loss, scaled, intercept, storage, from_products, threads, look)


def _batch_size(batch_size: object) -> int | None:
    if batch_size == "full":
        return 1 << 62
    return options.whole("batch_size", batch_size, ("auto", "full"))
