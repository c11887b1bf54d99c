"""`learning_rate="auto"`: from the curvature of the batches that will be used."""

from __future__ import annotations

from ..losses import Loss
from ..measures.curvature import Curvature
from ..rules.rule import Rule

SHARE_OF_LIMIT_FULL = 0.5  # of the largest stable rate, for batches of all rows: their curvature is known
SHARE_OF_LIMIT = 0.25  # for other batches: theirs is a bound, and a small rate is less noisy
SCORE_SHARE = 0.1  # of the scores' own size that one step of an adaptive rule may move them


def learning_rate(rule: Rule, curvature: Curvature) -> tuple[float, str]:
    """A rate for this rule and a sentence that says why."""
    numbers, _ = rule.numbers(1, 1.0, rule.start_carry())
    limit = curvature.stable_limit(rule, numbers)
    if limit is not None:
        full = curvature.rows >= curvature.table_rows
        rate = rounded((SHARE_OF_LIMIT_FULL if full else SHARE_OF_LIMIT) * limit)
        part, what = ("half", "the loss") if full else ("a quarter", f"the sharpest batch of {curvature.rows} rows")
        return rate, f"{rate:g}: {part} of the stable limit {limit:.3g} ({what} has curvature {curvature.worst:.3g})"
    if curvature.second == 0.0 or curvature.slope == 0.0:
        return 0.01, "0.01: at the start the loss is flat, so there is nothing to measure"
    score = curvature.slope / curvature.second
    rate = rounded(SCORE_SHARE * score / curvature.length)
    return rate, f"{rate:g}: a step of that size in every parameter moves a score by about a tenth of its usual size"


def plain_rate(rule: Rule, curvature: Curvature) -> float | None:
    """A rate for the plain steps that an adaptive rule begins with, if it does: they are stable as plain descent is."""
    if not rule.plain_steps or curvature.worst == 0.0:
        return None
    full = curvature.rows >= curvature.table_rows
    return rounded((SHARE_OF_LIMIT_FULL if full else SHARE_OF_LIMIT) * 2.0 / curvature.worst)


def bends_less_later(loss: Loss) -> bool:
    """Whether the loss bends most where a descent begins, at a score of 0, so that the limit there is the smallest.

    So it is with classes: as rows come to be told apart, their losses flatten. Where planning takes a bound for the
    curvature, that holds everywhere.
    """
    if loss.many:
        return True
    return loss.classes and loss.second is not None and loss.second(3.0, 1.0) < loss.second(0.0, 1.0)


def rounded(rate: float) -> float:
    """Two significant digits, rounded toward zero: a rate that people can read and repeat."""
    exact = f"{rate:.1e}"
    value = float(exact)
    if value > rate:
        digits, exponent = exact.split("e")
        value = float(f"{float(digits) - 0.1:.1f}e{exponent}")
    return value
