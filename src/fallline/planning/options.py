"""The options of `fit`, checked: each has a value that it can have, or a SpecificationError says what it can."""

from __future__ import annotations

import os
from typing import Any

from ..errors import SpecificationError
from ..losses import Loss, loss_named
from ..rules import Rule, rule_named
from ..schedules import SCHEDULES, ReduceOnPlateau, Schedule


def refuse(option: str, value: object, allowed: str) -> SpecificationError:
    return SpecificationError(
        f"{option}={value!r} is not possible: use {allowed}", option=option, value=value, allowed=allowed
    )


def not_yet(option: str, value: object, allowed: str) -> SpecificationError:
    return SpecificationError(
        f"{option}={value!r} is not available in this version: use {allowed}",
        option=option,
        value=value,
        allowed=allowed,
    )


def whole(option: str, value: object, words: tuple[str, ...] = (), least: int = 1) -> int | None:
    """A whole number of at least `least`, or None for one of these words."""
    if isinstance(value, str) and value in words:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < least:
        also = "".join(f', or "{word}"' for word in words)
        raise refuse(option, value, f"a whole number of at least {least}{also}")
    return int(value.__index__())


def one_of(option: str, value: object, allowed: tuple[object, ...]) -> Any:
    if isinstance(value, str | bool | None) and value in allowed and type(value) in {type(item) for item in allowed}:
        return value
    raise refuse(option, value, " or ".join(repr(item) for item in allowed))


def checked_rule(rule: object, learning_rate: object) -> tuple[Rule | None, float | None]:
    """The rule, or None to choose one, and the learning rate, or None to measure one."""
    if learning_rate == "auto":
        rate = None
    elif (
        isinstance(learning_rate, bool)
        or not isinstance(learning_rate, int | float)
        or not 0 < learning_rate < float("inf")
    ):
        raise refuse("learning_rate", learning_rate, 'a number above 0, or "auto"')
    else:
        rate = float(learning_rate)
    if rule is None or rule == "auto":
        return None, rate
    given = {} if rate is None else {"learning_rate": rate}  # a rule may have a rate by default, which is not given
    found = rule_named(rule, **given) if isinstance(rule, str) else rule
    if not isinstance(found, Rule):
        raise refuse("rule", rule, "a rule's name or an object from fallline.rules")
    if found.learning_rate is not None:
        if rate is not None and rate != found.learning_rate:
            raise SpecificationError(
                f"learning_rate={rate:g} and {found!r} name two different rates: give one",
                option="learning_rate",
                value=rate,
                allowed="one rate",
            )
        rate = found.learning_rate
    return found, rate


def checked_loss(loss: object, classes: bool) -> Loss:
    """The loss, or the one that goes with the target."""
    if loss == "auto":
        return loss_named("logistic" if classes else "squared")
    found = loss_named(loss) if isinstance(loss, str) else loss
    if not isinstance(found, Loss):
        raise refuse("loss", loss, "a loss's name or an object from fallline.losses")
    if found.classes and not classes:
        raise SpecificationError(
            f"loss={found.name!r} needs a target of two classes (text, true and false, or the whole numbers 0 and 1)",
            option="loss",
            value=found.name,
            allowed='"squared" for a target that is a number',
        )
    if classes and not found.classes:
        raise SpecificationError(
            f"loss={found.name!r} needs a target that is a number, and this one has two classes",
            option="loss",
            value=found.name,
            allowed='"logistic" for two classes',
        )
    return found


def checked_schedule(schedule: object, rate_given: bool) -> dict[str, Any]:
    """The schedule's name and options: a given rate is kept constant unless a schedule is asked for."""
    if schedule == "auto":
        return {"name": "constant"} if rate_given else SCHEDULES["plateau"]().to_dict()
    found = SCHEDULES[schedule]() if isinstance(schedule, str) and schedule in SCHEDULES else schedule
    if not isinstance(found, Schedule) or type(found) is not SCHEDULES.get(found.name):
        raise refuse("schedule", schedule, " or ".join(f'"{name}"' for name in ("auto", *SCHEDULES)))
    if isinstance(found, ReduceOnPlateau):
        raise not_yet("schedule", schedule, '"plateau"')  # the loop does not call `see`
    return found.to_dict()


def checked_validation(validation: object) -> float | None:
    """The fraction of rows to hold out, or None to choose one."""
    if validation == "auto":
        return None
    if validation is None:
        return 0.0
    if isinstance(validation, int | float) and not isinstance(validation, bool):
        if 0 <= validation < 1:
            return float(validation)
        raise refuse("validation", validation, 'a fraction from 0 to below 1, "auto", or None')
    raise not_yet("validation", validation, 'a fraction, "auto", or None')


def checked_tolerance(tolerance: object) -> float | None:
    if tolerance is None:
        return None
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 <= tolerance < 1:
        raise refuse("tolerance", tolerance, "a number from 0 to below 1, or None to run all epochs")
    return float(tolerance)


def checked_threads(threads: object) -> int:
    return whole("threads", threads) or 1 if threads is not None else available_cores()


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def refuse_what_is_not_there(
    model: object, penalty: object, transforms: object, storage: object, gram: object, resume: object
) -> None:
    """Options of the public face that this version does not carry out are refused, and never ignored."""
    if model != "linear":
        raise not_yet("model", model, '"linear"')
    if penalty is not None:
        raise not_yet("penalty", penalty, "None")
    if tuple(transforms or ()):  # type: ignore[arg-type]
        raise not_yet("transforms", transforms, "()")
    if storage != "float64":
        raise not_yet("storage", storage, '"float64"')
    if gram not in ("auto", False):
        raise not_yet("gram", gram, '"auto" or False')
    if resume is not False:
        raise not_yet("resume", resume, "False")


MOST_FILLED_UP = 10_000_000  # numbers that sparse rows may have, zeros included, to be gone through in plain Python


def refuse_for_sparse(drop: object, only: object, categorical: object) -> None:
    """Options that choose among columns mean nothing to sparse rows, whose columns are numbers without a name."""
    for option, value in (("drop", drop), ("only", only), ("categorical", categorical)):
        if value is not None and tuple(value):  # type: ignore[arg-type]
            raise SpecificationError(
                f"{option} cannot be used with sparse rows: choose columns of the matrix before it is given",
                option=option,
                value=value,
            )


def refuse_to_fill_up(problem: object) -> None:
    """Plain Python writes out the zeros of sparse rows: only where they are few."""
    rows, columns = getattr(problem, "rows", 0), getattr(problem, "columns", 0)
    if hasattr(problem, "scaled") and rows * columns > MOST_FILLED_UP:
        raise SpecificationError(
            f'runtime="plain" would write out {rows * columns:,} numbers, nearly all 0: use "compiled"',
            option="runtime",
            value="plain",
            allowed='"compiled"',
        )
