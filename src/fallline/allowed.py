"""What an option may be: an interval, a switch, a whole number, a word."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Protocol

    class Range(Protocol):
        """`read` gives the value in the option's own type, or None if it is not allowed; str() says what is."""

        def read(self, value: object) -> Any: ...


INFINITY = float("inf")


class Interval:
    """The values a hyper-parameter may have: from low to high, each end included or not."""

    def __init__(self, low: float, high: float, *, low_included: bool = True, high_included: bool = False):
        self.low, self.high = low, high
        self.low_included, self.high_included = low_included, high_included

    def read(self, value: object) -> float | None:
        """The value as a float, or None if it is not allowed."""
        if isinstance(value, bool) or not hasattr(value, "__float__"):
            return None
        number = float(value)
        above = self.low <= number if self.low_included else self.low < number
        below = number <= self.high if self.high_included else number < self.high
        return number if above and below else None

    def __str__(self) -> str:
        lower = f"at least {self.low:g}" if self.low_included else f"above {self.low:g}"
        if self.high == INFINITY:
            return f"a finite number {lower}"
        return f"{lower} and {'at most' if self.high_included else 'below'} {self.high:g}"


class Switch:
    """A hyper-parameter that is on or off."""

    def read(self, value: object) -> bool | None:
        return value if isinstance(value, bool) else None

    def __str__(self) -> str:
        return "True or False"


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
    """What each option may be, in the order of its arguments."""
    return ranges


POSITIVE = Interval(0.0, INFINITY, low_included=False)
NOT_NEGATIVE = Interval(0.0, INFINITY)
FRACTION = Interval(0.0, 1.0)
SWITCH = Switch()
SHARE = Interval(0.0, 1.0, high_included=True)
FACTOR = Interval(0.0, 1.0, low_included=False, high_included=True)
SHRINKING = Interval(0.0, 1.0, low_included=False)
AT_LEAST_1 = Interval(1.0, INFINITY)
