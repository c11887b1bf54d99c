"""`fallline predict`: a model or a run applied to a raw table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import DataError, SpecificationError
from .console import say
from .interrupt import ending_at_once

if TYPE_CHECKING:
    import pyarrow as pa

    from ..data.table import Table
    from ..models.linear import LinearModel

SUFFIXES = (".csv", ".parquet")


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL_OR_RUN", help="A model file, or the folder of a run.")],
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="A raw table, as for fit: a file, a folder or a pattern.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to this .csv or .parquet file, not to stdout."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a text file, such as latin-1; utf-8 if not given.")
    ] = None,
    loss: Annotated[
        str | None, typer.Option("--loss", metavar="MODULE:NAME", help="Where the model's own loss is defined.")
    ] = None,
) -> None:
    """Predict the target for each row of a table.

    The result is CSV with a line for each row, in the table's order: the column "prediction", and where the loss gives
    them the probabilities of the classes (of two, of the second one).
    """
    if output is not None:
        check_output(output)
    with ending_at_once():
        from .choices import own_loss

        own_loss(loss)  # a loss from outside is known once its module has been imported
        found = loaded(model)
        found.check_usable()
        from ..models.file import whole_file
        from ..models.pieces import pieces
        from .writing import write
    notes: list[str] = []
    tables = (_predictions(found, piece) for piece in pieces(found.schema, data, encoding=encoding, notes=notes))
    if output is None:
        sys.stdout.flush()
        write(tables, sys.stdout.buffer, ".csv")
    else:
        with whole_file(output) as file:
            write(tables, file, output.suffix.lower())
    for note in notes:
        say(note)


def check_output(path: Path) -> None:
    """Refuse what cannot be written before anything is computed."""
    if path.suffix.lower() not in SUFFIXES:
        raise SpecificationError(
            f"--output {path}: the name must end in .csv or .parquet", option="output", value=str(path)
        )
    check_folder_of("--output", path)


def check_folder_of(option: str, path: Path) -> None:
    if path.is_dir():
        raise SpecificationError(f"{option} {path} is a folder: name a file", option=option, value=str(path))
    if not path.parent.is_dir():
        raise SpecificationError(
            f"{option} {path}: there is no folder {path.parent}; make it first, or name another file",
            option=option,
            value=str(path),
        )


def loaded(path: Path) -> LinearModel:
    from ..models.load import load
    from ..runs import record

    if path.is_dir():
        return record.read(path)[1]
    if not path.exists():
        raise DataError(f"there is no model file or run {path}", file=str(path))
    return load(path)


def _predictions(model: LinearModel, table: Table) -> pa.Table:
    """A column `prediction`; and where the loss gives them `probability_of_` each class, of two only the second."""
    import pyarrow as pa

    scores = model.score_features(model.schema.encode(table))
    columns = {"prediction": model.predictions(scores).tolist()}
    if model.classes and model.has_probabilities:
        probabilities = model.probabilities(scores)
        first = 1 if len(model.classes) == 2 else 0
        for c in range(first, len(model.classes)):
            columns[f"probability_of_{model.classes[c]}"] = probabilities[:, c].tolist()
    return pa.table(columns)
