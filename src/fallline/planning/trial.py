"""Trials: short descents at several rates from the same start on the same batches, to find the rate that goes furthest.

The first rate is what the curvature (or the size of the scores) suggests. From there the search walks in steps of 4
towards the lower loss until it rises on both sides, then looks half-way to either side. A trial costs TRIAL_STEPS
steps, the whole search at most MOST trials: a fixed number of rows, whatever the table. The loss of a trial is the mean
over its last batches, so single batches do not decide; a trial that diverges counts as infinite.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..compiled.choose import compiled_runtime
from ..compiled.runtime import Arrays
from ..descent.loop import Descent, first_loss
from ..descent.plan import Plan
from ..descent.stopping import mean
from ..rules.rule import Rule
from ..schedules import schedule_from_dict
from ..schedules.plateau import Plateau

TRIAL_STEPS = 50
MEASURED_STEPS = 10  # the last of them, whose mean loss is the trial's
STRIDE = 4.0
MOST = 16
NOISE = 1e-3  # of the way that a trial on batches came: it tells rates apart that differ by more
RIPPLE = 3e-3  # of that way on batches of all rows, on which an average swings at first
AVERAGES_LITTLE = 4.0  # the stability of a rule that takes each gradient by itself is 2, NAdam's 3.5, and Adam's 38


def share_of_best(rule: Rule, full: bool) -> float:
    """What part of the best tried rate is taken; full: batches of all rows, which have no noise.

    The descent's first stage is some twenty times as long as a trial, and ends at a distance that is proportional to
    the rate and the noise: a smaller rate still covers the way, and ends nearer. A rule that averages gradients evens
    out most of the noise; the others do not, and their steps swing on full batches too (NAdam's look ahead takes back
    most of its averaging). A rule that looks at all parameters together (DoG) finds its own rate, and is only given a
    factor.
    """
    by_itself = rule.adaptive and rule.terms is None and rule.stability <= AVERAGES_LITTLE
    return 0.25 if by_itself else 1.0 if full else 0.5


class Trials(NamedTuple):
    """rates: those that were tried, in rising order. losses: theirs after TRIAL_STEPS steps. passes: over the table.
    equal: differences of loss below this say nothing. middle: of equal rates the middle one is the best."""

    rates: list[float]
    losses: list[float]
    passes: float
    equal: float = 0.0
    middle: bool = False

    @property
    def best(self) -> float:
        """The rate of the lowest loss; of equals the smallest, or the one in the middle."""
        lowest = min(self.losses)
        equals = [rate for rate, loss in zip(self.rates, self.losses) if loss <= lowest + self.equal]
        return equals[(len(equals) - 1) // 2 if self.middle else 0]

    @property
    def several(self) -> bool:
        """Whether that is another rate than the one of the very lowest loss."""
        return self.best != self.rates[int(np.argmin(self.losses))]


def try_rates(
    problem: Arrays,
    plan: Plan,
    first: float,
    threads: int = 1,
    upward: bool = False,
    plain: float | None = None,
) -> Trials:
    """Search from the rate `first`. plan: the descent's own; its rate, schedule and stop rules are left aside.

    upward: no smaller rates are tried; the first is known to be stable. plain: see `falling_schedule`.
    """
    seen: dict[float, float] = {}
    start_loss = first_loss(compiled_runtime(problem, plan.rule, threads), problem.start)

    def loss(power: float) -> float:
        if upward and power < 0.0:
            return float("inf")
        if power not in seen and len(seen) < MOST:
            seen[power] = trial_loss(problem, plan, first * STRIDE**power, start_loss, plain)
        return seen.get(power, float("inf"))

    middle = 0.0
    while len(seen) < MOST:
        lower, upper = loss(middle - 1.0), loss(middle + 1.0)
        here = loss(middle)
        if not upward and (np.isinf([lower, here]).all() or lower < min(here, upper)):
            middle -= 1.0
        elif upper < here:
            middle += 1.0
        else:
            break
    for power in (middle - 0.5, middle + 0.5):
        loss(power)
    powers = sorted(seen)
    rows = len(seen) * TRIAL_STEPS * min(plan.sizes.batch, plan.sizes.rows)
    losses = [seen[power] for power in powers]
    way = max(start_loss - min(losses), 0.0)
    full = plan.sizes.batch >= plan.sizes.rows
    swings = full and share_of_best(plan.rule, full) == 1.0
    equal = (RIPPLE if swings else 0.0 if full else NOISE) * way
    return Trials([first * STRIDE**power for power in powers], losses, rows / problem.rows, equal, middle=swings)


def trial_loss(problem: Arrays, plan: Plan, rate: float, start_loss: float, plain: float | None) -> float:
    """The mean loss of the last batches of a trial; infinite where it diverges."""
    short = short_plan(plan, rate, plain)
    descent = Descent(compiled_runtime(problem, short.rule), short, start_loss=start_loss)
    descent.run(until=TRIAL_STEPS)
    if descent.stop == "diverged":
        return float("inf")
    losses = descent.history.losses[-MEASURED_STEPS:]
    return mean(losses.tolist())


def falling_schedule(rule: Rule, rate: float, plain: float | None) -> Plateau:
    """The schedule that `auto` becomes. plain: the most that the rule's plain steps at the start may have as a rate."""
    if plain is None or plain >= rate:
        return Plateau()
    return Plateau(warmup=rule.plain_steps, start=plain / rate)


def plain_rate_of(plan: Plan) -> float | None:
    """The rate of the plain steps at the start, if a settled plan has one for them."""
    schedule = schedule_from_dict(plan.schedule)
    return schedule.rate(1, plan.learning_rate) if isinstance(schedule, Plateau) and schedule.warmup else None


def short_plan(plan: Plan, rate: float, plain: float | None) -> Plan:
    """The plan of a trial: this rate throughout, but for plain steps at the start that have one of their own, and no
    stop but the last step."""
    return replace(
        plan,
        rule=plan.rule.with_rate(rate),
        learning_rate=rate,
        schedule=falling_schedule(plan.rule, rate, plain).to_dict(),
        epochs=max(plan.epochs, -(-TRIAL_STEPS // plan.sizes.steps)),
        tolerance=None,
    )
