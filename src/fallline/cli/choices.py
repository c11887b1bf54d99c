"""A rule and a schedule as they are named on the command line, with their own options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import SpecificationError
from .words import as_number

if TYPE_CHECKING:
    from ..losses import Loss
    from ..rules import Rule

Word = str | None


def chosen_rule(word: Word, options: Sequence[str] | None, learning_rate: Word) -> Rule | Word:
    """What `fit` takes as its rule: the name as it is, or a rule that was made with --option NAME=VALUE."""
    own = own_rule(word)
    if not options:
        return word if own is None else own()
    if word is None:
        raise SpecificationError(
            "--option sets a hyper-parameter of the rule: name the rule with --rule", option="rule"
        )
    from ..rules import rule_named

    given = pairs("--option", options)
    rate = read_value(learning_rate or "auto")
    if isinstance(rate, int | float) and not isinstance(rate, bool):
        given.setdefault("learning_rate", float(rate))  # a rule may have a rate by default, which is not given
    make: Callable[..., Rule] = own if own is not None else lambda **named: rule_named(word, **named)
    return make(**given)


def chosen_loss(word: Word, options: Sequence[str] | None) -> object:
    """What `fit` takes as its loss: the name as it is, or a loss from outside, or made with --loss-option NAME=X."""
    own = own_loss(word)
    if not options:
        return word if own is None else own
    if word in (None, "auto"):
        raise SpecificationError(
            "--loss-option sets an option of the loss: name the loss with --loss", option="loss_option"
        )
    from ..losses import loss_named

    given = pairs("--loss-option", options)
    return loss_named(str(word), **given) if own is None else own(**given)


def chosen_schedule(word: Word, options: Sequence[str] | None) -> object:
    """What `fit` takes as its schedule: the name as it is, or a schedule that was made with --schedule-option."""
    if not options:
        return word
    if word in (None, "auto"):
        raise SpecificationError(
            "--schedule-option sets an option of the schedule: name the schedule with --schedule", option="schedule"
        )
    from ..schedules import schedule_named

    return schedule_named(str(word), **pairs("--schedule-option", options))


def own_rule(word: Word) -> type[Rule] | None:
    """The rule that stands at MODULE:NAME; None for a rule's name."""
    from ..rules import Rule

    found: type[Rule] | None = _own(word, "rule", Rule)
    return found


def own_loss(word: Word) -> type[Loss] | None:
    """The loss that stands at MODULE:NAME, which is known by its name from then on; None for a loss's name."""
    from ..losses import Loss

    found: type[Loss] | None = _own(word, "loss", Loss)
    return found


def _own(word: Word, what: str, kind: type[Any]) -> Any:
    if word is None or ":" not in word:
        return None
    from ..interop.peers import class_at

    found = class_at(word)
    if not issubclass(found, kind):
        place = ".".join(kind.__module__.split(".")[:2])
        message = f"--{what} {word}: that is no {what}; make one with the decorator {place}.{what}"
        raise SpecificationError(message, option=what, value=word)
    return found


def pairs(flag: str, words: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE, several times, as keyword arguments."""
    found: dict[str, Any] = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not (separator and name and value):
            raise SpecificationError(f"{flag} {word}: write NAME=VALUE, such as momentum=0.9", option=flag)
        if name in found:
            raise SpecificationError(f"{flag} {name} is given twice", option=flag)
        found[name] = read_value(value)
    return found


def read_value(word: str) -> Any:
    """A number, true, false, none, or several of them with commas between; any other word as it is."""
    if "," in word:
        return tuple(read_value(part) for part in word.split(",") if part)
    if word.lower() in ("true", "false", "none"):
        return {"true": True, "false": False, "none": None}[word.lower()]
    return as_number(word)
