"""From the options of `fit` and a table to all that stands before step 1."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np

from .. import __version__
from ..compiled.runtime import Floats
from ..data.schema import Schema
from ..data.sparse import SparseTable
from ..descent.specification import Specification
from ..losses import Loss
from ..penalties import Features
from ..plain.additions import Additions
from . import options
from .asked import Asked, checked
from .gram import with_gram
from .look import Looked, look
from .prepare import Prepared, prepare
from .settle import Settled, Wish, settle
from .warm import warm_start


class Begun(NamedTuple):
    """All that stands before step 1. name: the table's; the table itself is not kept, only what was encoded of it."""

    wish: Wish
    name: str
    schema: Schema
    prepared: Prepared
    spreads: Floats
    settled: Settled
    specification: Specification
    notes: list[str]
    threads: int


def begin(data: Any, target: Any, **given: Any) -> Begun:
    """Check the options of `fit`, read the table, and settle what is to be done with it. given: all options that may
    change something before step 1."""
    asked, start = checked(given), given["start"]
    wish = asked.wish
    looked = look(data, target, **asked.look)
    table, schema = looked.table, looked.schema
    chosen_loss = loss_for(asked, looked)
    prepared = prepare(
        table,
        schema,
        chosen_loss,
        validation=looked.validation,
        other=looked.other,
        seed=wish.seed,
        scale=asked.scaled,
        intercept=asked.intercept,
        storage=asked.storage,
    )
    if start is not None:
        prepared.problem.warm = warm_start(start, schema, prepared.problem)
    spreads = np.full(len(schema.features), np.inf) if asked.scaled else prepared.spreads
    if wish.penalties:  # a name that no feature has is refused before anything is measured
        Additions(wish.penalties, (), features_of(schema, prepared.problem.scores))
    settled = settle(wish, prepared.problem, schema.features, spreads)
    settled = with_gram(settled, prepared.problem, asked.from_products)
    specification = Specification(
        source=None if table.path is None else os.path.abspath(table.path),
        fingerprint=table.fingerprint(),
        target_values=table.target is not None,
        schema=schema.to_dict(),
        model=given["model"],
        loss=chosen_loss.to_dict(),
        validation=looked.validation,
        scale=asked.scaled,
        intercept=asked.intercept,
        storage=asked.storage,
        plan=settled.plan,
        version=__version__,
        encoding=looked.encoding,
        start=None if start is None else tuple(prepared.problem.start),
    )
    return Begun(wish, table.name, schema, prepared, spreads, settled, specification, list(looked.notes), asked.threads)


def loss_for(asked: Asked, looked: Looked) -> Loss:
    """The loss; SpecificationError where the table is none for what is asked."""
    target = looked.schema.target
    loss = options.settled_loss(asked.loss, len(target.classes) if target else 0)
    if isinstance(looked.table, SparseTable):
        options.refuse_many_scores(loss)
        options.refuse_additions(asked.wish.penalties, asked.wish.transforms)
    return loss


def features_of(schema: Schema, scores: int) -> Features:
    """What each coefficient belongs to: its feature, and the table's column that this comes from."""
    columns = [column.name for column in schema.columns for _ in column.features]
    each = range(scores)
    return Features([name for name in schema.features for _ in each], [name for name in columns for _ in each])
