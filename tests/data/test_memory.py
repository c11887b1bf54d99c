"""Where a table's numbers stand in memory."""

from __future__ import annotations

import numpy as np
import pytest

from fallline.data.infer import infer
from fallline.data.memory import LINE, zeros_on_lines
from fallline.data.sources import read


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (3000, 100), (100_000, 13)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_table_begins_where_a_cache_line_begins(shape: tuple[int, int], dtype: type) -> None:
    """Small and large arrays alike, in C order, writable and all zeros."""
    found = zeros_on_lines(shape, dtype)
    assert found.ctypes.data % LINE == 0 and found.flags.c_contiguous
    assert found.shape == shape and found.dtype == dtype and not found.any()
    found += 1.0
    assert found.sum() == shape[0] * shape[1]
    assert zeros_on_lines((0, 3), dtype).shape == (0, 3)


@pytest.mark.parametrize("narrow", [False, True])
def test_encoded_rows_begin_there(narrow: bool, rng: np.random.Generator) -> None:
    """What `fit` reads in every step, in both storages: NumPy's own large arrays begin 16 bytes after a line."""
    table = read(rng.normal(size=(70_000, 9)))
    schema = infer(table, None)
    found = schema.encode_narrow(table, np.arange(70_000))[0] if narrow else schema.encode(table)
    assert found.ctypes.data % LINE == 0
