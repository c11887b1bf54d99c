"""What tests of schemas share."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from fallline.data.infer import infer
from fallline.data.schema import Schema
from fallline.data.sources import read
from fallline.errors import DataError


def schema_of(columns: dict[str, Any], target: str | None = None, **options: Any) -> Schema:
    return infer(read(columns), target, **options)


def encoded(columns: dict[str, Any], **options: Any) -> list[list[float]]:
    rows: list[list[float]] = schema_of(columns, **options).encode(pa.table(columns)).tolist()
    return rows


def refused_schema(columns: Any, target: str | None, says: str, row: int | None = None, column: str | None = None,
            **options: Any) -> None:  # fmt: skip
    """`infer` raises a DataError of one line with these words and this place."""
    with pytest.raises(DataError) as caught:
        infer(read(columns), target, **options)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (caught.value.row, caught.value.column) == (row, column)
