"""From a raw table and its schema to the numbers of a descent: training rows, held-out rows, means and scales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..compiled.runtime import Arrays, Floats, Rows
from ..compiled.scaling import scaling
from ..compiled.sparse import SparseArrays
from ..data.infer import present_rows
from ..data.schema import Schema
from ..data.sparse import SparseRows
from ..data.split import split
from ..data.table import Table
from ..errors import DataError
from ..losses import Loss


@dataclass(frozen=True)
class Prepared:
    """A table made ready. rows: the training rows' numbers in the table, from 0. spreads: each feature's deviation."""

    problem: Arrays | SparseArrays
    rows: Rows
    fills: Floats
    spreads: Floats
    held_out: tuple[Floats | SparseRows, Floats]


def prepare(
    table: Table, schema: Schema, loss: Loss, *, validation: float, seed: int, scale: bool, intercept: bool
) -> Prepared:
    """Encode the table; hold out a fraction of its rows; measure the training rows' means and scales."""
    present = present_rows(table, schema.target.name if schema.target else None)
    training, held_out = split(present, validation, seed)
    if len(training) == 0:
        raise DataError(f"{table.name}: no row is left to train on", file=table.path)
    features = schema.encode(table, training)
    targets = schema.encode_target(table, training)
    weights = schema.encode_weight(table, training)
    if weights is None:
        weights = np.ones(len(training))
    elif not weights.any():
        raise DataError(f"{table.name}: every training row has weight 0", file=table.path, column=schema.weight)
    if targets.min() == targets.max():
        raise DataError(f"{table.name}: the target is the same in all {len(training):,} training rows", file=table.path)
    means, scales = scaling(features, schema.features)
    fill(features, means)
    scaled = schema.scaled & scale
    problem = Arrays(
        features, targets, weights, loss, np.where(scaled, means, 0.0), np.where(scaled, 1.0 / scales, 1.0), intercept
    )
    others = schema.encode(table, held_out), schema.encode_target(table, held_out)
    return Prepared(problem, training, means, np.where(schema.scaled, scales, np.inf), others)


def fill(features: Floats, fills: Floats) -> None:
    """Put each column's fill where a number is missing."""
    for j in np.flatnonzero(np.isnan(features).any(axis=0)):
        column = features[:, j]
        column[np.isnan(column)] = fills[j]
