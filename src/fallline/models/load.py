"""`load` reads any model file. KINDS is the one list of the kinds of model."""

from __future__ import annotations

import os
from os import PathLike

from ..errors import DataError, FalllineError, SpecificationError
from ..losses import Loss
from .file import read_model, refused
from .linear import LinearModel
from .softmax import SoftmaxModel

KINDS: dict[str, type[LinearModel]] = {kind.kind: kind for kind in (LinearModel, SoftmaxModel)}


def linear_model(loss: Loss) -> type[LinearModel]:
    """The linear model that goes with a loss."""
    return SoftmaxModel if loss.many else LinearModel


def load(path: str | PathLike[str]) -> LinearModel:
    """Read a model that `save` wrote. Raises DataError for a file that is missing, damaged or something else."""
    description, arrays = read_model(path)
    try:
        if description["kind"] not in KINDS:
            raise ValueError(f"kind {description['kind']!r} is not known")
        return KINDS[description["kind"]].from_parts(description, arrays)
    except (KeyError, TypeError, ValueError, AttributeError, FalllineError) as error:
        if isinstance(error, SpecificationError) and error.option == "loss":
            raise DataError(f"{os.fspath(path)}: {error}", file=os.fspath(path)) from error
        raise refused(os.fspath(path), f"its description is damaged ({error})") from error
