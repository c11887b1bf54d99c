"""Where text goes, and how numbers look: reports on stdout, everything said on the way on stderr."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console


class Line(NamedTuple):
    """A line of a report; the style counts on a terminal only."""

    text: str
    style: str = ""


def complain(message: str, code: int) -> int:
    """Say in one line on stderr what is wrong; the exit code is handed back."""
    say(message)
    return code


def say(message: str) -> None:
    print("fallline:", one_line(message), file=sys.stderr, flush=True)


def one_line(text: str) -> str:
    return " ".join(text.split())


def show(lines: Iterable[Line]) -> None:
    """Print a report on stdout, in colours where that is a terminal."""
    console = _console()
    for line in lines:
        console.print(line.text, style=line.style or None, markup=False, highlight=False, emoji=False, soft_wrap=True)


def show_json(value: object) -> None:
    """Print one JSON object; a number that is not finite, which JSON does not know, becomes null."""
    print(json.dumps(_finite(value), indent=1, ensure_ascii=False, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


def _console() -> Console:
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Plain()


def number(value: float) -> str:
    """Four digits that count, or all those of a whole part: 1,254,508 and 742.3 and 0.00123."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"


def count(amount: int, noun: str) -> str:
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def speed(rows_per_second: float) -> str:
    """A speed in two or three digits; more would not come out again."""
    if rows_per_second >= 999_500:
        return f"{rows_per_second / 1e6:.3g} million rows/s"
    return f"{float(f'{rows_per_second:.3g}'):,.0f} rows/s"


def duration(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.2g} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60) if seconds >= 3600 else int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min {seconds - 60 * minutes:.0f} s"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440:,} days"


def columns(rows: Sequence[tuple[str, ...]], right: tuple[int, ...] = (), indent: str = "  ") -> list[str]:
    """Cells as lines, each column as wide as its widest cell; `right` names the columns set to the right."""
    widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.rjust(w) if j in right else cell.ljust(w) for j, (cell, w) in enumerate(zip(row, widths))]
        lines.append((indent + "   ".join(cells)).rstrip())
    return lines
