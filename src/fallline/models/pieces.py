"""Any table in the pieces that a model is applied to, and what is to be said about the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..data.reading import PIECE, checked_encoding
from ..data.schema import Schema
from ..data.sources import stream
from ..data.sparse_schema import SparseSchema, table_for
from ..data.table import Table
from ..data.words import listed
from ..errors import DataError


def pieces(
    schema: Schema, data: Any, *, target: bool = False, encoding: str | None = None, notes: list[str] | None = None
) -> Iterator[Table]:
    """The columns that the schema needs, piece by piece; of a large file only a piece is in memory.

    target: with the target, which must be there. notes: gets a sentence about columns that training did not know, and,
    when all pieces have been taken, one for each column with values that training never saw.
    """
    if isinstance(schema, SparseSchema):
        yield from _sparse_pieces(schema, data, target, encoding)
        return
    found = stream(data, schema.reading(checked_encoding(encoding), target))
    schema.check_names(found.names, found.name, found.path)
    if target and (schema.target is None or schema.target.name not in found.names):
        name = schema.target.name if schema.target else "target"
        raise DataError(f"evaluate: {found.name} has no column {name!r} to compare with", file=found.path, column=name)
    extra = schema.extra(found.names)
    if notes is not None and extra:
        notes.append(f"columns that training did not know are not used: {listed(extra)}")
    unseen: Counter[str] = Counter()
    for piece in found.pieces():
        if notes is not None:
            unseen.update(schema.unseen(piece))
        yield piece
    if notes is not None:
        notes += [_unseen(name, count) for name, count in unseen.items()]


def _sparse_pieces(schema: SparseSchema, data: Any, target: bool, encoding: str | None) -> Iterator[Table]:
    table = table_for(schema, data, checked_encoding(encoding))
    if target and (schema.target is None or schema.target.name not in table.names):
        name = schema.target.name if schema.target else "target"
        raise DataError(
            f"evaluate: {table.name} has no target {name!r} beside its sparse rows to compare with",
            file=table.path,
            column=name,
        )
    for start in range(0, table.rows, PIECE):
        yield table.slice(start, PIECE)


def _unseen(name: str, count: int) -> str:
    return f"{name}: {count:,} value{'' if count == 1 else 's'} never seen in training, taken as none of its categories"
