"""Arrow IPC files, Feather (version 2) being the same, and Arrow streams; a record batch at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from ...errors import DataError
from ..origin import in_groups
from ..reading import Reading, Stream
from ..table import Table
from ..words import shortened

SUFFIXES = (".arrow", ".feather", ".ipc", ".arrows")
IS_TEXT = False
MAGIC = b"ARROW1"


def read(path: str, reading: Reading) -> Table:
    """The whole file."""
    with _explained(path):
        batches, schema = list(_batches(path, None)), _schema(path)
        columns = pa.Table.from_batches(batches, schema)
    find = in_groups(path, [len(batch) for batch in batches], "batch")
    return Table(columns, os.path.basename(path), path, find=find)


def stream(path: str, reading: Reading) -> Stream:
    """The needed columns, a record batch at a time."""
    with _explained(path):
        names = list(_schema(path).names)
    sizes: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        with _explained(path):
            for batch in _batches(path, reading.needed(names)):
                sizes.append(len(batch))
                yield batch

    return Stream(names, batches(), os.path.basename(path), path, in_groups(path, sizes, "batch"))


def _schema(path: str) -> pa.Schema:
    with pa.OSFile(path) as file, _reader(file, path, None) as reader:
        return reader.schema


def _batches(path: str, names: list[str] | None) -> Iterator[pa.RecordBatch]:
    # Read, not mapped: mapped pages count as resident memory, and a map of a file that is cut ends the process.
    fields = None if names is None else [_schema(path).get_field_index(name) for name in names]
    with pa.OSFile(path) as file, _reader(file, path, fields) as reader:
        if hasattr(reader, "num_record_batches"):
            for at in range(reader.num_record_batches):
                yield reader.get_batch(at)
        else:
            yield from reader


def _reader(file: pa.NativeFile, path: str, fields: list[int] | None) -> pa.ipc.RecordBatchFileReader:
    options = pa.ipc.IpcReadOptions(included_fields=fields)
    with open(path, "rb") as start:
        is_file = start.read(len(MAGIC)) == MAGIC
    return pa.ipc.open_file(file, options=options) if is_file else pa.ipc.open_stream(file, options=options)


@contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        name = os.path.basename(path)
        with open(path, "rb") as start:
            begin = start.read(len(MAGIC))
        if begin.startswith(b"FEA1"):
            message = f"{name} is a Feather file of version 1, which is not read: write it again as version 2"
        elif begin == MAGIC:
            message = f"{name} is a damaged Arrow file, or it was cut off: {shortened(error, 120)}"
        else:
            message = f"{name} is not an Arrow file: {shortened(error, 120)}"
        raise DataError(message, file=path) from error
