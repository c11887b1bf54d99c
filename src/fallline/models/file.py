"""The model file: numbers as safetensors, everything else as JSON in its header. Nothing in it is ever executed."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import IO, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from ..data.values import Floats
from ..errors import DataError

FORMAT = "fallline-model-1"


def write_model(path: str | PathLike[str], description: dict[str, Any], tensors: dict[str, Floats]) -> None:
    """Write a model's description (fit for JSON) and its tensors to one file, whole or not at all."""
    arrays = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    header = {"format": FORMAT, "model": json.dumps(description, ensure_ascii=False)}
    write_whole(Path(path), to_bytes(arrays, metadata=header))


def read_model(path: str | PathLike[str]) -> tuple[dict[str, Any], dict[str, Floats]]:
    """A model's description and tensors. DataError for a file that is missing, damaged or something else."""
    name = os.fspath(path)
    if not os.path.isfile(name):
        raise DataError(f"there is no model file {name}", file=name)
    try:
        with safe_open(name, framework="numpy") as file:
            header = file.metadata() or {}
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise refused(name, str(error)) from error
    if header.get("format") != FORMAT:
        raise refused(name, f"its format is {header.get('format', 'unknown')!r}, and {FORMAT!r} is read")
    try:
        return dict(json.loads(header["model"])), arrays
    except (KeyError, TypeError, ValueError) as error:
        raise refused(name, f"its description is damaged ({error})") from error


def refused(name: str, why: str) -> DataError:
    return DataError(f"{name} is not a Fallline model that can be read: {' '.join(why.split())}", file=name)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there in full or not at all."""
    with whole_file(path) as file:
        file.write(content)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to be written piece by piece, under another name until it is complete; after an exception it is gone."""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror}", file=str(path)) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException as error:
        os.unlink(temporary)
        if isinstance(error, OSError):
            raise DataError(f"{path} cannot be written: {error.strerror}", file=str(path)) from error
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
