"""NumPy's .npy (one array, rows by columns) and .npz (named arrays side by side). Pickled objects are never read."""

from __future__ import annotations

import os
import zipfile
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import DataError
from ..origin import in_file
from ..reading import Reading
from ..table import Table
from ..words import shortened
from . import memory

SUFFIXES = (".npy", ".npz")
IS_TEXT = False


def read(path: str, reading: Reading) -> Table:
    """The columns of an array are x1, x2, …; of an array NAME in a .npz file NAME, or NAME1, NAME2, … if it has many.

    A structured array's fields are columns under their own names.
    """
    name = os.path.basename(path)
    try:
        columns = {
            column: values
            for array, whole in _arrays(path).items()
            for column, values in _columns(array, whole, path).items()
        }
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, SyntaxError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        if "pickle" in str(error).lower():
            what = f"{name} holds Python objects, which are not read; save numbers or text"
        else:
            what = f"{name} is not a NumPy file, or it was cut off: {shortened(error, 120)}"
        raise DataError(what, file=path) from error
    lengths = {column: len(values) for column, values in columns.items()}
    first = next(iter(lengths), "")
    for column, length in lengths.items():
        if length != lengths[first]:
            message = f"{name}, column {column!r}: {length:,} values, while {first!r} has {lengths[first]:,}"
            raise DataError(message, file=path, column=column)
    arrays_of = [memory.column(values, column) for column, values in columns.items()]
    return Table(pa.Table.from_arrays(arrays_of, names=list(columns)), name, path, find=in_file(path))


def _arrays(path: str) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays by their names; the one in a .npy file has none."""
    with open(path, "rb") as file:
        found = np.load(file, allow_pickle=False)
        return {"": found} if isinstance(found, np.ndarray) else {name: found[name] for name in found.files}


def _columns(name: str, array: np.ndarray[Any, Any], path: str) -> dict[str, np.ndarray[Any, Any]]:
    if array.dtype.names:
        return {field: array[field] for field in array.dtype.names}
    if array.ndim not in (1, 2):
        dimensions = f"{os.path.basename(path)}: an array of {array.ndim} dimensions is no table"
        raise DataError(f"{dimensions}; save one of 2, rows by columns", file=path)
    if array.ndim == 1:
        return {name or "x1": array}
    return {f"{name or 'x'}{at + 1}": array[:, at] for at in range(array.shape[1])}
