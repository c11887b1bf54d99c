"""CSV files: names in the first line, then values separated by commas, tabs, semicolons or bars; .gz, .zst, .bz2 too.

A column's type is that of its first block as long as the whole file agrees; a column that does not is looked at again,
over the whole file. So one pass with settled types is the rule, which needs half the memory of pyarrow's own inference.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import pyarrow as pa
import pyarrow.csv

from ...errors import DataError
from ..origin import in_lines
from ..reading import Reading, Stream
from ..table import Table, check_names
from ..words import shortened
from . import text
from .dialect import Dialect, dialect_of

SUFFIXES = (".csv", ".tsv")
IS_TEXT = True
MISSING = [*pyarrow.csv.ConvertOptions().null_values, "None", "<NA>"]  # "", NA, N/A, NaN, nan, null, NULL, #N/A, …
BLOCK = 1 << 20  # pyarrow's own default
MOST = 2**31 - 1  # bytes of a block, at most
TRIES = 3  # columns that are found to change their type one by one; then all are looked at over the whole file


def read(path: str, reading: Reading) -> Table:
    """The whole file. The columns named in `reading.text` are kept as they are written: "007" stays "007"."""
    file = File(path, reading.encoding)
    with file.explained():
        columns = file.columns(reading.text)
        file.check_end(columns)
    return Table(columns, file.name, path, find=file.find)


def stream(path: str, reading: Reading) -> Stream:
    """The file piece by piece: numbers as float64, all else as text. A number that is none makes text of its column."""
    file = File(path, reading.encoding)
    types = {name: pa.string() for name in reading.needed(file.names)}
    types |= {name: pa.float64() for name in types if name in reading.numbers}
    return Stream(file.names, file.batches(types), file.name, path, file.find)


class File:
    """One CSV file, whose first rows have been looked at."""

    def __init__(self, path: str, encoding: str | None):
        self.path, self.encoding, self.name = path, encoding, os.path.basename(path)
        self.dialect = Dialect(",", '"', ("",), 0)
        try:
            start = text.start_of(path, "CSV")
            if encoding is None and (b"\0" in start or start.startswith((b"\xff\xfe", b"\xfe\xff"))):
                raise DataError(f"{self.name}: {self._not_text()}", file=path)
            self.dialect = dialect_of(path, encoding)
        except OSError as error:
            raise self.error(error) from error
        self._check_header()

    @property
    def names(self) -> list[str]:
        return self.dialect.names

    @cached_property
    def find(self) -> Any:
        return in_lines(self.path, partial(text.lines_of, self.starts))

    def explained(self) -> _Explained:
        return _Explained(self)

    def columns(self, as_written: Sequence[str] = ()) -> pa.Table:
        """The whole table, each column of the type that all of its values allow."""
        kept = {name: pa.string() for name in as_written if name in self.names}
        columns = self._typed(kept)
        if any(pa.types.is_binary(field.type) for field in columns.schema):  # what pyarrow makes of text it cannot read
            raise self._undecodable()
        return columns

    def _typed(self, kept: dict[str, pa.DataType]) -> pa.Table:
        types = self._first_types(kept)
        for _ in range(TRIES):
            try:
                return self._parsed(types)
            except pa.ArrowInvalid as error:
                at = _column_of(error)
                if at is None or self.names[at] not in types:
                    raise
                del types[self.names[at]]
        return self._parsed(kept)

    def batches(self, types: dict[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
        """The named columns in batches. Where a number cannot be read, its column goes on as text."""
        done, block = 0, self._block
        with self.explained():
            while True:
                rows = 0
                try:
                    options = self._options(types, list(types), block=block)
                    with pyarrow.csv.open_csv(self._source(), *options) as reader:
                        for batch in reader:
                            new = batch.slice(max(done - rows, 0))  # what was handed on before a column became text
                            rows += len(batch)
                            done += len(new)
                            if len(new):
                                yield new
                    break
                except pa.ArrowInvalid as error:
                    block = self._weakened(error, types, block)
            if text.quotes(self.path, self.dialect.quote) % 2:
                self.check_end(self._parsed(dict.fromkeys(self.names, pa.string())))

    def _weakened(self, error: pa.ArrowInvalid, types: dict[str, pa.DataType], block: int) -> int:
        """What is changed to go on: the type of a column to text, or the size of a block, which is handed back."""
        if "straddl" in str(error) and block < MOST:
            return self._larger(block)
        at = _column_of(error)
        name = None if at is None else self.names[at]
        if name is None or pa.types.is_string(types[name]):
            raise error
        types[name] = pa.string()
        return block

    def _first_types(self, kept: dict[str, pa.DataType]) -> dict[str, pa.DataType]:
        """Each column's type in the first block; what is missing there throughout is left to the whole file."""
        try:
            with pyarrow.csv.open_csv(self._source(), *self._options(kept)) as reader:
                first = {field.name: field.type for field in reader.schema if not pa.types.is_null(field.type)}
        except pa.ArrowInvalid:
            return dict(kept)  # what is wrong will come out again, with its place
        return first | kept

    def _parsed(self, types: Mapping[str, pa.DataType], threads: bool = True, block: int = 0) -> pa.Table:
        block = block or self._block
        try:
            return pyarrow.csv.read_csv(self._source(), *self._options(types, None, threads, block))
        except pa.ArrowInvalid as error:
            if "straddl" not in str(error) or block >= MOST:
                raise
            return self._parsed(types, threads, self._larger(block))  # a row is longer than a block

    def _larger(self, block: int) -> int:
        return min(max(block * 16, 1 << 26), MOST)

    def _source(self) -> Any:
        return text.open_bytes(self.path)

    @property
    def _block(self) -> int:
        """Bytes that are parsed at a time; the header must fit in."""
        return max(BLOCK, 8 * sum(len(name) + 4 for name in self.dialect.header))

    def _options(
        self,
        types: Mapping[str, pa.DataType],
        wanted: list[str] | None = None,
        threads: bool = True,
        block: int | None = None,
    ) -> tuple[Any, Any, Any]:
        reading = pyarrow.csv.ReadOptions(
            use_threads=threads,
            block_size=block or self._block,
            column_names=self.names,
            skip_rows=self.dialect.lines,
            encoding=self.encoding or "utf8",
        )
        # Without newlines_in_values, a quoted line break is an error or not depending on where a block ends.
        parsing = pyarrow.csv.ParseOptions(
            delimiter=self.dialect.delimiter, quote_char=self.dialect.quote, newlines_in_values=True
        )
        converting = pyarrow.csv.ConvertOptions(
            null_values=MISSING, strings_can_be_null=True, column_types=dict(types), include_columns=wanted
        )
        return reading, parsing, converting

    def starts(self) -> Iterator[int]:
        """The line on which each row starts: blank lines and quoted line breaks make it differ from row + 2."""
        start = 1
        header = True
        for values, end in self._records():
            if values and not header:
                yield start
            header = header and not values  # a blank line is no row
            start = end + 1

    def _records(self) -> Iterator[tuple[list[str], int]]:
        """Every record of the file, the header too, and the line on which it ends."""
        with text.open_text(self.path, self.encoding, "replace") as lines:
            reader = csv.reader(lines, delimiter=self.dialect.delimiter, quotechar=self.dialect.quote)
            try:
                for values in reader:
                    yield values, reader.line_num
            except (csv.Error, OSError):
                return

    def _check_header(self) -> None:
        check_names(self.names, self.name, self.path)
        if any("\N{REPLACEMENT CHARACTER}" in name for name in self.names):
            raise self._undecodable()

    def check_end(self, columns: pa.Table) -> None:
        """A quotation mark that is never closed makes one value of the rest of the file, without an error."""
        ends = columns.slice(max(columns.num_rows - 1, 0)).to_pylist()
        open_ended = [name for row in ends for name, value in row.items() if isinstance(value, str) and "\n" in value]
        if open_ended and text.quotes(self.path, self.dialect.quote) % 2:
            raise self._at(columns.num_rows - 1, open_ended[-1], "a quotation mark is opened here and never closed")

    def _at(self, row: int, column: str | None, message: str) -> DataError:
        return Table(pa.table({}), self.name, self.path, find=self.find).error(message, row, column)

    def error(self, error: Exception) -> DataError:
        """What pyarrow said, in words and with its place."""
        said = str(error)
        if isinstance(error, UnicodeDecodeError) or "UTF8" in said or "utf-16" in said or "utf-32" in said:
            return self._undecodable()
        if isinstance(error, OSError) and text.cut_off(error):
            return self._cut()
        if isinstance(error, OSError):
            return DataError(f"{self.path} cannot be read: {error.strerror or error}", file=self.path)
        if "columns, got" in said:
            return self._ragged(said)
        if "Empty CSV" in said or "Could not skip" in said:
            return DataError(f"{self.name} has no rows: it holds a header and nothing else", file=self.path)
        return DataError(f"{self.name} cannot be read as CSV: {shortened(said, 120)}", file=self.path)

    def _not_text(self) -> str:
        how = "save it as UTF-8 (in a spreadsheet: 'CSV UTF-8'), or give the option encoding, such as latin-1"
        return f"the file is not {(self.encoding or 'UTF-8').upper()} text; {how}"

    def _undecodable(self) -> DataError:
        """Names the row, and the column where a value can be told from its neighbours."""
        line = text.undecodable_line(self.path, self.encoding)
        for row, (found, end) in enumerate(self._rows()):
            if line is not None and end >= line > self.dialect.lines:
                damaged = [name for name, value in zip(self.names, found) if "\N{REPLACEMENT CHARACTER}" in value]
                return self._at(row, damaged[0] if damaged else None, self._not_text())
        return DataError(f"{self.name}: {self._not_text()}", file=self.path)

    def _rows(self) -> Iterator[tuple[list[str], int]]:
        records = ((values, end) for values, end in self._records() if values)
        next(records, None)
        return records

    def _cut(self) -> DataError:
        """Says after which row a compressed file breaks off."""
        rows = sum(1 for _ in self._rows())
        kind = text.compression_of(self.path)
        message = f"{self.name} is cut off or damaged: its {kind} data break off after row {rows:,}; fetch it again"
        return DataError(message, file=self.path, row=rows)

    def _ragged(self, said: str) -> DataError:
        """pyarrow's threads do not know their row numbers: one thread reads again, up to the bad row."""
        try:
            self._parsed(dict.fromkeys(self.names, pa.string()), threads=False)
        except (pa.ArrowInvalid, UnicodeDecodeError) as error:
            said = str(error)
        counts = re.search(r"(?:Row #(\d+): )?Expected (\d+) columns, got (\d+)", said)
        if counts is None:
            return DataError(f"{self.name} cannot be read as CSV: {shortened(said, 120)}", file=self.path)
        message = (
            f"{_count(counts[3], 'value')} where the header names {_count(counts[2], 'column')}; "
            "give each row as many values as the header has names, and quote text that holds a separator"
        )
        if counts[1] is None:
            return DataError(f"{self.name}: {message}", file=self.path)
        # pyarrow counts the lines of the header, and of what follows the rows but not the blank lines.
        return self._at(int(counts[1]) - self.dialect.lines - 1, None, message)


class _Explained:
    """Turns what pyarrow raises within into a DataError."""

    def __init__(self, file: File):
        self.file = file

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, pa.ArrowException | OSError | UnicodeError) and not isinstance(error, DataError):
            raise self.file.error(error) from error


def _column_of(error: Exception) -> int | None:
    found = re.search(r"In CSV column #(\d+): CSV conversion error", str(error))
    return int(found[1]) if found and "UTF8" not in str(error) else None


def _count(number: str, noun: str) -> str:
    return f"{number} {noun}" if number == "1" else f"{number} {noun}s"
