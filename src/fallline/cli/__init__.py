"""The command line: one file a verb. `VERBS` is the one list of them.

Whatever goes wrong is one line on stderr and an exit code: 1 the run failed, 2 wrong usage or unreadable input,
130 interrupted. The verbs import what is heavy when they are called, so that help and the list of rules come at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from .. import __version__
from ..errors import DataError, FalllineError, SpecificationError
from .check import CONTEXT, check
from .console import complain
from .evaluate import evaluate
from .explain import explain
from .find_rate import find_rate
from .fit import fit
from .predict import predict
from .rules import rules

VERBS = (fit, predict, evaluate, explain, find_rate, check, rules)
USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[2]  # click's own base class, wherever typer keeps click

app = typer.Typer(
    name="fallline",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def name_of(verb: Callable[..., None]) -> str:
    """The verb's word on the command line."""
    return verb.__name__.replace("_", "-")


for verb in VERBS:
    app.command(name=name_of(verb), context_settings=CONTEXT if verb is check else None)(verb)


@app.callback(invoke_without_command=True)
def fallline(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    """Train models by gradient descent; replay, explain and use what was trained."""
    if version:
        print(f"fallline {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line; the exit code. The console script comes here by `fallline.__main__`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that cannot show "²" is no reason to fail
    try:
        code = _carried_out(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt as interrupt:
        return complain(str(interrupt) or "interrupted; nothing was saved", 130)
    except FalllineError as error:
        return complain(str(error), 2 if isinstance(error, SpecificationError | DataError) else 1)


def _carried_out(arguments: Sequence[str]) -> int:
    command = typer.main.get_command(app)
    try:
        with command.make_context("fallline", list(arguments)) as context:
            command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except USAGE_ERROR as error:
        return complain(_wrong_usage(error, arguments), 2)
    return 0


def _wrong_usage(error: Exception, arguments: Sequence[str]) -> str:
    message: str = error.format_message()  # type: ignore[attr-defined]
    verb = next((f" {word}" for word in arguments if word in {name_of(verb) for verb in VERBS}), "")
    return f"{message.rstrip('.')} (see fallline{verb} --help)"
