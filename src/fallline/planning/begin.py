"""From the options of `fit` and a table to all that stands before step 1."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np

from .. import __version__
from ..compiled import early
from ..compiled.runtime import Floats
from ..data.infer import names_of
from ..data.schema import Schema
from ..data.sparse import SparseTable
from ..descent.specification import Specification
from ..penalties import Features
from ..plain.additions import Additions, check_together
from ..rules import Momentum
from . import options
from .gram import with_gram
from .look import look
from .prepare import Prepared, prepare
from .settle import Settled, Wish, settle
from .warm import warm_start

DEFAULT_TOLERANCE = float("1e-4")  # an object of its own: `fit` can tell it from a tolerance that was given


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


def begin(
    data: Any,
    target: Any,
    *,
    model: Any,
    loss: Any,
    penalty: Any,
    rule: Any,
    learning_rate: Any,
    schedule: Any,
    transforms: Any,
    batch_size: Any,
    epochs: Any,
    tolerance: Any,
    patience: Any,
    validation: Any,
    sample_weight: Any,
    scale: Any,
    intercept: Any,
    shuffle: Any,
    seed: Any,
    storage: Any,
    start: Any,
    gram: Any,
    threads: Any,
    drop: Any,
    only: Any,
    categorical: Any,
    hashed: Any,
    max_categories: Any,
    encoding: Any,
    resume: Any,
    runtime: Any,
) -> Begun:
    """Check the options of `fit`, read the table, and settle what is to be done with it."""
    options.refuse_what_is_not_there(model, resume)
    found_rule, rate = options.checked_rule(rule, learning_rate)
    penalties, changes = options.checked_penalties(penalty), options.checked_transforms(transforms)
    check_together(found_rule or Momentum(), penalties, changes)
    wish = Wish(
        found_rule,
        rate,
        options.checked_schedule(schedule, rate is not None or (found_rule is not None and not found_rule.scheduled)),
        _batch_size(batch_size),
        options.whole("epochs", epochs, ("auto",)),
        options.checked_tolerance(tolerance),
        tolerance is not DEFAULT_TOLERANCE,
        options.whole("patience", patience) or 1,
        options.one_of("shuffle", shuffle, (True, False)),
        options.whole("seed", seed, least=0) or 0,
        penalties,
        changes,
    )
    wished_loss = options.checked_loss(loss)
    options.checked_validation(validation)
    scaled = options.one_of("scale", scale, ("standard", None)) is not None
    options.one_of("intercept", intercept, (True, False))
    if options.one_of("runtime", runtime, ("auto", "compiled", "plain")) == "compiled":
        early.end()
    options.one_of("storage", storage, ("float64", "float32"))
    from_products = options.checked_gram(gram, runtime)
    thread_count = options.checked_threads(threads)

    looked = look(
        data,
        target,
        sample_weight=sample_weight,
        validation=validation,
        drop=names_of(drop),
        only=None if only is None else names_of(only),
        categorical=names_of(categorical),
        hashed=names_of(hashed),
        max_categories=max_categories,
        encoding=encoding,
        classes=None if wished_loss is None else wished_loss.classes,
    )
    table, schema = looked.table, looked.schema
    chosen_loss = options.settled_loss(wished_loss, len(schema.target.classes) if schema.target else 0)
    if isinstance(table, SparseTable):
        options.refuse_many_scores(chosen_loss)
        options.refuse_additions(penalties, changes)
    prepared = prepare(
        table,
        schema,
        chosen_loss,
        validation=looked.validation,
        other=looked.other,
        seed=wish.seed,
        scale=scaled,
        intercept=intercept,
        storage=storage,
    )
    if start is not None:
        prepared.problem.warm = warm_start(start, schema, prepared.problem)
    spreads = np.full(len(schema.features), np.inf) if scaled else prepared.spreads
    if penalties:  # a name that no feature has is refused before anything is measured
        Additions(penalties, (), features_of(schema, prepared.problem.scores))
    settled = with_gram(settle(wish, prepared.problem, schema.features, spreads), prepared.problem, from_products)
    specification = Specification(
        source=None if table.path is None else os.path.abspath(table.path),
        fingerprint=table.fingerprint(),
        target_values=table.target is not None,
        schema=schema.to_dict(),
        model=model,
        loss=chosen_loss.to_dict(),
        validation=looked.validation,
        scale=scaled,
        intercept=intercept,
        storage=storage,
        plan=settled.plan,
        version=__version__,
        encoding=looked.encoding,
        start=None if start is None else tuple(prepared.problem.start),
    )
    return Begun(wish, table.name, schema, prepared, spreads, settled, specification, list(looked.notes), thread_count)


def features_of(schema: Schema, scores: int) -> Features:
    """What each coefficient belongs to: its feature, and the table's column that this comes from."""
    columns = [column.name for column in schema.columns for _ in column.features]
    each = range(scores)
    return Features([name for name in schema.features for _ in each], [name for name in columns for _ in each])


def _batch_size(batch_size: object) -> int | None:
    if batch_size == "full":
        return 1 << 62
    return options.whole("batch_size", batch_size, ("auto", "full"))
