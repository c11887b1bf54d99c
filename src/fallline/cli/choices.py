"""A rule and a schedule as they are named on the command line, with their own options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import SpecificationError
from .words import as_number

if TYPE_CHECKING:
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
    """What `fit` takes as its loss: the name as it is, or a loss that was made with --loss-option NAME=VALUE."""
    if not options:
        return word
    if word in (None, "auto"):
        raise SpecificationError(
            "--loss-option sets an option of the loss: name the loss with --loss", option="loss_option"
        )
    from ..losses import loss_named

    return loss_named(str(word), **pairs("--loss-option", options))


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
    if word is None or ":" not in word:
        return None
    from ..interop.peers import class_at
    from ..rules import Rule

    found: type[Rule] = class_at(word)
    if not issubclass(found, Rule):
        message = f"--rule {word}: that is no rule; make one with the decorator fallline.rules.rule"
        raise SpecificationError(message, option="rule", value=word)
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
