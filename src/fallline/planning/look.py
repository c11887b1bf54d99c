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
from ..data.sources import is_path, path_of, read
from ..data.split import TABLE, held_out_column, is_rule
from ..data.table import Table
from ..errors import SpecificationError
from .options import checked_validation

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
        held_out=held_out_column(rule) if by_rule and rule is not None else None,
    )
    notes = list(schema.notes)
    if rule is None:
        rule = HELD_OUT if table.rows >= FEWEST_ROWS_TO_SPLIT else 0.0
        notes += [] if rule else [f"no rows are held out: {table.rows} are few"]
    if by_rule:
        return Looked(table, schema, rule, None, tuple(notes), encoding)
    other = read(rule, reading=Reading(schema.text, encoding))
    place = path_of(rule) if is_path(rule) else "in memory"
    return Looked(table, schema, f"{TABLE}{place}", other, tuple(notes), encoding)


def _table(data: Any, target: Any, sample_weight: Any, reading: Reading) -> tuple[Table, str, str | None]:
    """The table with target and weights as columns of it, and those columns' names."""
    if target is None:
        raise SpecificationError("target: name the column to predict, or give an array of its values", option="target")
    by_name = isinstance(target, str)
    table = read(data, None if by_name else target, reading)
    target_name = target if by_name else table.target
    assert target_name is not None
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
    table.columns = table.columns.append_column(name, pa.array(weights))
    table.path, table.files = None, ()  # what the file holds is no longer all that the run is made of
    return table, target_name, name
