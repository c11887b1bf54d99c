"""From a raw table and its schema to the numbers of a descent: training rows, held-out rows, means and scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..compiled.runtime import Arrays, Floats, Rows
from ..compiled.scaling import scaling
from ..compiled.sparse import SparseArrays
from ..compiled.sparse_scaling import sparse_scales
from ..data.infer import present_rows
from ..data.origin import Find
from ..data.schema import Schema
from ..data.sparse import SparseRows, SparseTable
from ..data.split import split_table
from ..data.table import Table
from ..data.targets import check_domain
from ..errors import DataError
from ..losses import Loss
from ..sums import tree_sum


@dataclass(frozen=True)
class Prepared:
    """A table made ready. rows: the training rows' numbers in the table, from 0. spreads: each feature's deviation.

    find leads from a row's number back to its file; total is how many rows the table has.
    """

    problem: Arrays
    rows: Rows
    fills: Floats
    spreads: Floats
    held_out: tuple[Floats | SparseRows, Floats]
    find: Find
    total: int


def prepare(
    table: Table,
    schema: Schema,
    loss: Loss,
    *,
    validation: float | str,
    other: Table | None = None,
    seed: int,
    scale: bool,
    intercept: bool,
    storage: str = "float64",
    warm: tuple[float, ...] | None = None,
) -> Prepared:
    """Encode the table; hold rows out, or those of another table; measure the training rows' means and scales.

    Sparse rows stay sparse: they are scaled, and not centred.
    """
    present = present_rows(table, schema.target.name if schema.target else None)
    training, held_out = split_table(table, present, validation, seed)
    if len(training) == 0:
        raise DataError(f"{table.name}: no row is left to train on", file=table.path)
    features, offsets = encoded(schema, table, training, storage)
    targets = schema.encode_target(table, training)
    check_domain(table, schema, loss, present)
    weights = schema.encode_weight(table, training)
    if weights is None:
        weights = np.ones(len(training))
    elif not weights.any():
        raise DataError(f"{table.name}: every training row has weight 0", file=table.path, column=schema.weight)
    if targets.min() == targets.max():
        raise DataError(f"{table.name}: the target is the same in all {len(training):,} training rows", file=table.path)
    scaled = schema.scaled & scale
    start = start_score(loss, targets, weights) if intercept else 0.0
    problem: Arrays
    if isinstance(features, SparseRows):
        means, scales = np.zeros(features.columns), sparse_scales(features, schema.features)
        inverse_scales = np.where(scaled, 1.0 / scales, 1.0)
        problem = SparseArrays(features, targets, weights, loss, inverse_scales, intercept, start)
    else:
        means, scales = scaling(features, schema.features)
        fill(features, means)
        centres, inverse_scales = np.where(scaled, means, 0.0 - offsets), np.where(scaled, 1.0 / scales, 1.0)
        problem = Arrays(features, targets, weights, loss, centres, inverse_scales, intercept, start, offsets)
        means = means + offsets
    problem.warm = None if warm is None else list(warm)
    if other is not None:
        held_out = present_rows(other, schema.target.name if schema.target else None)
        if len(held_out) == 0:
            raise other.error("every value of the target is missing: there is nothing to judge the model by")
        check_domain(other, schema, loss, held_out)
    source = other or table
    others = schema.encode(source, held_out), schema.encode_target(source, held_out)
    spreads = np.where(schema.scaled, scales, np.inf)
    return Prepared(problem, training, means, spreads, others, table.find, table.rows)


def encoded(schema: Schema, table: Table, rows: Rows, storage: str) -> tuple[Any, Floats]:
    """The features of these rows as they are stored, and what was taken from each of them; of sparse rows, nothing."""
    if storage != "float32":
        return schema.encode(table, rows), np.zeros(len(schema.features))
    if not isinstance(table, SparseTable):
        return schema.encode_narrow(table, rows)
    found: Any = schema.encode(table, rows)
    try:
        return found.narrow(), np.zeros(len(schema.features))
    except OverflowError:
        message = f'{table.name}: a number is too large for storage="float32": keep "float64"'
        raise DataError(message, file=table.path) from None


def start_score(loss: Loss, targets: Floats, weights: Floats) -> float:
    """Where the intercept starts: at 0, or at the link of the weighted mean target."""
    if not loss.starts_at_mean:
        return 0.0
    mean = tree_sum((weights * targets).tolist()) / tree_sum(weights.tolist())
    start = loss.link(mean)
    return start if np.isfinite(start) else 0.0


def fill(features: Floats, fills: Floats) -> None:
    """Put each column's fill where a number is missing."""
    for j in np.flatnonzero(np.isnan(features).any(axis=0)):
        column = features[:, j]
        column[np.isnan(column)] = fills[j]
