"""svmlight files (LIBSVM's format too): a line for each row, `label index:value index:value … # comment`.

Blocks of lines are taken apart by Arrow. A block in which that fails is read once more, line by line, by the strict
reader that knows how to say what is wrong.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import DataError
from .sparse import MOST_COLUMNS, SparseRows, SparseTable
from .values import Floats, Rows
from .words import shortened

SUFFIXES = (".svm", ".svmlight", ".libsvm")
LABEL = "label"
BLOCK = 1 << 24  # bytes of lines taken apart at a time
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

Part = tuple[list[float], Rows, Rows, Floats]  # labels, entries of each row, indices, values


def is_svmlight(data: object) -> bool:
    return isinstance(data, str | os.PathLike) and os.fspath(data).lower().endswith(SUFFIXES)


def read_svmlight(path: str, columns: int | None = None, first: int | None = None) -> SparseTable:
    """The rows of a file, and beside them the column `label`.

    A file that has an index 0 counts its columns from 0, any other from 1, unless `first` says so. columns: how many
    there are; what lies beyond is left out, since a model knows nothing of it. None is as many as the largest index.
    Raises DataError, with line and token, for what is not of the format.
    """
    name = os.path.basename(path)
    lines: list[Rows] = []
    parts: list[Part] = []
    for numbers, words in _blocks(path):
        if words:
            lines.append(np.array(numbers, dtype=np.int64))
            parts.append(_fast(words) or _strict(name, path, numbers, words))
    if not parts:
        raise DataError(f"{name}: there are no rows; a row is: label index:value …", file=path)
    ends = np.cumsum(np.concatenate([np.zeros(1, np.int64), *(part[1] for part in parts)]))
    places, numbers_at = np.concatenate([part[2] for part in parts]), np.concatenate(lines)
    labels = [label for part in parts for label in part[0]]
    lowest = int(places.min()) if len(places) else 1
    first = (0 if lowest == 0 else 1) if first is None else first
    if lowest < first:
        line = int(numbers_at[int(np.searchsorted(ends, int(np.argmin(places)), side="right")) - 1])
        message = "an index is 0, where the model's own file counted its columns from 1"
        raise DataError(f"{name}, line {line:,}: {message}", file=path)
    spans = np.ascontiguousarray(np.column_stack([ends[:-1], ends[1:]]))
    rows = SparseRows(spans, (places - first).astype(np.uint32), np.concatenate([part[3] for part in parts]), 0)
    rows.columns = max(int(places.max()) - first + 1, 1) if len(places) else 1
    table = SparseTable(rows, pa.table({LABEL: _label_column(labels)}), name, path, first)
    table.lines = numbers_at
    return table if columns is None else table.narrowed(columns)


def _label_column(labels: list[float]) -> pa.Array:
    """Whole numbers stay whole: 0 and 1, or -1 and +1, are then two classes."""
    if all(label.is_integer() and abs(label) < 2**53 for label in labels):
        return pa.array([int(label) for label in labels], pa.int64())
    return pa.array(labels, pa.float64())


def _blocks(path: str) -> Iterator[tuple[list[int], list[str]]]:
    """The lines that are rows, without comments, and their numbers, some megabytes at a time."""
    line, rest = 0, b""
    try:
        with open(path, "rb") as file:
            while piece := file.read(BLOCK):
                whole, cut, rest = (rest + piece).rpartition(b"\n")
                if cut:
                    line, numbers, words = _rows_of(whole, line)
                    yield numbers, words
        if rest:
            yield _rows_of(rest, line)[1:]
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}", file=path) from error
    except UnicodeDecodeError as error:
        raise DataError(f"{os.path.basename(path)} is not UTF-8 text: it is no svmlight file", file=path) from error


def _rows_of(piece: bytes, line: int) -> tuple[int, list[int], list[str]]:
    every = piece.decode().split("\n")
    stripped = [text.split("#", 1)[0].strip() for text in every]
    kept = [(line + at, text) for at, text in enumerate(stripped, 1) if text]
    return line + len(every), [number for number, _ in kept], [text for _, text in kept]


def _fast(words: list[str]) -> Part | None:
    """The rows of a block, or None if there is anything unusual about it."""
    tokens = pc.utf8_split_whitespace(pa.array(words, pa.large_string()))
    flat, starts = tokens.flatten(), tokens.offsets.to_numpy()
    starts = starts - starts[0]
    is_pair = np.ones(len(flat), dtype=bool)
    is_pair[starts[:-1]] = False
    pairs = pc.split_pattern(flat.filter(pa.array(is_pair)), ":")
    if not pc.all(pc.equal(pc.list_value_length(pairs), 2)).as_py() and len(pairs):
        return None
    heads = flat.take(pa.array(starts[:-1])).to_pylist()
    if not all(map(NUMBER.fullmatch, heads)):
        return None
    try:
        indices = pc.list_element(pairs, 0).cast(pa.int64()).to_numpy()
        values = pc.list_element(pairs, 1).cast(pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        return None
    lengths = np.diff(starts) - 1
    rising = np.ones(len(indices), dtype=bool)
    rising[1:] = indices[1:] > indices[:-1]
    begins = np.cumsum(lengths) - lengths
    rising[begins[lengths > 0]] = True
    sound = rising.all() and np.isfinite(values).all()
    sound = sound and (not len(indices) or (indices.min() >= 0 and indices.max() <= MOST_COLUMNS))
    labels = [float(head) for head in heads]
    return (labels, lengths, indices, values) if sound and np.isfinite(labels).all() else None


def _strict(name: str, path: str, numbers: list[int], words: list[str]) -> Part:
    """The same line by line. DataError for the first token that is not of the format."""
    labels, lengths, indices, values = [], [], [], []
    for line, text in zip(numbers, words, strict=True):

        def fail(token: str, why: str, line: int = line) -> DataError:
            message = f"{name}, line {line:,}: {shortened(token)!r} {why}; a row is: label index:value …"
            return DataError(message, file=path)

        head, *tokens = text.split()
        labels.append(_number(head, fail))
        pairs: dict[int, float] = {}
        for token in tokens:
            index, colon, value = token.partition(":")
            if index == "qid":
                raise fail(token, "names a query: ranking is not done, so leave qid out")
            if not colon or not index.isascii() or not index.isdigit() or int(index) > MOST_COLUMNS:
                raise fail(token, f"is not index:value with a whole index from 0 to {MOST_COLUMNS:,}")
            if int(index) in pairs:
                raise fail(token, "stands twice in its row")
            pairs[int(index)] = _number(value, fail, token)
        lengths.append(len(pairs))
        indices += sorted(pairs)
        values += [pairs[index] for index in sorted(pairs)]
    arrays = np.array(lengths, np.int64), np.array(indices, np.int64), np.array(values, np.float64)
    return labels, *arrays


def _number(word: str, fail: object, token: str | None = None) -> float:
    assert callable(fail)
    if not NUMBER.fullmatch(word):
        raise fail(token or word, "is not a finite number" if token is None else "has no finite number as its value")
    value = float(word)
    if abs(value) == float("inf"):
        raise fail(token or word, "is too large for a float64")
    return value
