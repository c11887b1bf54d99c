"""A schema as a table for people: every column of the file, what it holds, and what becomes of it."""

from __future__ import annotations

from .columns import Column
from .schema import Schema
from .sparse import SparseTable
from .table import Table
from .words import listed, shortened

HEAD = ("column", "holds", "missing", "becomes")


def described(table: Table, schema: Schema) -> list[tuple[str, str, str, str]]:
    """A line for each column, in the table's order, under HEAD."""
    used = {column.name: becomes(column) for column in schema.columns}
    used |= {name: f"left out: {why}" for name, why in schema.left_out}
    if schema.weight is not None:
        used[schema.weight] = "the weight of the row"
    if schema.target is not None:
        classes = f": {' or '.join(map(str, schema.target.classes))}" if schema.target.classes else ", a number"
        used[schema.target.name] = f"the target{classes}"
    lines = []
    if isinstance(table, SparseTable):
        names = f"{schema.features[0]} to {schema.features[-1]}" if len(schema.features) > 1 else schema.features[0]
        lines.append((names, "sparse numbers", "", "numbers, scaled but not centred"))
    for name in table.names:
        column = table.columns.column(name)
        missing = sum(
            chunk.is_null(nan_is_null=True).sum().as_py() or 0 for chunk in column.chunks if _plain(chunk.type)
        )
        lines.append((name, shortened(column.type, 30), f"{missing:,}" if missing else "", used.get(name, "")))
    return lines


def _plain(kind: object) -> bool:
    return not str(kind).startswith(("list", "struct", "map", "large_list", "union", "dense_union", "sparse_union"))


def becomes(column: Column) -> str:
    """A column's features in words."""
    kept = listed(column.categories)
    said = {
        "number": "a number, scaled",
        "flag": "0 or 1",
        "date": ", ".join(("days, scaled", *column.parts)),
        "time": "its length in days, scaled",
        "category": f"{len(column.categories)} categories: {kept}" + ("; all others are one" if column.other else ""),
        "hashed": f"{column.buckets} hashed features",
    }[column.kind]
    return said + ("; and whether it is missing" if column.missing else "")
