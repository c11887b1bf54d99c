"""Rules and losses as words of the command line: names, options, and MODULE:NAME of a user's own."""

from __future__ import annotations

from ..errors import SpecificationError
from .words import number


def chosen_loss(word: str | None, options: list[str]) -> object:
    """A loss's name as it is; MODULE:NAME, a loss from outside, as what stands there; with options (NAME=X) the loss
    that has them."""
    found = own_loss(word)
    if not options:
        return found
    from ..losses import loss_named

    if word is None or word == "auto":
        raise SpecificationError("--loss-option: name the loss that it belongs to, with --loss", option="loss_option")
    given = {}
    for option in options:
        name, sign, value = option.partition("=")
        if not sign:
            message = f"--loss-option {option}: write it as NAME=X, such as delta=2"
            raise SpecificationError(message, option="loss_option", value=option)
        given[name.strip()] = number(value)
    return loss_named(found, **given) if isinstance(found, str) else found(**given)  # type: ignore


def own_rule(word: object) -> object:
    """A rule's name as it is; MODULE:NAME, a rule from outside, as the object that stands there."""
    from ..rules import Rule

    found = _own(word, "rule", Rule)
    return found() if isinstance(found, type) else found


def own_loss(word: object) -> object:
    """A loss's name as it is; MODULE:NAME, a loss from outside, as its class; it is known by name from then on."""
    from ..losses import Loss

    return _own(word, "loss", Loss)


def _own(word: object, what: str, kind: type) -> object:
    if not isinstance(word, str) or ":" not in word:
        return word
    from ..interop.peers import class_at

    found = class_at(word)
    if not issubclass(found, kind):
        place = ".".join(kind.__module__.split(".")[:2])
        message = f"--{what} {word}: that is no {what}; make one with the decorator {place}.{what}"
        raise SpecificationError(message, option=what, value=word)
    return found
