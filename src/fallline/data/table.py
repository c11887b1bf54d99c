"""A table that was read: its columns, and the words that lead from a row back to the file."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import DataError
from . import values
from .origin import Find, Place, in_memory
from .words import listed

PIECE = 1 << 22  # bytes of a file hashed at a time


class Table:
    """Columns from one source. Rows are counted from 0 here, and from 1 in every message.

    name is for display; path is None for data in memory; target names the column that `target_values` became; files
    are the parts of a folder; notes are sentences about what was not read. find leads from a row back to its file. A
    piece of a larger table has the number of its first row as `first`.
    """

    def __init__(
        self,
        columns: pa.Table,
        name: str = "the table",
        path: str | None = None,
        target: str | None = None,
        find: Find = in_memory,
        files: Sequence[str] = (),
        notes: Sequence[str] = (),
        first: int = 0,
    ):
        self.columns = values.without_views(columns)
        self.name = name
        self.path = path
        self.target = target
        self.find = find
        self.files = tuple(files) or ((path,) if path else ())
        self.notes = tuple(notes)
        self.first = first
        self._fingerprint: str | None = None

    @property
    def rows(self) -> int:
        return int(self.columns.num_rows)

    @property
    def names(self) -> list[str]:
        return list(self.columns.column_names)

    def append(self, name: str, column: pa.Array | pa.ChunkedArray) -> None:
        """One more column, as long as the table."""
        self.columns = values.without_views(self.columns.append_column(name, column))

    def place(self, row: int) -> Place:
        return self.find([self.first + row])[0]

    def where(self, row: int) -> str:
        """A row (from 0) in words: "row 17 (line 18)" of a CSV file, "row 17 (b.csv, line 4)" of a folder."""
        return self._in_words(row, self.place(row))

    def _in_words(self, row: int, place: Place) -> str:
        within = str(place) if len(self.files) > 1 else place.inside
        return f"row {self.first + row + 1:,}" + (f" ({within})" if within else "")

    def error(self, message: str, row: int | None = None, column: str | None = None) -> DataError:
        """A DataError whose message begins with the place; row counts from 0."""
        place = None if row is None else self.place(row)
        words = [self.name]
        words += [self._in_words(row, place)] if row is not None and place is not None else []
        words += [f"column {column!r}"] if column is not None else []
        file = self.path if place is None else place.file or self.path
        number = None if place is None else place.row_in_file or place.row
        return DataError(f"{', '.join(words)}: {message}", file=file, row=number, column=column)

    def fingerprint(self) -> str:
        """A hash of the file's bytes, or of the values in memory: equal content, equal fingerprint."""
        if self._fingerprint is None:
            self._fingerprint = self._hashed()
        return self._fingerprint

    def _hashed(self) -> str:
        if self.path is None:
            return _of_columns(self.columns)
        added = f"-{_of_columns(self.columns.select([self.target]))}" if self.target else ""
        prints = [_of_file(file) for file in self.files]
        if len(prints) > 1:
            prints = [hashlib.blake2b(" ".join(prints).encode(), digest_size=16).hexdigest()]
        return prints[0] + added


def check_names(names: Sequence[str], name: str, path: str | None) -> None:
    """Refuses a table of this name that has two columns of one name, or none at all."""
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        message = f"{name}: more than one column is named {listed(map(repr, twice))}; rename one of them"
        raise DataError(message, file=path)
    if not names:
        raise DataError(f"{name}: there are no columns", file=path)


def _of_file(path: str) -> str:
    digest = hashlib.blake2b(digest_size=16)
    try:
        with open(path, "rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}", file=path) from error
    return digest.hexdigest()


def _of_columns(columns: pa.Table) -> str:
    whole = hashlib.blake2b(digest_size=16)
    for name, column in zip(columns.column_names, columns.columns, strict=True):
        # Two streams, so that neither depends on where the chunks end.
        content, lengths = hashlib.blake2b(), hashlib.blake2b()
        for chunk in column.chunks:
            _hash_chunk(chunk, content, lengths)
        kind = "text" if _text(column.type) else str(column.type)
        whole.update(repr((name, kind, len(column), content.hexdigest(), lengths.hexdigest())).encode())
    return whole.hexdigest()


def _hash_chunk(chunk: pa.Array, content: hashlib.blake2b, lengths: hashlib.blake2b) -> None:
    """Feeds the values and, apart, which are present and how long they are. What stands under a null is not fed."""
    kind = chunk.type
    if _text(kind):
        _hash_text(chunk.cast(pa.large_string()), content, lengths)
        return
    lengths.update(chunk.is_valid().to_numpy(zero_copy_only=False).tobytes())
    if pa.types.is_boolean(kind):
        chunk = chunk.cast(pa.uint8())
    elif pa.types.is_temporal(kind) and not pa.types.is_interval(kind):
        chunk = chunk.cast(pa.int32() if kind.bit_width == 32 else pa.int64())
    if pa.types.is_integer(chunk.type) or pa.types.is_floating(chunk.type):
        zero = pa.array(np.zeros(1, chunk.type.to_pandas_dtype()))[0]
        content.update(chunk.fill_null(zero).to_numpy(zero_copy_only=False).tobytes())
    else:
        content.update("".join(f"{value!r}\n" for value in chunk.to_pylist()).encode())


def _hash_text(chunk: pa.Array, content: hashlib.blake2b, lengths: hashlib.blake2b) -> None:
    lengths.update(pc.fill_null(pc.binary_length(chunk), -1).to_numpy(zero_copy_only=False).tobytes())
    filled = pc.fill_null(chunk, "")
    offsets = np.frombuffer(filled.buffers()[1], np.int64)[filled.offset : filled.offset + len(filled) + 1]
    if len(filled) and offsets[-1] > offsets[0]:
        content.update(memoryview(filled.buffers()[2])[offsets[0] : offsets[-1]])


def _text(kind: pa.DataType) -> bool:
    """A dictionary of text counts too: the same words give the same fingerprint."""
    return values.is_text(kind.value_type if pa.types.is_dictionary(kind) else kind)
