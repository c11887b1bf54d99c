"""A table that comes in pieces, written as CSV or Parquet. To be imported late: it loads pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import IO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet


def write(tables: Iterator[pa.Table], file: IO[bytes], suffix: str) -> None:
    """Write one piece after the other; there is at least one."""
    first = next(tables)
    if suffix == ".parquet":
        writer = pyarrow.parquet.ParquetWriter(file, first.schema)
    else:
        options = pyarrow.csv.WriteOptions(quoting_style="needed")
        writer = pyarrow.csv.CSVWriter(file, first.schema, write_options=options)
    with writer:
        for table in chain((first,), tables):
            writer.write_table(table)
