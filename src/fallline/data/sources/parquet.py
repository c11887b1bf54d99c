"""Parquet files, a row group at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet

from ...errors import DataError
from .. import values
from ..origin import Find, in_groups
from ..reading import Reading, Stream
from ..table import Table, check_names
from ..words import shortened

SUFFIXES = (".parquet", ".pq")
IS_TEXT = False


def read(path: str, reading: Reading) -> Table:
    """The whole file. What can be no feature (lists, bytes, structs) is not read: its values are null."""
    with _Opened(path) as file:
        check_names(file.schema_arrow.names, os.path.basename(path), path)
        names = [field.name for field in file.schema_arrow if values.family(field.type) != "unusable"]
        groups = [_group(file, path, at, names) for at in range(file.num_row_groups)]
        find = _find(file, path)
        schema = file.schema_arrow
    found = pa.concat_tables(groups) if groups else schema.empty_table().select(names)
    columns = [found.column(field.name) if field.name in names else _nulls(field, found) for field in schema]
    return Table(pa.Table.from_arrays(columns, names=schema.names), os.path.basename(path), path, find=find)


def stream(path: str, reading: Reading) -> Stream:
    """The needed columns, a row group at a time."""
    with _Opened(path) as file:
        names, find = list(file.schema_arrow.names), _find(file, path)
    return Stream(names, _groups(path, reading.needed(names)), os.path.basename(path), path, find)


def _groups(path: str, names: list[str]) -> Iterator[pa.Table]:
    with _Opened(path) as file:
        for at in range(file.num_row_groups):
            yield _group(file, path, at, names)


def _group(file: pyarrow.parquet.ParquetFile, path: str, at: int, names: list[str]) -> pa.Table:
    try:
        return file.read_row_group(at, columns=names)
    except (pa.ArrowException, OSError, ValueError) as error:
        first = sum(file.metadata.row_group(before).num_rows for before in range(at)) + 1
        what = f"{os.path.basename(path)} is a damaged Parquet file: row group {at + 1:,}, which begins at row"
        raise DataError(f"{what} {first:,}, cannot be read ({shortened(error, 90)})", file=path, row=first) from error


def _find(file: pyarrow.parquet.ParquetFile, path: str) -> Find:
    sizes = [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)]
    return in_groups(path, sizes, "row group")


def _nulls(field: pa.Field, table: pa.Table) -> pa.ChunkedArray:
    return pa.chunked_array([pa.nulls(table.num_rows, field.type)])


class _Opened:
    """The open file; what goes wrong while it is opened becomes a DataError."""

    def __init__(self, path: str):
        self.path = path

    def __enter__(self) -> pyarrow.parquet.ParquetFile:
        try:
            self.file = pyarrow.parquet.ParquetFile(self.path)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise DataError(_explained(os.path.basename(self.path), error), file=self.path) from error
        return self.file

    def __exit__(self, *exception: object) -> None:
        self.file.close()


def _explained(name: str, error: Exception) -> str:
    if "magic bytes" in str(error) or "smaller than" in str(error):
        return f"{name} is not a Parquet file, or it was cut off: its last four bytes are not PAR1"
    return f"{name} is a damaged Parquet file: {shortened(error, 120)}"
