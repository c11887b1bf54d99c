"""The options of `fit`, checked: each has a value that it can have, or a SpecificationError says what it can."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from ..data.infer import names_of
from ..data.split import COLUMN, LAST
from ..errors import SpecificationError
from ..losses import Loss, loss_named
from ..penalties import Penalty, penalty_named
from ..penalties import in_order as penalties_in_order
from ..rules import Rule, rule_named
from ..schedules import SCHEDULES, Schedule
from ..transforms import Transform, transform_named
from ..transforms import in_order as transforms_in_order


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
    if isinstance(rule, str):
        return rule_named(
            rule, **({} if rate is None else {"learning_rate": rate})
        ), rate  # its own default is not given
    found = rule() if isinstance(rule, type) and issubclass(rule, Rule) else rule
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


def checked_loss(loss: object) -> Loss | None:
    """The loss that was given, or None to choose one by the target."""
    if loss == "auto":
        return None
    found = loss_named(loss) if isinstance(loss, str) else loss
    if isinstance(found, type) and issubclass(found, Loss):
        found = found()
    if not isinstance(found, Loss):
        raise refuse("loss", loss, "a loss's name or an object from fallline.losses")
    return found


def settled_loss(found: Loss | None, classes: int) -> Loss:
    """The loss for a target of this many classes (0: a number), or the one that goes with it."""
    if found is None:
        found = loss_named("squared" if classes == 0 else "logistic" if classes == 2 else "softmax")
    if found.classes and classes == 0:
        many = "" if found.many else "two "
        raise SpecificationError(
            f"loss={found.name!r} needs a target of {many}classes (text, true and false, or whole numbers)",
            option="loss",
            value=found.name,
            allowed='"squared" for a target that is a number',
        )
    if classes and not found.classes:
        has = "two classes" if classes == 2 else f"{classes} classes"
        raise SpecificationError(
            f"loss={found.name!r} needs a target that is a number, and this one has {has}",
            option="loss",
            value=found.name,
            allowed='"logistic" for two classes, "softmax" for more',
        )
    if classes > 2 and not found.many:
        raise SpecificationError(
            f'loss={found.name!r} takes two classes, and the target has {classes}: use loss="softmax"',
            option="loss",
            value=found.name,
            allowed='"softmax" for more than two classes',
        )
    return found.settled(classes)


def checked_schedule(schedule: object, rate_given: bool) -> dict[str, Any]:
    """The schedule's name and options, or "auto": a given rate is kept constant unless a schedule is asked for."""
    if schedule == "auto":
        return {"name": "constant" if rate_given else "auto"}
    named = [name for name in SCHEDULES if name != "sequence"]  # which is made of others, as an object
    found = SCHEDULES[schedule]() if isinstance(schedule, str) and schedule in named else schedule
    if not isinstance(found, Schedule) or type(found) is not SCHEDULES.get(found.name):
        raise refuse("schedule", schedule, "one of " + ", ".join(f'"{name}"' for name in ("auto", *named)))
    return found.to_dict()


def checked_validation(validation: object) -> Any:
    """The fraction of rows to hold out, a rule of `data.split` as text, another table or its path; None to choose."""
    if isinstance(validation, str) and validation == "auto":  # a table may compare element by element
        return None
    if validation is None:
        return 0.0
    if isinstance(validation, int | float) and not isinstance(validation, bool):
        if 0 <= validation < 1:
            return float(validation)
        raise refuse("validation", validation, f'a fraction from 0 to below 1, "auto", None, {OTHER_RULES}')
    if isinstance(validation, str) and validation.startswith(COLUMN) and validation != COLUMN:
        return validation
    if isinstance(validation, str) and validation.startswith(LAST):
        return _checked_last(validation)
    if isinstance(validation, bool) or (isinstance(validation, str) and not _may_be_path(validation)):
        raise refuse("validation", validation, f'a fraction, "auto", None, {OTHER_RULES}')
    return validation


OTHER_RULES = '"last:" and a number of rows, "column:" and a name, or the path of another table'


def _may_be_path(word: str) -> bool:
    """Text that is no rule is a path if it looks like one; a slip such as "atuo" does not."""
    return os.path.exists(word) or any(sign in word for sign in "./\\*")


