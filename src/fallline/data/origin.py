"""Where a row of a table stands: from its number back to the file and line, or the row group and row."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

Find = Callable[[Sequence[int]], "list[Place]"]  # rows of the whole table, from 0 -> where each stands


@dataclass(frozen=True)
class Place:
    """Where one row stands. All of its numbers count from 1; what does not apply is None.

    row: in the whole table. file: the path; row_in_file: its number there. line: of a text file, the line on which the
    row starts. group, row_in_group: the Parquet row group (`kind` "row group"), or the record batch ("batch").
    """

    row: int
    file: str | None = None
    row_in_file: int | None = None
    line: int | None = None
    group: int | None = None
    row_in_group: int | None = None
    kind: str = "row group"

    @property
    def inside(self) -> str:
        """The place within its file: "line 18", or "row group 2, row 17 of it"; empty for an array in memory."""
        if self.line is not None:
            return f"line {self.line:,}"
        if self.group is not None and self.row_in_group is not None:
            return f"{self.kind} {self.group:,}, row {self.row_in_group:,} of it"
        return ""

    def __str__(self) -> str:
        inside = self.inside or f"row {self.row_in_file or self.row:,}"
        return f"{os.path.basename(self.file)}, {inside}" if self.file else inside


def in_memory(rows: Sequence[int]) -> list[Place]:
    """Rows of a table that came from no file."""
    return [Place(row + 1) for row in rows]


def in_file(path: str) -> Find:
    """Rows of a file without lines or groups."""
    return lambda rows: [Place(row + 1, path, row + 1) for row in rows]


def in_lines(path: str, lines_of: Callable[[Sequence[int]], Sequence[int | None]]) -> Find:
    """Rows of a text file."""

    def find(rows: Sequence[int]) -> list[Place]:
        return [Place(row + 1, path, row + 1, line) for row, line in zip(rows, lines_of(rows), strict=True)]

    return find


def in_groups(path: str | None, sizes: Sequence[int], kind: str) -> Find:
    """Rows of a file, or of an iterator, that consists of groups of these sizes; the list may still grow."""

    def find(rows: Sequence[int]) -> list[Place]:
        ends, places = list(accumulate(sizes)), []
        for row in rows:
            group = bisect_right(ends, row)
            inside = row - (ends[group - 1] if group else 0)
            places.append(Place(row + 1, path, row + 1 if path else None, None, group + 1, inside + 1, kind))
        return places

    return find


def in_files(parts: Sequence[tuple[Find, int]]) -> Find:
    """Rows of several files, one after the other: each file's own `find`, and how many rows it has. It may grow."""

    def find(rows: Sequence[int]) -> list[Place]:
        ends = list(accumulate(rows for _, rows in parts))
        places: dict[int, Place] = {}
        wanted: dict[int, list[int]] = {}
        for row in rows:
            wanted.setdefault(bisect_right(ends, row), []).append(row)
        for part, those in wanted.items():
            start = ends[part - 1] if part else 0
            found = parts[part][0]([row - start for row in those])
            places |= {row: replace(place, row=row + 1) for row, place in zip(those, found, strict=True)}
        return [places[row] for row in rows]

    return find
