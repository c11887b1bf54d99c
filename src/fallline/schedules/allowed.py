"""What an option of a schedule may be, besides the intervals and the switch that rules have."""

from __future__ import annotations

from ..rules.rule import Interval

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..named import Range


SHARE = Interval(0.0, 1.0, high_included=True)
FACTOR = Interval(0.0, 1.0, low_included=False, high_included=True)
SHRINKING = Interval(0.0, 1.0, low_included=False)
AT_LEAST_1 = Interval(1.0, float("inf"))


class Whole:
    """A whole number of at least `least`; with no bound above, so that no run is too long."""

    def __init__(self, least: int = 1):
        self.least = least

    def read(self, value: object) -> int | None:
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            return None
        number = int(value.__index__())
        return number if number >= self.least else None

    def __str__(self) -> str:
        return f"a whole number of at least {self.least}"


class Wholes:
    """Whole numbers of at least 1 that increase."""

    def read(self, value: object) -> tuple[int, ...] | None:
        if not isinstance(value, list | tuple):
            return None
        numbers = [Whole().read(item) for item in value]
        found = tuple(number for number in numbers if number is not None)
        increasing = all(a < b for a, b in zip(found, found[1:]))
        return found if increasing and len(found) == len(numbers) else None

    def __str__(self) -> str:
        return "whole numbers of at least 1 that increase"


class Words:
    """One of some words."""

    def __init__(self, words: Sequence[str]):
        self.words = tuple(words)

    def read(self, value: object) -> str | None:
        return value if isinstance(value, str) and value in self.words else None

    def __str__(self) -> str:
        return " or ".join(f'"{word}"' for word in self.words)


def options(**ranges: Range) -> dict[str, Range]:
    """What each option of a schedule may be, in the order of its arguments."""
    return ranges
