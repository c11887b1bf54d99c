"""From what `fit` is given to a table, its schema and a rule for the rows held out; nothing is trained here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ..data.infer import infer, names_of
from ..data.reading import Reading, checked_encoding
from ..data.schema import Schema
from ..data.sources import is_path, own_target, path_of, read
from ..data.sparse import SparseTable, filled
from ..data.sparse_schema import SparseSchema, infer_sparse, table_for
from ..data.split import TABLE, held_out_column, is_rule
from ..data.table import Table
from ..errors import SpecificationError
from .options import checked_validation, refuse, refuse_for_sparse

HELD_OUT = 0.2
FEWEST_ROWS_TO_SPLIT = 50


@dataclass(frozen=True)
class Looked:
    """A table and what was found in it. validation: a rule of `data.split`; other: the table held out instead."""

    table: Table
    schema: Schema
    validation: float | str
    other: Table | None
    notes: tuple[str, ...]
    encoding: str | None


def look(
    data: Any,
    target: Any,
    *,
    sample_weight: Any = None,
    validation: Any = "auto",
    drop: Sequence[str] = (),
    only: Sequence[str] | None = None,
    categorical: Sequence[str] = (),
    hashed: Sequence[str] = (),
    max_categories: int = 50,
    encoding: str | None = None,
    classes: bool | None = None,
) -> Looked:
    """Read the table and find its schema; the options are those of `fit`."""
    rule = checked_validation(validation)
    encoding = checked_encoding(encoding)
    as_written = (*names_of(categorical), *names_of(hashed))
    table, target_name, weight_name = _table(data, target, sample_weight, Reading(as_written, encoding))
    by_rule = rule is None or is_rule(rule)
    by_column = held_out_column(rule) if by_rule and rule is not None else None
    schema: Schema
    if isinstance(table, SparseTable):
        refuse_for_sparse(drop=drop, only=only, categorical=categorical, hashed=hashed)
        if by_column is not None:
            raise refuse("validation", rule, 'a fraction or "last:N" for sparse rows, whose columns say no such thing')
        schema = infer_sparse(table, target_name, weight_name, classes)
    else:
        schema = infer(
            table,
            target_name,
            sample_weight=weight_name,
            drop=drop,
            only=only,
            categorical=categorical,
            hashed=hashed,
            max_categories=max_categories,
            classes=classes,
            held_out=by_column,
        )
    notes = list(schema.notes)
    if rule is None:
        rule = HELD_OUT if table.rows >= FEWEST_ROWS_TO_SPLIT else 0.0
        notes += [] if rule else [f"no rows are held out: {table.rows} are few"]
    if by_rule:
        return Looked(table, schema, rule, None, tuple(notes), encoding)
    other = _other(rule, schema, encoding)
    place = path_of(rule) if is_path(rule) else "in memory"
    return Looked(table, schema, f"{TABLE}{place}", other, tuple(notes), encoding)


def _other(data: Any, schema: Schema, encoding: str | None) -> Table:
    """The table that is held out instead of some rows."""
    if not isinstance(schema, SparseSchema):
        return filled(read(data, reading=Reading(schema.text, encoding)))
    other = table_for(schema, data, encoding)
    if schema.target is not None and schema.target.name not in other.names:
        raise SpecificationError(
            f"validation: {other.name} has no target {schema.target.name!r} beside its sparse rows: give the .svm file "
            "of a model that was trained on one, or a fraction",
            option="validation",
            allowed='a fraction, or "last:N"',
        )
    return other


def _table(data: Any, target: Any, sample_weight: Any, reading: Reading) -> tuple[Table, str, str | None]:
    """The table with target and weights as columns of it, and those columns' names."""
    target = own_target(data) if target is None else target
    if target is None:
        raise SpecificationError("target: name the column to predict, or give an array of its values", option="target")
    by_name = isinstance(target, str)
    table = read(data, None if by_name else target, reading)
    target_name = target if by_name else table.target
    assert target_name is not None
    if isinstance(sample_weight, str) and isinstance(table, SparseTable):
        message = f"sample_weight: there is no column {sample_weight!r}: sparse rows have none; give an array"
        raise SpecificationError(message, option="sample_weight", value=sample_weight, allowed="an array of numbers")
    if sample_weight is None or isinstance(sample_weight, str):
        return table, target_name, sample_weight
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (table.rows,):
        raise SpecificationError(
            f"sample_weight has shape {weights.shape}, and the table has {table.rows:,} rows: give one number for each",
            option="sample_weight",
            allowed="a column's name, or one number for each row",
        )
    name = "sample weight"
    while name in table.names:
        name += "_"
    table.append(name, pa.array(weights))
    table.path, table.files = None, ()  # what the file holds is no longer all that the run is made of
    return table, target_name, name
