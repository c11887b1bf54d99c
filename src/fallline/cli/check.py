"""`fallline check`: does an optimizer follow its rule?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import SpecificationError
from .choices import read_value
from .console import show_json

if TYPE_CHECKING:
    from ..insight.check import Finding

CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}


def check(
    context: typer.Context,
    optimizer: Annotated[str, typer.Argument(metavar="MODULE:CLASS", help="Such as torch.optim:Adam.")],
    rule: Annotated[
        str | None, typer.Option("--rule", help="The rule to follow, where the name does not tell.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the finding as one JSON object.")] = False,
) -> None:
    """Run an optimizer beside its rule, on the same gradients, and name the term that differs.

    Further options go to the optimizer: fallline check torch.optim:Adam --betas 0.9,0.99. The exit code is 0 if it
    follows its rule, and 1 if it does not. The class needs torch.optim's interface.
    """
    options = read_options(context.args)
    from ..insight.check import check as compared
    from ..interop.peers import TorchLike

    peer = TorchLike(optimizer, options)
    finding = compared(peer, *peer.rule(rule))
    if json:
        show_json({**finding.__dict__, "rule": finding.rule.to_dict()})
    else:
        print(sentence(optimizer, finding))
    if not finding.agrees:
        raise typer.Exit(1)


def sentence(optimizer: str, finding: Finding) -> str:
    used = {name: value for name, value in finding.rule.hyperparameters.items() if value is not False}
    options = ", ".join(f"{name}={value if value is True else format(value, 'g')}" for name, value in used.items())
    rule = f"{finding.rule.name} ({options})"
    if finding.agrees:
        return f"{optimizer} follows {rule}: {finding.steps} steps agree to {finding.worst:.1g} of the way gone."
    place = (
        f"{optimizer} does not follow {rule}: first in step {finding.step}, coordinate {finding.coordinate}, "
        f"where it has {finding.theirs!r} and the rule {finding.ours!r}."
    )
    if not finding.words:
        return f"{place}\nNo difference that is known takes its steps."
    return f"{place}\nIt takes the steps of the rule in which {', and '.join(finding.words)}."


def read_options(words: list[str]) -> dict[str, Any]:
    """--name value, --name=value and --flag as keyword arguments; values are numbers, true, false, none, or lists."""
    found: dict[str, Any] = {}
    position = 0
    while position < len(words):
        name, separator, value = words[position].partition("=")
        if not name.startswith("--"):
            raise SpecificationError(f"{words[position]!r}: the optimizer's options are written --name value")
        if not separator and position + 1 < len(words) and not words[position + 1].startswith("--"):
            position += 1
            value = words[position]
        found[name[2:].replace("-", "_")] = read_value(value) if value else True
        position += 1
    return found
