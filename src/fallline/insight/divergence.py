"""From a descent that diverged to an error that helps: step, rate, stable limit, the column at fault, what to do."""

from __future__ import annotations

import numpy as np

from ..compiled.runtime import Floats
from ..descent.loop import Descent
from ..errors import DivergenceError
from ..measures.curvature import Curvature
from .trace import number

DOMINANT = 0.8  # share of the sharpest direction that lies along one column, for the column to be named
LARGER = 100.0  # times by which its typical size must exceed the others' median


def divergence_error(
    descent: Descent, curvature: Curvature, features: tuple[str, ...], unscaled: Floats, suggested_rate: float
) -> DivergenceError:
    """unscaled: True for the features that could be scaled and are not."""
    step, rate = descent.k + 1, descent.rate(descent.k + 1)
    numbers, _ = descent.additions.split(descent.numbers(step)[0])
    limit = curvature.stable_limit(descent.plan.rule, numbers, np.array(descent.state.rule_state))
    what = _what(descent)
    if limit is not None:
        what += f", and learning rates are stable only below {number_of(limit)} here"
    column = cause_column(curvature, features, unscaled)
    if column is not None:
        what += f"; the scale of column {column!r} is the cause"
        advice = f'use scale="standard" (the default), or a learning rate of {number_of(suggested_rate)}'
    else:
        advice = f"try a learning rate of {number_of(min(suggested_rate, rate / 4.0))}"
        if unscaled.any():
            advice = f'use scale="standard" (the default), or {advice}'
    cause = "growth" if descent.cause == "growth" else f"the {descent.cause} is not finite"
    message = f"diverged at step {step:,}, learning rate {number(rate)}: {what}. To mend it, {advice}"
    return DivergenceError(
        message, step=step, cause=cause if column is None else f"{cause}, column {column!r}", advice=advice
    )


def _what(descent: Descent) -> str:
    if descent.cause != "growth":
        return f"the {descent.cause} is not finite"
    latest = descent.history.losses[-1]
    if descent.plan.gram:  # whose loss is not measured in every step
        return f"the gradient grew to a length of {number_of(descent.history.norms[-1])}"
    return f"the loss went up from {number_of(descent.start_loss)} to {number_of(latest)}"


def cause_column(curvature: Curvature, features: tuple[str, ...], unscaled: Floats) -> str | None:
    """The column along which nearly all of the curvature lies, if it is far larger than the others and not scaled."""
    shares = curvature.direction[: len(features)] ** 2 / max(float(np.sum(curvature.direction**2)), 1e-300)
    if not len(shares):
        return None
    j = int(np.argmax(shares))
    if not unscaled[j] or shares[j] < DOMINANT:
        return None
    columns = curvature.columns
    others = np.delete(columns, j)
    typical = float(np.median(others)) if len(others) else 0.0
    return features[j] if columns[j] > LARGER * LARGER * typical else None


def number_of(value: float) -> str:
    return f"{value:.3g}"
