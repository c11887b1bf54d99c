"""Parquet files."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet

from ...errors import DataError
from ..table import Table
from ..words import shortened

SUFFIXES = (".parquet", ".pq")


def read(path: str, text: Sequence[str] = ()) -> Table:
    """The whole file. `text` has no meaning here: a Parquet file knows its types."""
    name = os.path.basename(path)
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            columns = file.read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(_explained(name, path, error), file=path) from error
    return Table(columns, name, path)


def _explained(name: str, path: str, error: Exception) -> str:
    if "magic bytes" in str(error):
        return f"{name} is not a Parquet file, or it was cut off: its last four bytes are not PAR1"
    return f"{name} is a damaged Parquet file: {shortened(error, 120)}"
