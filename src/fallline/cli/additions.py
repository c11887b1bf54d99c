"""The options of `fit` that make penalties and transforms, from their words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import SpecificationError
from .words import as_number, flag

if TYPE_CHECKING:
    from ..penalties import Penalty
    from ..transforms import Transform


def penalties_of(word: str | None, options: Mapping[str, str | None]) -> tuple[Penalty, ...] | None:
    """--penalty NAME,… or MODULE:NAME with --alpha and the other options, each for the penalties that have it."""
    given = {option: value for option, value in options.items() if value is not None}
    if word is None or word == "none":
        _refuse_unused(given, "--penalty NAME")
        return None
    from ..penalties import PENALTIES, penalty_named

    found, used = [], set()
    for name in word.split(","):
        kind = own_penalty(name) if ":" in name else None
        ranges = kind.ranges if kind else PENALTIES[name].ranges if name in PENALTIES else {}
        mine = {option: value for option, value in given.items() if option in ranges}
        used |= set(mine)

        def make(name: str = name, kind: type[Penalty] | None = kind, mine: dict[str, str] = mine) -> Penalty:
            numbers = {option: as_number(value) for option, value in mine.items()}
            return kind(**numbers) if kind else penalty_named(name, **numbers)

        found.append(_made(make, {**given, "penalty": name}))
    _refuse_unused({option: value for option, value in given.items() if option not in used}, "a penalty that has it")
    return tuple(found)


def own_penalty(place: str) -> type[Penalty]:
    from ..interop.peers import class_at
    from ..penalties import Penalty

    kind: type[Penalty] = class_at(place)
    if not issubclass(kind, Penalty):
        message = f"--penalty {place}: that is no penalty; make one with the decorator fallline.penalties.penalty"
        raise SpecificationError(message, option="penalty", value=place)
    return kind


def transforms_of(words: Mapping[str, str | None]) -> tuple[Transform, ...] | None:
    """--clip-value, --clip-norm, --trust-ratio, --decoupled-decay, --accumulate and --average as transforms."""
    from .. import transforms

    def average(word: str) -> Transform:
        name, _, value = word.partition(":")
        option = {"polyak": "start", "tail": "fraction", "exponential": "decay"}.get(name)
        if option is None:
            allowed = "polyak, tail or exponential, or with :START, :FRACTION or :DECAY behind it"
            raise SpecificationError(f"{word}: use {allowed}", option="average", value=word, allowed=allowed)
        return transforms.transform_named(f"{name}_average", **({option: as_number(value)} if value else {}))

    makers: dict[str, Callable[[str], Transform]] = {
        "clip_value": lambda word: transforms.ClipByValue(as_number(word)),
        "clip_norm": lambda word: transforms.ClipByNorm(as_number(word)),
        "trust_ratio": transforms.TrustRatio,
        "decoupled_decay": lambda word: transforms.DecoupledDecay(as_number(word)),
        "accumulate": lambda word: transforms.Accumulate(as_number(word)),
        "average": average,
    }
    given = {option: word for option, word in words.items() if word is not None}
    return tuple(_made(partial(makers[option], word), {option: word}) for option, word in given.items()) or None


def _made(make: Callable[[], Any], words: Mapping[str, str]) -> Any:
    """What is made of these options; an error names the one that is wrong as it was written."""
    try:
        return make()
    except SpecificationError as error:
        option = error.option if error.option is not None and error.option in words else list(words)[-1]
        raise SpecificationError(
            f"{flag(option)} {words[option]} is not possible: use {error.allowed}",
            option=option,
            value=words[option],
            allowed=error.allowed,
        ) from error


def _refuse_unused(given: Mapping[str, str], needed: str) -> None:
    for option, value in given.items():
        raise SpecificationError(f"{flag(option)} {value} needs {needed}", option=option, value=value, allowed=needed)
