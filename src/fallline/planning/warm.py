"""Warm start: theta(0) from a model that was trained before, in the units of the table at hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiled.runtime import Arrays
from ..data.schema import Schema
from ..data.words import listed
from ..errors import SpecificationError
from ..models.linear import LinearModel


def warm_start(given: LinearModel, schema: Schema, problem: Arrays) -> list[float]:
    """The parameters at which the problem has the model's scores.

    A coefficient of the scaled feature is multiplied by the quotient of the inverse scales, the model's and the
    table's; the intercept takes up the difference of the centres. Where scale and centre are the same, so are the
    bytes. Raises SpecificationError for a model of other features, classes or scores, or without the intercept that
    the descent has (or the other way round); DivergenceError for a model whose training diverged.
    """
    _check(given, schema, problem)
    columns, scores = problem.columns, problem.scores
    theta = given.theta[: columns * scores].reshape(columns, scores)
    same = given.inverse_scales == problem.inverse_scales
    slopes = theta * given.inverse_scales[:, None]
    found = np.where(same[:, None], theta, slopes / problem.inverse_scales[:, None])
    if not problem.intercept:
        return [float(value) for value in found.reshape(-1)]
    intercepts = given.theta[columns * scores :].copy()
    for slope, moved in zip(slopes, (problem.centres - given.means).tolist(), strict=True):
        intercepts += slope * moved
    return [float(value) for value in np.concatenate([found.reshape(-1), intercepts])]


def _check(given: LinearModel, schema: Schema, problem: Arrays) -> None:
    def refused(message: str) -> SpecificationError:
        return SpecificationError(f"start: {message}", option="start", allowed="a model of the same features")

    given.check_usable()
    if given.schema.features != schema.features:
        lacking = [name for name in given.schema.features if name not in set(schema.features)]
        new = [name for name in schema.features if name not in set(given.schema.features)]
        what = (
            f"it has {listed(map(repr, lacking))}, which the table has not"
            if lacking
            else f"it does not know {listed(map(repr, new))}"
        )
        what = what if lacking or new else "they stand in another order"
        raise refused(f"the model's features are not those of this table: {what}")
    theirs, ours = _classes(given.schema), _classes(schema)
    if given.loss.scores != problem.scores or theirs != ours:
        raise refused(f"the model's classes are {theirs or 'none'}, and the table's are {ours or 'none'}")
    if given.has_intercept != problem.intercept:
        has = "an intercept" if given.has_intercept else "no intercept"
        raise refused(f"the model has {has}: use intercept={given.has_intercept}")


def _classes(schema: Schema) -> list[Any]:
    return [] if schema.target is None else list(schema.target.classes)
