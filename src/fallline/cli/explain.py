"""`fallline explain`: one step of a recorded run, with its numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import SpecificationError
from .console import show_json
from .interrupt import ending_at_once


def explain(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a recorded run, such as runs/line-y.")],
    step: Annotated[str, typer.Option("--step", metavar="K", help="Which step, counted from 1.")],
    row: Annotated[
        str | None, typer.Option("--row", metavar="R", help="A row of the table, from 1, to work out in full.")
    ] = None,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="MODULE:NAME", help="Where the run's own rule is defined.")
    ] = None,
    loss: Annotated[
        str | None, typer.Option("--loss", metavar="MODULE:NAME", help="Where the run's own loss is defined.")
    ] = None,
    penalty: Annotated[
        str | None, typer.Option("--penalty", metavar="MODULE:NAME", help="Where the run's own penalty is defined.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything, unrounded, as one JSON object.")] = False,
) -> None:
    """Work out one step of a run with its numbers.

    Like a page of a textbook: the rows, their loss, each gradient as its sum, and the update.
    """
    k, number = whole("--step", step), None if row is None else whole("--row", row)
    with ending_at_once():
        from ..api import open_run
        from .additions import own_penalty
        from .choices import own_loss, own_rule

        own_rule(rule)  # what comes from outside is known once its module has been imported
        own_loss(loss)
        if penalty is not None:
            own_penalty(penalty)

        explanation = open_run(run).explain(k, number)
    if json:
        show_json(explanation.to_dict())
    else:
        print(explanation, end="")


def whole(option: str, word: str) -> int:
    try:
        return int(word)
    except ValueError:
        allowed = "a whole number, counted from 1"
        message = f"{option} {word} is not possible: use {allowed}"
        raise SpecificationError(message, option=option.lstrip("-"), value=word, allowed=allowed) from None
