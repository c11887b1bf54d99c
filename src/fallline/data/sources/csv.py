"""CSV files: values separated by commas (.csv) or tabs (.tsv), names in the first line, UTF-8.

`pyarrow.csv.read_csv` finds each column's type over the whole file; `open_csv` would settle it on the first block
and then stop at the first value that differs.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

import pyarrow as pa
import pyarrow.csv

from ...errors import DataError
from ..table import Table
from ..words import shortened

SUFFIXES = (".csv", ".tsv")
MISSING = [*pyarrow.csv.ConvertOptions().null_values, "None", "<NA>"]  # "", NA, N/A, NaN, nan, null, NULL, #N/A, …
BLOCK = 1 << 20  # pyarrow's own default
NOT_UTF8 = "is not UTF-8 text; save it as UTF-8 (in a spreadsheet: 'CSV UTF-8')"


def read(path: str, text: Sequence[str] = ()) -> Table:
    """The whole file. The columns named in `text` are kept as they are written: "007" stays "007"."""
    name = os.path.basename(path)
    delimiter = "\t" if path.lower().endswith(".tsv") else ","
    _check_start(path, name)
    try:
        columns = _parsed(path, delimiter, text)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise _explained(error, path, name, delimiter) from error
    table = Table(columns, name, path, line_of=partial(line_of, path, delimiter))
    _check_text(table)
    _check_separator(table, delimiter)
    _check_last_row(table)
    return table


def _parsed(path: str, delimiter: str, text: Sequence[str] = (), threads: bool = True, block: int = BLOCK) -> pa.Table:
    reading = pyarrow.csv.ReadOptions(use_threads=threads, block_size=block)
    # Without newlines_in_values, a quoted line break is an error or not depending on where a block ends.
    parsing = pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    converting = pyarrow.csv.ConvertOptions(
        null_values=MISSING, strings_can_be_null=True, column_types={name: pa.string() for name in text}
    )
    try:
        columns = pyarrow.csv.read_csv(path, reading, parsing, converting)
    except pa.ArrowInvalid as error:
        size = min(os.path.getsize(path) + 1, 2**31 - 1)
        if "straddl" not in str(error) or block >= size:
            raise
        return _parsed(path, delimiter, text, threads, size)  # a row longer than a block: one block for the file
    # A name that is missing in the header, as in files with row numbers, becomes the column's place.
    return columns.rename_columns([name or f"column {at}" for at, name in enumerate(columns.column_names, 1)])


def _check_start(path: str, name: str) -> None:
    """Refuses what is no text at all, whose first bytes would give misleading errors later."""
    with open(path, "rb") as file:
        start = file.read(4096)
    if start.startswith((b"PAR1", b"\x1f\x8b", b"PK\x03\x04")):
        raise DataError(f"{name} is not a CSV file: it begins like a Parquet, gzip or zip file", file=path)
    if b"\0" in start or start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{name} {NOT_UTF8}", file=path)


def _explained(error: Exception, path: str, name: str, delimiter: str) -> DataError:
    said = str(error)
    if isinstance(error, UnicodeDecodeError) or "UTF8" in said:
        return DataError(f"{name} {NOT_UTF8}", file=path)
    if "Expected" in said and "columns, got" in said:
        return _ragged(said, path, name, delimiter)
    if "Empty CSV" in said:
        return DataError(f"{name} has no rows: {_content(path)}", file=path)
    return DataError(f"{name} cannot be read as CSV: {shortened(said, 120)}", file=path)


def _content(path: str) -> str:
    with open(path, "rb") as file:
        return "it holds a header and nothing else" if file.read(4096).strip() else "it holds blank lines only"


def _ragged(said: str, path: str, name: str, delimiter: str) -> DataError:
    """pyarrow's threads do not know their row numbers: one thread reads again, up to the bad row."""
    try:
        _parsed(path, delimiter, threads=False)
    except pa.ArrowInvalid as error:
        said = str(error)
    counts = re.search(r"(?:Row #(\d+): )?Expected (\d+) columns, got (\d+)", said)
    if counts is None:
        return DataError(f"{name} cannot be read as CSV: {shortened(said, 120)}", file=path)
    # pyarrow counts the header as row 1, and blank lines not at all.
    row = int(counts[1]) - 2 if counts[1] else None
    line = line_of(path, delimiter, row) if row is not None else None
    place = "" if row is None else f", row {row + 1:,}" + (f" (line {line:,})" if line else "")
    message = (
        f"{name}{place}: {_count(counts[3], 'value')} where the header names {_count(counts[2], 'column')}; "
        "give each row as many values as the header has names, and quote text that holds a separator"
    )
    return DataError(message, file=path, row=None if row is None else row + 1)


def _count(number: str, noun: str) -> str:
    return f"{number} {noun}" if number == "1" else f"{number} {noun}s"


def _check_text(table: Table) -> None:
    """A text column that is not UTF-8 comes out of pyarrow as bytes."""
    for name, column in zip(table.names, table.columns.columns, strict=True):
        if pa.types.is_binary(column.type):
            row = next(at for at, value in enumerate(column) if not _decodes(value.as_py()))
            raise table.error(NOT_UTF8.replace("is not", "the file is not"), row, name)


def _decodes(value: bytes | None) -> bool:
    try:
        (value or b"").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _check_separator(table: Table, delimiter: str) -> None:
    """One column whose name holds another separator is a table that was cut at the wrong places."""
    for other, word in ((";", "semicolons"), ("\t", "tabs"), (",", "commas")):
        if len(table.names) == 1 and other != delimiter and other in table.names[0]:
            expected = "tabs" if delimiter == "\t" else "commas"
            raise table.error(f"the values seem to be separated by {word}; separate them by {expected}")


def _check_last_row(table: Table) -> None:
    """A quotation mark that is never closed makes one value of the rest of the file, without an error."""
    last = table.columns.slice(max(table.rows - 1, 0)).to_pylist()
    open_ended = [name for row in last for name, value in row.items() if isinstance(value, str) and "\n" in value]
    if open_ended and table.path and _quotes(table.path) % 2:
        message = "a quotation mark is opened here and never closed"
        raise table.error(message, table.rows - 1, open_ended[-1])


def _quotes(path: str) -> int:
    with open(path, "rb") as file:
        return sum(piece.count(b'"') for piece in iter(partial(file.read, 1 << 22), b""))


def line_of(path: str, delimiter: str, row: int) -> int | None:
    """The line on which a row (from 0) starts: blank lines and quoted line breaks make it differ from row + 2."""
    try:
        with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
            return next(islice(_starts(file, delimiter), row + 1, None), None)
    except (OSError, csv.Error):
        return None


def _starts(file: Iterable[str], delimiter: str) -> Iterator[int]:
    """The first line of the header and of each row."""
    reader = csv.reader(file, delimiter=delimiter)
    start = 1
    for values in reader:
        if values:  # a blank line is no row
            yield start
        start = reader.line_num + 1
