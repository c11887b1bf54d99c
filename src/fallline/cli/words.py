"""Options as they are written on the command line, to and from the values that `fallline.fit` takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import SpecificationError

NUMBERS = frozenset(
    [
        "learning_rate",
        "batch_size",
        "epochs",
        "tolerance",
        "patience",
        "validation",
        "seed",
        "threads",
        "max_categories",
    ]
)
MAY_BE_NONE = frozenset({"tolerance", "validation", "scale"})
LISTS = frozenset({"drop", "only", "categorical", "hashed"})


def values(words: Mapping[str, object]) -> dict[str, object]:
    """The options that were given, as values for `fit`; the others are left to its own defaults."""
    return {option: _value(option, given) for option, given in words.items() if given is not None and given != []}


def _value(option: str, given: object) -> object:
    if option in LISTS and isinstance(given, list):
        return tuple(name.strip() for item in given for name in item.split(",") if name.strip())
    if not isinstance(given, str):
        return given
    if option in MAY_BE_NONE and given == "none":
        return None
    return as_number(given) if option in NUMBERS else given


def as_number(word: str) -> Any:
    """The number that a word spells, or the word itself, which `fit` then judges."""
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def flag(option: str) -> str:
    return "--" + option.replace("_", "-")


def on_command_line(text: str, options: Iterable[str]) -> str:
    """A sentence of `fit` in the words of the command line: scale="standard" is --scale standard."""
    names = "|".join(sorted(options, key=len, reverse=True))
    return re.sub(rf'(?<![\w=])({names})="(\w+)"', lambda found: f"{flag(found[1])} {found[2]}", text)


def refused(error: SpecificationError, words: Mapping[str, object]) -> SpecificationError:
    """The same error in the words of the command line: epochs='x' is --epochs x, and None is none."""
    option, text = error.option, str(error)
    if option is None or option not in words:
        return error
    if text.startswith(f"{option}={error.value!r}"):
        text = f"{flag(option)} {words[option]}" + text.removeprefix(f"{option}={error.value!r}")
    elif text.startswith(option):
        text = flag(option) + text.removeprefix(option)
    text = re.sub(r"\bNone\b", "none", on_command_line(text, words))
    if option in MAY_BE_NONE | {"loss", "schedule", "learning_rate", "batch_size", "epochs", "model"}:
        text = text.replace('"', "").replace("'standard'", "standard")
    return SpecificationError(text, option=option, value=error.value, allowed=error.allowed)
