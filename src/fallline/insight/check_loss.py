"""Whether a loss's functions are what they should be: total, each the other's derivative, the same bytes everywhere."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from ..compiled.on_demand import loss_kernel
from ..errors import FalllineError, SpecificationError
from ..losses import Loss
from ..models.elementwise import elementwise

HARD = (0.0, -0.0, float("inf"), float("-inf"), float("nan"), 1e-310, -1e308, 1.0, -1.0, 700.0, -700.0)
STEP = 1e-6  # between the scores whose values are compared, relative to the larger of 1 and the score
NEAR = 1e-4  # by how much a slope may differ from a difference quotient, relative to the slopes' size
ROUNDING = 1e-15


def refuse(loss: Loss, what: str) -> SpecificationError:
    return SpecificationError(f"{loss.name}{what}", option="loss", value=loss.name)


def check_functions(loss: Loss) -> None:
    """Every function returns as many floats as it should for every score and target, and none raises."""
    kinds: list[tuple[str, Callable[..., Any] | None, int]] = [("row", loss.row, 2), ("second", loss.second, 1)]
    for what, function, results in [*kinds, ("bound", loss.bound, 1)]:
        for score, target in product(HARD, HARD) if function is not None else ():
            _call(
                loss, f"{what} at score={score!r}, target={target!r}", function, (score, target, *loss.numbers), results
            )
    links: list[tuple[str, Callable[..., Any] | None]] = [("inverse_link", loss.inverse_link), ("link", loss.link)]
    for what, function in [*links, ("probability", loss.probability)]:
        for score in HARD if function is not None else ():
            _call(loss, f"{what} at {score!r}", function, (score,), 1)


def _call(loss: Loss, what: str, function: Any, arguments: tuple[float, ...], results: int) -> None:
    try:
        found = function(*arguments)
    except (ArithmeticError, ValueError) as error:
        raise refuse(
            loss, f" raises {type(error).__name__} in {what}: guard the denominator before it divides"
        ) from error
    except TypeError as error:
        raise refuse(loss, f" cannot be called, {what}: {error}") from error
    values = found if isinstance(found, tuple) else (found,)
    if len(values) != results or not all(isinstance(value, float) for value in values):
        wanted = "a value and a slope" if results == 2 else "one float"
        raise refuse(loss, f" returns {found!r} in {what}: {wanted} is expected")


def check_slopes(loss: Loss, seed: int) -> None:
    """The slope lies between, or near, what the difference of two values says; so does the second derivative. At a kink
    between the two scores anything between the slopes on either side is right."""
    draw = random.Random(seed)
    for _ in range(500):
        target, score = _target(loss, draw), draw.choice((draw.uniform(-3.0, 3.0), draw.gauss(0.0, 5.0)))
        step = STEP * max(1.0, abs(score))
        below, here, above = (loss.row(score + side * step, target, *loss.numbers) for side in (-1, 0, 1))
        _check_difference(loss, "slope", (below, here, above), step, score, target)
        if loss.second is not None:
            seconds = [loss.second(score + side * step, target, *loss.numbers) for side in (-1, 0, 1)]
            pairs = tuple((row[1], bend) for row, bend in zip((below, here, above), seconds, strict=True))
            _check_difference(loss, "second derivative", pairs, step, score, target)


def _target(loss: Loss, draw: random.Random) -> float:
    if loss.classes:
        return float(draw.randrange(2))
    if loss.domain is not None:
        return max(loss.domain.low, -1e3) + float(10.0 ** draw.uniform(-2.0, 1.0))
    return draw.gauss(0.0, 3.0)


def _check_difference(
    loss: Loss, what: str, rows: tuple[tuple[float, float], ...], step: float, score: float, target: float
) -> None:
    (value_below, _), _, (value_above, _) = rows
    slopes = [slope for _, slope in rows]
    quotient = (value_above - value_below) / (2.0 * step)
    size = max(abs(slope) for slope in slopes)
    slack = NEAR * (1.0 + size) + ROUNDING * (1.0 + max(abs(value_below), abs(value_above))) / step
    if not min(slopes) - slack <= quotient <= max(slopes) + slack:
        raise refuse(
            loss,
            f": at score={score:.6g}, target={target:.6g} its {what} is {slopes[1]:.6g}, and by differences it is "
            f"{quotient:.6g}",
        )


def check_bytes(loss: Loss) -> None:
    """NumPy and the compiled function give plain Python's bytes on every pair of hard numbers."""
    pairs = list(product(HARD, HARD))
    scores, targets = (np.array(column) for column in zip(*pairs))
    expected = np.array([loss.row(score, target, *loss.numbers) for score, target in pairs])
    found = {"NumPy": np.array(np.broadcast_arrays(*elementwise(loss.row)(scores, targets, *loss.numbers))).T}
    out = np.empty((2, len(pairs)))
    try:
        loss_kernel(loss).row_values(scores, targets, loss.numbers, *out)
    except FalllineError:
        raise
    except Exception as error:  # whatever Numba makes of a function that it cannot compile
        reason = str(error).strip().splitlines()[0]
        raise refuse(loss, f" cannot be compiled: {reason}") from error
    found["the compiled function"] = out.T
    for runtime, numbers in found.items():
        both_nan = np.isnan(expected) & np.isnan(numbers)
        same = both_nan | (expected.view(np.int64) == np.ascontiguousarray(numbers).view(np.int64))
        if not same.all():
            score, target = pairs[int(np.argmin(same.all(axis=1)))]
            raise refuse(
                loss,
                f": plain Python and {runtime} differ at score={score!r}, target={target!r}: is its function in the "
                "vocabulary of fallline.scalar?",
            )
