"""`fallline evaluate`: how good a model is on a raw table that holds the target."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import Line, count, say, show, show_json
from .interrupt import ending_at_once
from .predict import loaded
from .scores import confusion_lines, score_lines


def evaluate(
    model: Annotated[Path, typer.Argument(metavar="MODEL_OR_RUN", help="A model file, or the folder of a run.")],
    data: Annotated[str, typer.Argument(metavar="DATA", help="A raw table that holds the target.")],
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a text file, such as latin-1; utf-8 if not given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the scores, unrounded, as one JSON object.")] = False,
) -> None:
    """Judge a model by a table: R² and errors of a number; accuracy, log loss, AUC and confusion of classes.

    Rows without a target are passed over. Files of any size are read piece by piece.
    """
    notes: list[str] = []
    with ending_at_once():
        found = loaded(model)
        scores = found.evaluate(data, encoding=encoding, notes=notes)
    if json:
        show_json({**scores, "classes": list(found.classes), "notes": notes})
        return
    for note in notes:
        say(note)
    target = found.schema.target.name if found.schema.target else "the target"
    lines = score_lines(scores, f"{count(int(scores['rows']), 'row')} of {Path(data).name}", target)
    if "confusion" in scores:
        lines += [Line(""), *confusion_lines(scores, found.classes)]
    show(lines)
