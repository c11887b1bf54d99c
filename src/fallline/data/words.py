"""Words for messages: the nearest name, and lists that stay short."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

SHOWN = 10  # names listed in a message; a table may have thousands


def listed(names: Iterable[object]) -> str:
    """At most ten names, then how many more there are."""
    every = [shortened(name) for name in names]
    rest = f" and {len(every) - SHOWN:,} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + rest


def nearest(name: str, names: Sequence[str]) -> str | None:
    """The most similar of the names, upper and lower case being alike; None if none is near."""
    lower = {other.lower(): other for other in names}
    found = difflib.get_close_matches(name.lower(), list(lower), n=1)
    return lower[found[0]] if found else None


def no_column(name: str, names: Sequence[str]) -> str:
    """The end of a sentence such as "there is no column 'pric'; did you mean 'price'? The columns are: …"."""
    near = nearest(name, names)
    hint = f"did you mean {near!r}? The columns are" if near else "the columns are"
    return f"there is no column {name!r}; {hint}: {listed(names)}"


def shortened(value: object, length: int = 60) -> str:
    """A value as it is shown in a message: one line, not too long."""
    text = " ".join(str(value).split())
    return text if len(text) <= length else text[: length - 1] + "…"
