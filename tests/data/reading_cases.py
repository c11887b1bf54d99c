"""What tests of reading share."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from fallline.data.sources import DEFAULT, Reading, read, stream
from fallline.errors import DataError


def refused(data: object, *says: str, row: int | None = None, file: Path | None = None) -> DataError:
    """Reading, whole and in pieces, raises a DataError of one line with these words and this place."""
    for reader in (read, lambda data: [piece.rows for piece in stream(data).pieces()]):
        with pytest.raises(DataError) as caught:
            reader(data)
        assert all(word in str(caught.value) for word in says), str(caught.value)
        assert "\n" not in str(caught.value)
        assert caught.value.row == row
        if file is not None:
            assert caught.value.file == str(file)
    return caught.value


def streamed(data: object, reading: Reading = DEFAULT) -> pa.Table:
    return pa.concat_tables([piece.columns for piece in stream(data, reading).pieces()], promote_options="permissive")