def _checked_last(validation: str) -> str:
    try:
        number = float(validation.removeprefix(LAST))
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf") or (number >= 1 and not number.is_integer()):
        raise refuse("validation", validation, '"last:" and a whole number of rows, or a fraction below 1')
    return validation


def checked_tolerance(tolerance: object) -> float | None:
    if tolerance is None:
        return None
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 <= tolerance < 1:
        raise refuse("tolerance", tolerance, "a number from 0 to below 1, or None to run all epochs")
    return float(tolerance)


def checked_threads(threads: object) -> int:
    return whole("threads", threads) or 1 if threads is not None else available_cores()


def checked_gram(gram: object, runtime: str) -> bool | None:
    """Whether to take full-batch steps from X'X, or None to choose."""
    if gram == "auto":
        return False if runtime == "plain" else None
    chosen = bool(one_of("gram", gram, ("auto", True, False)))
    if chosen and runtime == "plain":
        raise SpecificationError(
            "gram=True is not for runtime='plain', which takes its sums over the rows, by the law: use 'compiled'",
            option="gram",
            value=gram,
            allowed="False",
        )
    return chosen


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def checked_penalties(penalty: object) -> tuple[Penalty, ...]:
    """The penalties in order: a name, an object, or several of them."""
    given = () if penalty is None else penalty if isinstance(penalty, tuple | list) else (penalty,)
    found = tuple(penalty_named(one) if isinstance(one, str) else one for one in given)
    for one in found:
        if not isinstance(one, Penalty):
            raise refuse("penalty", one, "a penalty's name, an object from fallline.penalties, or a tuple of them")
    return penalties_in_order(found)


def checked_transforms(transforms: object) -> tuple[Transform, ...]:
    """The transforms in order."""
    given = transforms if isinstance(transforms, tuple | list) else (transforms,)
    found = tuple(transform_named(one) if isinstance(one, str) else one for one in given)
    for one in found:
        if not isinstance(one, Transform):
            raise refuse("transforms", one, "a tuple of objects from fallline.transforms")
    return transforms_in_order(found)


def checked_columns(option: str, names: object) -> tuple[str, ...] | None:
    """Names of columns, or one of them, or None for no word about them: of `only` that is all columns."""
    if names is None:
        return None if option == "only" else ()
    if not isinstance(names, Iterable):
        raise refuse(option, names, "the name of a column, or a list of names")
    return names_of(names)


def refuse_what_is_not_there(model: object, resume: object) -> None:
    """Options of the public face that this version does not carry out are refused, and never ignored."""
    if model != "linear":
        raise not_yet("model", model, '"linear"')
    if resume is not False:
        raise not_yet("resume", resume, "False")


MOST_FILLED_UP = 10_000_000  # numbers that sparse rows may have, zeros included, to be gone through in plain Python


def refuse_for_sparse(**given: Sequence[str] | None) -> None:
    """Options that choose among columns mean nothing to sparse rows, whose columns are numbers without a name."""
    for option, value in given.items():
        if value:
            raise SpecificationError(
                f"{option} cannot be used with sparse rows: choose columns of the matrix before it is given",
                option=option,
                value=value,
            )


def refuse_many_scores(loss: Loss) -> None:
    """Sparse rows have one score each."""
    if loss.many:
        raise SpecificationError(
            f'loss="{loss.name}" is not available for sparse rows in this version: join the classes to two, or give an '
            "array with all zeros",
            option="loss",
            value=loss.name,
            allowed='"logistic" for two classes',
        )


def refuse_additions(penalties: tuple[Penalty, ...], transforms: tuple[Transform, ...]) -> None:
    """A step on sparse rows has the rule alone."""
    for option, given in (("penalty", penalties), ("transforms", transforms)):
        if given:
            raise SpecificationError(
                f"{option} cannot be used with sparse rows in this version: leave it out, or write out the zeros",
                option=option,
                value=given,
            )


def refuse_to_fill_up(rows: int, columns: int) -> None:
    """Plain Python writes out the zeros of sparse rows: only where they are few."""
    if rows * columns > MOST_FILLED_UP:
        raise SpecificationError(
            f'runtime="plain" would write out {rows * columns:,} numbers, nearly all 0: use "compiled"',
            option="runtime",
            value="plain",
            allowed='"compiled"',
        )
