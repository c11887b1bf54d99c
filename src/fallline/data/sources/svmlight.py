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

from ...errors import DataError
from ..origin import in_lines
from ..reading import Reading
from ..sparse import MOST_COLUMNS, SparseRows, SparseTable, spans_between
from ..values import Floats, Rows
from ..words import shortened
from . import text

SUFFIXES = (".svm", ".svmlight", ".libsvm")
IS_TEXT = True
LABEL = "label"
BLOCK = 1 << 24  # characters of lines taken apart at a time
QUERY = re.compile(r"\sqid:\S*")
QUERIES = "qid is not used: the rows are taken one by one, and not as the results of queries"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

Part = tuple[list[float], Rows, Rows, Floats]  # labels, entries of each row, indices, values


def read(path: str, reading: Reading) -> SparseTable:
    """The rows of a file, and beside them the column `label`.

    A file that has an index 0 counts its columns from 0, any other from 1; there are as many as the largest index says.
    Raises DataError, with line and token, for what is not of the format.
    """
    name, encoding = os.path.basename(path), reading.encoding or "UTF-8"
    try:
        text.start_of(path, "svmlight")
        return _read(path, name, reading.encoding)
    except UnicodeError as error:
        raise DataError(f"{name} is not {encoding} text; save it as UTF-8, or name its encoding", file=path) from error
    except OSError as error:
        if not text.cut_off(error):
            raise
        raise DataError(f"{name} is cut off or damaged: {shortened(error, 100)}; fetch it again", file=path) from error


def _read(path: str, name: str, encoding: str | None) -> SparseTable:
    lines: list[Rows] = []
    parts: list[Part] = []
    rows = 0
    queries = False
    for numbers, words in _blocks(path, encoding):
        if not words:
            continue
        if any("qid:" in row for row in words):
            queries, words = True, [QUERY.sub("", row) for row in words]
        lines.append(np.array(numbers, dtype=np.int64))
        parts.append(_fast(words) or _strict(name, path, rows, numbers, words))
        rows += len(words)
    if not parts:
        raise DataError(f"{name}: there are no rows; a row is: label index:value …", file=path)
    ends = np.cumsum(np.concatenate([part[1] for part in parts]))
    places, starts = np.concatenate([part[2] for part in parts]), np.concatenate(lines)
    labels = [label for part in parts for label in part[0]]
    first = 0 if len(places) and places.min() == 0 else 1
    columns = max(int(places.max()) - first + 1, 1) if len(places) else 1
    values = np.concatenate([part[3] for part in parts])
    found = SparseRows(spans_between(ends), (places - first).astype(np.uint32), values, columns)
    find = in_lines(path, lambda rows: [int(line) for line in starts[np.asarray(rows, dtype=np.int64)]])
    beside = pa.table({LABEL: _label_column(labels)})
    return SparseTable(found, beside, name, path, first, find=find, notes=(QUERIES,) if queries else ())


def _label_column(labels: list[float]) -> pa.Array:
    """Whole numbers stay whole: 0 and 1, or -1 and +1, are then two classes."""
    if all(label.is_integer() and abs(label) < 2**53 for label in labels):
        return pa.array([int(label) for label in labels], pa.int64())
    return pa.array(labels, pa.float64())


def _blocks(path: str, encoding: str | None) -> Iterator[tuple[list[int], list[str]]]:
    """The lines that are rows, without comments, and their numbers, some megabytes at a time."""
    line, rest = 0, ""
    with text.open_text(path, encoding) as file:
        while piece := file.read(BLOCK):
            whole, cut, rest = (rest + piece).rpartition("\n")
            if cut:
                line, numbers, words = _rows_of(whole, line)
                yield numbers, words
    if rest:
        yield _rows_of(rest, line)[1:]


def _rows_of(piece: str, line: int) -> tuple[int, list[int], list[str]]:
    every = piece.split("\n")
    stripped = [row.split("#", 1)[0].strip() for row in every]
    kept = [(line + at, row) for at, row in enumerate(stripped, 1) if row]
    return line + len(every), [number for number, _ in kept], [row for _, row in kept]


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


def _strict(name: str, path: str, before: int, numbers: list[int], words: list[str]) -> Part:
    """The same line by line, after so many rows. DataError for the first token that is not of the format."""
    labels, lengths, indices, values = [], [], [], []
    for row, (line, content) in enumerate(zip(numbers, words, strict=True), before + 1):

        def fail(token: str, why: str, row: int = row, line: int = line) -> DataError:
            place = f"{name}, row {row:,} (line {line:,})"
            return DataError(f"{place}: {shortened(token)!r} {why}; a row is: label index:value …", file=path, row=row)

        head, *tokens = content.split()
        labels.append(_number(head, fail))
        pairs: dict[int, float] = {}
        for token in tokens:
            index, colon, value = token.partition(":")
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
