"""`fallline rules`: the update rules, and what each one does."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ..rules.custom import CUSTOM
from .choices import own_rule
from .console import Line, columns, show

if TYPE_CHECKING:
    from ..rules import Rule


def rules(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="One rule, to see it in full; MODULE:NAME for one of your own."),
    ] = None,
) -> None:
    """List the update rules, or show one in full.

    Of one rule: its formula, hyper-parameters, source code and paper.
    """
    from ..rules import RULES, rule_named

    if name is not None:
        own = own_rule(name)
        show(_in_full(rule_named(name) if own is None else own()))
        return
    for rule in RULES.values():
        show([Line(rule.name, "bold"), Line(f"  {summary(rule)}")])
        show([Line(f"    {line.strip()}") for line in rule.formula.split(";")])
    show([Line(""), Line("fallline rules NAME shows one in full.", "dim")])


def summary(rule: type[Rule]) -> str:
    """The first sentence of the rule's file, or of a rule from outside itself."""
    source = rule if CUSTOM.get(rule.name) is rule else sys.modules[rule.__module__]
    text = " ".join((source.__doc__ or "").split("\n\n")[0].split())
    return text.partition(": ")[2].capitalize() or text


def _in_full(rule: Rule) -> list[Line]:
    kind = type(rule)
    lines = [Line(rule.name, "bold"), Line(f"  {summary(kind)}"), Line("")]
    lines += [Line("Formula", "bold"), *(Line(f"  {line.strip()}") for line in rule.formula.split(";")), Line("")]
    lines += [Line("Hyper-parameters", "bold"), *map(Line, _hyperparameters(rule)), Line("")]
    lines += _conventions(kind)
    lines += [Line("The function that every runtime executes, for one parameter with gradient g", "bold")]
    source = inspect.getsource(kind.step).rstrip()
    lines += [Line(f"  {line}") for line in source.splitlines()]
    lines += [Line(""), Line("Notes", "bold")]
    lines += [Line(f"  {line}") for line in inspect.cleandoc(kind.__doc__ or "").splitlines()]
    return [*lines, Line(""), Line("Paper", "bold"), Line(f"  {rule.paper}")] if rule.paper else lines


def _conventions(kind: type[Rule]) -> list[Line]:
    """What `convention=` changes in the defaults."""
    rows = []
    for name, changed in kind.conventions.items():
        values = ", ".join(f"{option}={shown_default(value)}" for option, value in changed.items())
        rows.append((name, values or "the defaults above"))
    return [Line("Conventions", "bold"), *map(Line, columns(rows)), Line("")] if rows else []


def _hyperparameters(rule: Rule) -> list[str]:
    rows = []
    for option, default in rule.hyperparameters.items():
        rows.append((option, shown_default(default), str(rule.ranges[option])))
    return columns([("name", "default", "allowed"), *rows])


def shown_default(default: float | bool | None) -> str:
    if default is None:
        return "measured"
    return str(default) if isinstance(default, bool) else f"{default:g}"
