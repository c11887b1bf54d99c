"""`fallline find-rate`: try learning rates on a table, and say which one to take."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SpecificationError
from .choices import Word, chosen_rule
from .console import Line, show, show_json
from .interrupt import ending_at_once
from .words import refused, values

if TYPE_CHECKING:
    from ..insight.find_rate import RateSearch

WIDTH = 40  # of the chart's bars


def find_rate(
    data: Annotated[str, typer.Argument(metavar="DATA", help="The table, as for `fallline fit`.")],
    target: Annotated[str, typer.Option("--target", "-t", metavar="COLUMN", help="The column to predict.")],
    rule: Annotated[
        Word, typer.Option(metavar="NAME", help="See `fallline rules`; or MODULE:NAME of your own.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=X", help="A hyper-parameter of the rule, such as momentum=0.9; may be repeated."),
    ] = None,
    loss: Annotated[Word, typer.Option(metavar="NAME", help="As for fit.")] = None,
    batch_size: Annotated[Word, typer.Option(metavar="N", help="Rows in a batch: auto, full or a number.")] = None,
    validation: Annotated[Word, typer.Option(metavar="X", help="Rows left out: auto (a fifth), or none.")] = None,
    scale: Annotated[Word, typer.Option(metavar="NAME", help="standard (the default) or none.")] = None,
    no_intercept: Annotated[bool, typer.Option("--no-intercept", help="Fit no intercept.")] = False,
    sample_weight: Annotated[Word, typer.Option(metavar="COLUMN", help="A column of weights for the rows.")] = None,
    drop: Annotated[list[str] | None, typer.Option(metavar="C,…", help="Leave these columns out.")] = None,
    only: Annotated[list[str] | None, typer.Option(metavar="C,…", help="Use these columns alone.")] = None,
    categorical: Annotated[
        list[str] | None, typer.Option(metavar="C,…", help="Columns of numbers that are names.")
    ] = None,
    seed: Annotated[Word, typer.Option(metavar="N", help="Decides the order of rows (0).")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
) -> None:
    """Try learning rates, and say which one to take.

    Each rate takes a few steps from the same start on the same rows; nothing is trained or kept. The recommended rate
    is the one that `fallline fit` takes by itself.
    """
    words: dict[str, object] = {
        "target": target,
        "rule": chosen_rule(rule, option, None),
        "loss": loss,
        "batch_size": batch_size,
        "validation": validation,
        "scale": scale,
        "intercept": False if no_intercept else None,
        "sample_weight": sample_weight,
        "drop": drop,
        "only": only,
        "categorical": categorical,
        "seed": seed,
    }
    try:
        with ending_at_once():
            from ..api import find_learning_rate

            found = find_learning_rate(data, **values(words))
    except SpecificationError as error:
        raise refused(error, words) from error
    if json:
        show_json(found.to_dict())
    elif sys.stdout.isatty():
        show([*chart(found), Line(""), *(Line(sentence) for sentence in found.sentences())])
    else:
        print(found, end="")


def chart(found: RateSearch) -> list[Line]:
    """The curve as bars, a line for each rate: the longer, the higher the loss, on a logarithmic scale."""
    rates, losses = found.curve["learning_rate"].to_pylist(), found.curve["loss"].to_pylist()
    heights = [math.log(max(loss, 1e-300)) for loss in losses if math.isfinite(loss)]
    low, high = min(heights, default=0.0), max(heights, default=1.0)
    lines = []
    for rate, loss, mark in zip(rates, losses, found.marks(), strict=True):
        bar, text = "diverged", ""
        if math.isfinite(loss):
            share = (math.log(max(loss, 1e-300)) - low) / (high - low) if high > low else 0.0
            bar, text = "█" * (1 + round((WIDTH - 1) * share)), f"{loss:.4g}"
        style = "bold green" if "recommended" in mark else "dim" if not text else ""
        lines.append(Line(f"{rate:>9.3g}  {bar:<{WIDTH}}  {text:<10} {mark}".rstrip(), style))
    return lines
