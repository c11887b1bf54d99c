"""The learning-rate finder: the loss after a short descent at each rate of a log grid, and what to make of it.

Every rate starts from the same parameters on the same batches, by the code that `learning_rate="auto"` uses
(`planning/trial.py`); a range test in one run, with a rate that grows from step to step (Smith 2017), would hand on to
later rates what earlier ones did.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from ..compiled.choose import compiled_runtime
from ..compiled.runtime import Arrays
from ..descent.loop import Descent, first_loss
from ..descent.plan import Plan
from ..measures.curvature import Curvature
from ..planning.settle import measure
from ..planning.trial import TRIAL_STEPS, plain_rate_of, short_plan, trial_loss

A_DECADE = 4  # rates of the grid
DECADES = 3  # to either side of the recommended rate


class Suggestion(NamedTuple):
    """A rate by one of the usual recipes, and the recipe."""

    name: str
    learning_rate: float
    formula: str


class RateSearch:
    """What was found.

    suggestion: the recommended rate, the one that `fit` takes by itself; reason: why, in words.
    limit: the largest stable rate, from the curvature (of an adaptive rule with the state that it has after a trial at
    the suggestion); None where there is none. suggestions: steepest, valley and minimum/10, with their formulas.
    curve: a table with learning_rate, loss (after the trial's last steps, infinite where it diverged) and slope, its
    derivative by the natural logarithm of the rate.
    """

    def __init__(
        self,
        rule: str,
        suggestion: float,
        reason: str,
        limit: float | None,
        suggestions: tuple[Suggestion, ...],
        curve: pa.Table,
    ):
        self.rule, self.suggestion, self.reason, self.limit = rule, suggestion, reason, limit
        self.suggestions, self.curve = suggestions, curve

    def to_dict(self) -> dict[str, object]:
        return {
            "rule": self.rule,
            "suggestion": self.suggestion,
            "reason": self.reason,
            "limit": self.limit,
            "suggestions": {one.name: one.learning_rate for one in self.suggestions},
            "curve": self.curve.to_pylist(),
        }

    def sentences(self) -> list[str]:
        """The recommendation, the other suggestions and the limit, a line each."""
        limit = "not known for this rule" if self.limit is None else f"{self.limit:.3g}"
        lines = [f"recommended   {self.reason}"]
        lines += [f"{one.name:<13} {one.learning_rate:.3g}: {one.formula}" for one in self.suggestions]
        return [*lines, f"stable limit  {limit}"]

    def marks(self) -> list[str]:
        """For each rate of the curve what lies nearest to it: the names of the suggestions, and the limit."""
        rates = np.log(self.curve["learning_rate"].to_numpy())
        marks: list[list[str]] = [[] for _ in rates]
        named = [("recommended", self.suggestion), *((one.name, one.learning_rate) for one in self.suggestions)]
        for name, rate in [*named, *([] if self.limit is None else [("stable limit", self.limit)])]:
            if rates[0] - 1.0 < math.log(rate) < rates[-1] + 1.0:
                marks[int(np.argmin(np.abs(rates - math.log(rate))))].append(name)
        return [", ".join(names) for names in marks]

    def __str__(self) -> str:
        rows = zip(self.curve["learning_rate"].to_pylist(), self.curve["loss"].to_pylist(), self.marks(), strict=True)
        lines = [f"{rate:<12.3g} {_loss(loss):<12} {mark}".rstrip() for rate, loss, mark in rows]
        return "\n".join([f"{'rate':<12} loss after {TRIAL_STEPS} steps", *lines, "", *self.sentences()]) + "\n"

    def __repr__(self) -> str:
        return f"<learning rates of {self.rule}: {self.suggestion:g} recommended>"


def _loss(loss: float) -> str:
    return f"{loss:.5g}" if math.isfinite(loss) else "diverged"


def find_rate(problem: Arrays, plan: Plan, reason: str, threads: int = 1) -> RateSearch:
    """Around the rate of a settled plan, which is the recommendation."""
    middle = round(math.log10(plan.learning_rate) * A_DECADE)
    powers = range(middle - DECADES * A_DECADE, middle + DECADES * A_DECADE + 1)
    rates = np.array([10.0 ** (power / A_DECADE) for power in powers])
    start_loss = first_loss(compiled_runtime(problem, plan.rule, threads), problem.start)
    plain = plain_rate_of(plan)
    losses = np.array([trial_loss(problem, plan, float(rate), start_loss, plain) for rate in rates])
    slopes = slopes_by_log_rate(rates, losses)
    return RateSearch(
        plan.rule.name,
        plan.learning_rate,
        reason,
        stable_limit(problem, plan, start_loss),
        suggestions(rates, losses, slopes),
        pa.table({"learning_rate": rates, "loss": losses, "slope": slopes}),
    )


def slopes_by_log_rate(rates: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """d loss / d ln(rate) by differences of neighbours; NaN beside a rate that diverged."""
    finite = np.where(np.isfinite(losses), losses, np.nan)
    slopes: np.ndarray = np.gradient(finite, np.log(rates))
    return slopes


def suggestions(rates: np.ndarray, losses: np.ndarray, slopes: np.ndarray) -> tuple[Suggestion, ...]:
    """The usual recipes; none where every rate diverged."""
    if not np.isfinite(losses).any():
        return ()
    lowest = rates[int(np.argmin(losses))] / 10.0
    found = [Suggestion("minimum/10", float(lowest), "a tenth of the rate of the lowest loss")]
    if np.isfinite(slopes).any():
        steepest = rates[int(np.nanargmin(slopes))]
        found.append(Suggestion("steepest", float(steepest), "where d loss / d ln(rate) is lowest"))
    recipe = "the middle of the longest run of rates with falling losses (fastai's valley)"
    found.append(Suggestion("valley", float(rates[valley(losses.tolist())]), recipe))
    return tuple(found)


def valley(losses: list[float]) -> int:
    """The middle of the longest subsequence of falling losses, reckoned as fastai does."""
    lengths = [1] * len(losses)
    end = 0
    for i in range(len(losses)):
        lengths[i] += max((lengths[j] for j in range(i) if losses[i] < losses[j]), default=0)
        end = i if lengths[i] > lengths[end] else end
    start = max(end - lengths[end], 0)
    third = (end - start) / 3
    return start + int(third) + int(third / 2)


def stable_limit(problem: Arrays, plan: Plan, start_loss: float) -> float | None:
    """The rule's limit on the first batches; of an adaptive one where it stands after a trial."""
    numbers, _ = plan.rule.numbers(1, 1.0, plan.rule.start_carry())
    curvature = measure(problem, plan.sizes, plan.seed, plan.shuffle)
    if not plan.rule.adaptive:
        return curvature.stable_limit(plan.rule, numbers)
    short = short_plan(plan, plan.learning_rate, plain_rate_of(plan))
    descent = Descent(compiled_runtime(problem, plan.rule), short, start_loss=start_loss)
    descent.run(until=TRIAL_STEPS)
    state, theta = np.array(descent.state.rule_state), np.array(descent.state.theta)
    there = Curvature(problem, theta, [np.asarray(descent.batch(k)) for k in range(1, min(TRIAL_STEPS, 16) + 1)])
    return there.stable_limit(plan.rule, descent.numbers(descent.k + 1)[0], state)
