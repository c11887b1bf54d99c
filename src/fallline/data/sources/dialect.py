"""How a CSV file is written: which character separates its values and which one quotes them, found from its start."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...errors import DataError
from .text import open_text

START = 1 << 16  # characters that are looked at
DELIMITERS = (",", "\t", ";", "|")


@dataclass(frozen=True)
class Dialect:
    """delimiter and quote: one character each. header: the names, as they are written, and the lines that it takes."""

    delimiter: str
    quote: str
    header: tuple[str, ...]
    lines: int

    @property
    def names(self) -> list[str]:
        """A name that is missing in the header, as in files with row numbers, becomes the column's place."""
        return [name or f"column {at}" for at, name in enumerate(self.header, 1)]


def dialect_of(path: str, encoding: str | None) -> Dialect:
    """The delimiter with which the first rows have as many values as the header has names.

    What the file's name says (a tab for .tsv, else a comma) wins where others do as well.
    """
    with open_text(path, encoding, "replace") as file:
        start = file.read(START)
    if len(start) == START:  # the last line is cut
        start = start[: start.rfind("\n") + 1] or start
    expected = "\t" if ".tsv" in os.path.basename(path).lower() else ","
    quote = _quote(start)
    every = sorted(DELIMITERS, key=lambda delimiter: delimiter != expected)
    delimiter = max(every, key=lambda delimiter: _fit(start, delimiter, quote))
    header, lines = _header(path, encoding, delimiter, quote)
    if not header:
        raise DataError(f"{os.path.basename(path)} has no rows: it holds blank lines only", file=path)
    return Dialect(delimiter, quote, tuple(header), lines)


def _fit(start: str, delimiter: str, quote: str) -> float:
    """How well a delimiter fits: the share of rows that are as long as the header; 0 if it separates nothing."""
    counts = [len(values) for values in records(start, delimiter, quote) if values]
    if not counts or counts[0] < 2:
        return 0.0
    return sum(count == counts[0] for count in counts) / len(counts)


def _quote(start: str) -> str:
    """A single quotation mark only where values are set in them, and none in double ones."""
    single = re.findall(r"(?:^|[,;|\t])'[^'\n]*'(?=[,;|\t\r\n]|$)", start, re.MULTILINE)
    return "'" if len(single) > 1 and '"' not in start else '"'


def _header(path: str, encoding: str | None, delimiter: str, quote: str) -> tuple[list[str], int]:
    with open_text(path, encoding, "replace") as file:
        reader = csv.reader(file, delimiter=delimiter, quotechar=quote)
        try:
            for values in reader:
                if values:
                    return values, reader.line_num
        except csv.Error as error:
            name = os.path.basename(path)
            raise DataError(f"{name}: the names in the first line cannot be read ({error})", file=path) from error
    return [], 0


def records(text: str, delimiter: str, quote: str) -> Iterator[list[str]]:
    """The rows in a piece of text; what cannot be read ends them."""
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote)
    except csv.Error:
        return
