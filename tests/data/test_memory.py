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


@pytest.mark.parametrize("kind", ["float64", "float32", "int16", "bool", "object", "U3", "datetime64[D]"])
def test_an_array_s_columns_are_its_own(kind: str, rng: np.random.Generator) -> None:
    """An array of any type is read column by column, in more than one block of rows, however it lies in memory."""
    values = rng.integers(0, 200, (50_000, 3))
    array = np.array([["a", None, "b"]] * 50_000, dtype=object) if kind == "object" else values.astype(kind)
    for given in (array, np.asfortranarray(array), array[::-1], array[:, ::-1]):
        table = read(given)
        for at, name in enumerate(table.names):
            found = table.columns.column(name).to_pylist()
            assert found == given[:, at].tolist(), name
