"""Tables in memory: Arrow, what speaks Arrow's stream interface (pandas, polars), dicts, arrays, lists, sparse rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import DataError
from ..memory import turn
from ..sparse import SparseTable, is_matrix, of_matrix
from ..table import Table
from ..words import shortened

KINDS = "a pyarrow, pandas or polars table, a dict of columns, a 2-D array, a sparse matrix or a list of rows"
NAME = "the table"
MATRIX = "the sparse matrix"


def read(data: Any) -> Table:
    """Columns of an array without names are called x1, x2, …"""
    if isinstance(data, pa.Table):
        columns = data
    elif isinstance(data, pa.RecordBatch):
        columns = pa.Table.from_batches([data])
    elif isinstance(data, Mapping):
        columns = _of_dict(data)
    elif hasattr(data, "__arrow_c_stream__"):
        columns = _of_stream(data)
    elif is_matrix(data):
        return SparseTable(of_matrix(data), pa.table({}), MATRIX)
    else:
        columns = _of_array(_as_array(data))
    return Table(columns, NAME)


def column(values: Any, name: str) -> pa.ChunkedArray:
    """One column from an array, a list or a Series; None and NaN are missing values."""
    if isinstance(values, pa.ChunkedArray):
        return values
    try:
        if isinstance(values, pa.Array):
            return pa.chunked_array([values])
        if hasattr(values, "__arrow_c_stream__"):
            return pa.chunked_array(values)
        if hasattr(values, "__array__"):
            values = _native(np.asarray(values))
        return pa.chunked_array([pa.array(values, from_pandas=True)])
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        message = f"{NAME}, column {name!r}: the values cannot be made into one column: {shortened(error, 120)}"
        raise DataError(message, column=name) from error


def _native(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Arrow reads this machine's byte order only, and one dimension."""
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values


def _of_dict(data: Mapping[Any, Any]) -> pa.Table:
    columns = {str(name): column(values, str(name)) for name, values in data.items()}
    lengths = {name: len(values) for name, values in columns.items()}
    first = next(iter(lengths), "")
    for name, length in lengths.items():
        if length != lengths[first]:
            message = f"{NAME}, column {name!r}: {length:,} values, while {first!r} has {lengths[first]:,}"
            raise DataError(message, column=name)
    return pa.Table.from_arrays(list(columns.values()), names=[str(name) for name in data])


def _of_stream(data: Any) -> pa.Table:
    try:
        return pa.table(data)
    except (pa.ArrowException, TypeError, ValueError, OverflowError, NotImplementedError) as error:
        if "non-struct" in str(error):  # a Series: one column
            name = getattr(data, "name", None) or "x1"
            return pa.Table.from_arrays([column(data, str(name))], names=[str(name)])
        said = "; ".join(str(part) for part in error.args) or str(error)
        raise DataError(f"{NAME} cannot be read: {shortened(said, 160)}") from error


def _as_array(data: Any) -> np.ndarray[Any, Any]:
    if not (isinstance(data, list | tuple) or hasattr(data, "__array__")):
        hint = "; call .collect() on it first" if hasattr(data, "collect") else ""
        raise DataError(f"no table can be made of {type(data).__name__}: give the path of a file, {KINDS}{hint}")
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise _ragged(data, error) from error
    if array.dtype.kind in "US" and not hasattr(data, "__array__"):
        array = np.asarray(data, dtype=object)  # [[1, "a"]]: NumPy would turn the 1 into text
    return array


def _ragged(data: Any, error: ValueError) -> DataError:
    lengths = [len(row) if hasattr(row, "__len__") else 0 for row in data]
    for row, length in enumerate(lengths):
        if length != lengths[0]:
            message = f"{NAME}, row {row + 1:,}: {length:,} values, while row 1 has {lengths[0]:,}"
            return DataError(message, row=row + 1)
    return DataError(f"{NAME} cannot be read: {shortened(error, 120)}")


def _of_array(array: np.ndarray[Any, Any]) -> pa.Table:
    if array.ndim not in (1, 2):
        raise DataError(f"an array of {array.ndim} dimensions is no table; give one of 2, rows by columns")
    if array.ndim == 1:
        array = array[:, None]
    names = [f"x{at + 1}" for at in range(array.shape[1])]
    if not array.flags.f_contiguous:
        by_row, array = array, np.empty(array.shape, array.dtype, order="F")
        turn(by_row, array)
    columns = [column(array[:, at], name) for at, name in enumerate(names)]
    return pa.Table.from_arrays(columns, names=names)
