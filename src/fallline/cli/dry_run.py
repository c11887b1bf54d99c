"""`fallline fit --dry-run`: the schema as a table that a person can check. Trains nothing, writes nothing.

Options are checked as by a fit, but for what only encoded rows can tell: whether a --start model has their features,
and whether --accumulate leaves more than one step an epoch.
"""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import Any

from .console import Line, columns, count, show, show_json
from .words import on_command_line


def dry_run(data: str, options: dict[str, Any], json: bool, words: dict[str, object]) -> None:
    from ..api import fit
    from ..data.describe import HEAD, described
    from ..data.infer import present_rows
    from ..data.split import split_table
    from ..planning.asked import checked
    from ..planning.begin import loss_for
    from ..planning.look import look

    asked = checked({name: option.default for name, option in signature(fit).parameters.items()} | options)
    looked = look(data, options["target"], **asked.look)
    loss_for(asked, looked)
    table, schema = looked.table, looked.schema
    rows = present_rows(table, schema.target.name if schema.target else None)
    held_out = len(split_table(table, rows, looked.validation, asked.wish.seed)[1])
    held_out = looked.other.rows if looked.other is not None else held_out
    lines = described(table, schema)
    if json:
        named = [dict(zip(HEAD, line)) for line in lines]
        features = list(schema.features)
        show_json(
            {"rows": len(rows), "held_out": held_out, "columns": named, "features": features, "notes": looked.notes}
        )
        return
    head, *body = columns([HEAD, *lines], right=(2,), indent="")
    text = [Line(f"{Path(data).name}: {count(table.rows, 'row')}, {count(len(lines), 'column')}", "bold"), Line("")]
    text += [Line(head, "bold"), *map(Line, body), Line("")]
    kind = "of another table" if looked.other is not None else "held out"
    text.append(
        Line(f"{count(len(schema.features), 'feature')}; {count(len(rows), 'row')} with a target, {held_out:,} {kind}")
    )
    shown = {f"{name} {why}: left out" for name, why in schema.left_out}
    text += [Line(f"Note: {on_command_line(note, words)}") for note in looked.notes if note not in shown]
    show([*text, Line("Nothing was trained and nothing written: leave out --dry-run to fit")])
