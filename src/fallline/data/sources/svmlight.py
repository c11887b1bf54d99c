"""svmlight files, LIBSVM's format too: a line for each row, `label index:value index:value … # comment`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa

from ...errors import DataError
from ..origin import in_lines
from ..reading import Reading
from ..table import Table
from ..words import shortened
from . import sparse, text

SUFFIXES = (".svm", ".svmlight", ".libsvm")
IS_TEXT = True
LABEL = "label"


def read(path: str, reading: Reading) -> Table:
    """Columns label, then x and the index for every index up to the largest, as the file numbers them.

    Labels that are -1 and +1 become two classes. A column that a model needs and that the file lacks is 0 throughout.
    """
    name = os.path.basename(path)
    try:
        text.start_of(path, "svmlight")
        labels, rows, first = parsed(path, reading.encoding)
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not UTF-8 text; save it as UTF-8, or name its encoding", file=path) from error
    except OSError as error:
        if not text.cut_off(error):
            raise
        raise DataError(f"{name} is cut off or damaged: {shortened(error, 100)}; fetch it again", file=path) from error
    columns = sparse.dense(rows, first, name, path)
    names = set(columns.column_names)
    for other in reading.columns or ():
        if other not in names and other[:1] == "x" and other[1:].isdigit():
            columns = columns.append_column(other, pa.array(np.zeros(rows.count)))
    columns = columns.add_column(0, LABEL, _labels(labels))
    find = in_lines(path, partial(text.lines_of, partial(_starts, path, reading.encoding)))
    return Table(columns, name, path, find=find)


def parsed(path: str, encoding: str | None) -> tuple[list[float], sparse.Rows, int]:
    """Labels, rows, and the number of the first column: 0 if the file counts from 0, else 1."""
    labels: list[float] = []
    starts, places, values = [0], [], []
    for line, words in _lines(path, encoding):
        try:
            label = float(words[0])
            pairs = [word.split(":", 1) for word in words[1:] if not word.startswith("qid:")]
            found = [int(index) for index, _ in pairs]
            values += [float(value) for _, value in pairs]
        except ValueError as error:
            raise _error(path, line, len(starts), f"{shortened(error, 80)}; a row is: label index:value …") from error
        if len(set(found)) < len(found) or min(found, default=0) < 0:
            raise _error(path, line, len(starts), "an index is negative, or stands twice")
        labels.append(label)
        places += found
        starts.append(len(places))
    first = 0 if min(places, default=1) == 0 else 1
    indices = np.array(places, dtype=np.int64) - first
    columns = int(indices.max()) + 1 if len(indices) else 0
    return labels, sparse.Rows(np.array(starts), indices, np.array(values, dtype=np.float64), columns), first


def _error(path: str, line: int, row: int, message: str) -> DataError:
    return DataError(f"{os.path.basename(path)}, row {row:,} (line {line:,}): {message}", file=path, row=row)


def _labels(labels: Sequence[float]) -> pa.Array:
    if set(labels) <= {-1.0, 1.0} and labels:
        return pa.array(["+1" if label > 0 else "-1" for label in labels])
    if all(label.is_integer() and abs(label) < 2**53 for label in labels):
        return pa.array([int(label) for label in labels])
    return pa.array(labels)


def _lines(path: str, encoding: str | None) -> Iterator[tuple[int, list[str]]]:
    with text.open_text(path, encoding) as file:
        for number, line in enumerate(file, 1):
            words = line.split("#", 1)[0].split()
            if words:
                yield number, words


def _starts(path: str, encoding: str | None) -> Iterator[int]:
    return (number for number, _ in _lines(path, encoding))
