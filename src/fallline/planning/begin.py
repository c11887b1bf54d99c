"""From the options of `fit` and a table to all that stands before step 1."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from .. import __version__
from ..compiled.runtime import Floats
from ..data.infer import infer
from ..data.schema import Schema
from ..data.sources import read
from ..data.table import Table
from ..descent.specification import Specification
from ..errors import SpecificationError
from . import options
from .gram import with_gram
from .prepare import Prepared, prepare
from .settle import Settled, Wish, settle

DEFAULT_TOLERANCE = float("1e-4")  # an object of its own: `fit` can tell it from a tolerance that was given
HELD_OUT = 0.2
FEWEST_ROWS_TO_SPLIT = 50


class Begun(NamedTuple):
    """All that stands before step 1."""

    wish: Wish
    table: Table
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
    gram: Any,
    threads: Any,
    drop: Any,
    only: Any,
    categorical: Any,
    max_categories: Any,
    resume: Any,
    runtime: Any,
) -> Begun:
    """Check the options, read the table, and settle what is to be done with it."""
    options.refuse_what_is_not_there(model, penalty, transforms, storage, resume)
    found_rule, rate = options.checked_rule(rule, learning_rate)
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
    )
    held_out = options.checked_validation(validation)
    scaled = options.one_of("scale", scale, ("standard", None)) is not None
    options.one_of("intercept", intercept, (True, False))
    options.one_of("runtime", runtime, ("compiled", "plain"))
    from_products = options.checked_gram(gram, runtime)
    thread_count = options.checked_threads(threads)

    table, target_name, weight_name = _table(data, target, sample_weight)
    schema = infer(
        table,
        target_name,
        sample_weight=weight_name,
        drop=tuple(drop),
        categorical=tuple(categorical),
        only=None if only is None else tuple(only),
        max_categories=max_categories,
    )
    chosen_loss = options.checked_loss(loss, bool(schema.target and schema.target.classes))
    notes = list(schema.notes)
    if held_out is None:
        held_out = HELD_OUT if table.rows >= FEWEST_ROWS_TO_SPLIT else 0.0
        notes += [] if held_out else [f"no rows are held out: {table.rows} are few"]
    prepared = prepare(
        table, schema, chosen_loss, validation=held_out, seed=wish.seed, scale=scaled, intercept=intercept
    )
    spreads = np.full(len(schema.features), np.inf) if scaled else prepared.spreads
    settled = with_gram(settle(wish, prepared.problem, schema.features, spreads), prepared.problem, from_products)
    specification = Specification(
        source=None if table.path is None else os.path.abspath(table.path),
        fingerprint=table.fingerprint(),
        target_values=table.target is not None,
        schema=schema.to_dict(),
        model=model,
        loss=chosen_loss.name,
        validation=held_out,
        scale=scaled,
        intercept=intercept,
        storage=storage,
        plan=settled.plan,
        version=__version__,
    )
    return Begun(wish, table, schema, prepared, spreads, settled, specification, notes, thread_count)


def _table(data: Any, target: Any, sample_weight: Any) -> tuple[Table, str, str | None]:
    """The table with target and weights as columns of it, and those columns' names."""
    if target is None:
        raise SpecificationError("target: name the column to predict, or give an array of its values", option="target")
    by_name = isinstance(target, str)
    table = read(data, None if by_name else target)
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
    table.path = None  # what the file holds is no longer all that the run is made of
    return table, target_name, name


def _batch_size(batch_size: object) -> int | None:
    if batch_size == "full":
        return 1 << 62
    return options.whole("batch_size", batch_size, ("auto", "full"))
