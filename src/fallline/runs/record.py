"""A run directory: `spec.json` (the specification and how the run ended) and `model.safetensors`."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from os import PathLike
from pathlib import Path
from typing import Any

from ..descent.specification import Specification
from ..errors import RunError
from ..models.linear import LinearModel
from ..models.load import load

SPECIFICATION = "spec.json"
MODEL = "model.safetensors"


def free_folder(name: str, parent: str | PathLike[str] = "runs") -> Path:
    """The first of runs/name, runs/name-2, runs/name-3, … that does not exist."""
    folder, number = Path(parent) / name, 1
    while folder.exists():
        number += 1
        folder = Path(parent) / f"{name}-{number}"
    return folder


def write(folder: Path, specification: Specification, model: LinearModel, result: dict[str, Any]) -> Path:
    """Write a run directory under another name and rename it: it is there in full or not at all."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            raise RunError(f"{folder} exists already: name another folder to record the run in, or remove it")
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {error.strerror}") from error
    try:
        text = json.dumps({**specification.to_dict(), "result": result}, indent=1, ensure_ascii=False)
        (temporary / SPECIFICATION).write_text(text + "\n", encoding="utf-8")
        model.save(temporary / MODEL)
        temporary.chmod(0o755)
        os.replace(temporary, folder)
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def read(folder: str | PathLike[str]) -> tuple[Specification, LinearModel, dict[str, Any]]:
    """What `write` wrote. Raises RunError for a folder that is no run, or a damaged one."""
    path = Path(folder)
    if not (path / SPECIFICATION).is_file():
        raise RunError(f"{path} is not a run: there is no {SPECIFICATION} in it")
    try:
        data = json.loads((path / SPECIFICATION).read_text(encoding="utf-8"))
        specification, result = Specification.from_dict(data), dict(data["result"])
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise RunError(f"{path / SPECIFICATION} is damaged: {error}") from error
    except RunError as error:
        raise RunError(f"{path / SPECIFICATION}: {error}") from error
    return specification, load(path / MODEL), result
