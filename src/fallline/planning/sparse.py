"""`prepare` for sparse rows: training rows, held-out rows and scales. Nothing is centred."""

from __future__ import annotations

import numpy as np

from ..compiled.sparse import SparseArrays
from ..compiled.sparse_scaling import sparse_scales
from ..data.infer import present_rows
from ..data.sparse import SparseTable
from ..data.sparse_schema import SparseSchema
from ..data.split import split
from ..errors import DataError
from ..losses import Loss
from .prepare import Prepared


def prepare_sparse(
    table: SparseTable, schema: SparseSchema, loss: Loss, *, validation: float, seed: int, scale: bool, intercept: bool
) -> Prepared:
    """Hold out a fraction of the rows, by the hash of their numbers as always; measure the training rows' scales."""
    assert schema.target is not None
    training, held_out = split(present_rows(table, schema.target.name), validation, seed)
    if len(training) == 0:
        raise DataError(f"{table.name}: no row is left to train on", file=table.path)
    beside = table.beside()
    targets = schema.encode_target(beside, training)
    weights = schema.encode_weight(beside, training)
    if weights is None:
        weights = np.ones(len(training))
    elif not weights.any():
        raise DataError(f"{table.name}: every training row has weight 0", file=table.path, column=schema.weight)
    if targets.min() == targets.max():
        raise DataError(f"{table.name}: the target is the same in all {len(training):,} training rows", file=table.path)
    rows = schema.encode(table, training)
    scales = sparse_scales(rows, schema.features)
    inverse_scales = 1.0 / scales if scale else np.ones(schema.count)
    problem = SparseArrays(rows, targets, weights, loss, inverse_scales, intercept)
    others = schema.encode(table, held_out), schema.encode_target(beside, held_out)
    return Prepared(problem, training, np.zeros(schema.count), scales, others)
