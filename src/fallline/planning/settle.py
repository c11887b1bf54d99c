"""Settles a plan: whatever is `auto` becomes a number, with a sentence that says why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..compiled.choose import compiled_runtime
from ..compiled.runtime import Arrays, Floats, Rows
from ..compiled.sparse import SparseArrays
from ..descent.plan import Plan, batches_of_a_step
from ..errors import SpecificationError
from ..measures.curvature import Curvature
from ..measures.lanczos import ACCURACY
from ..order.shuffle import Sizes
from ..penalties import Penalty
from ..rules import Adagrad, Momentum, Rule
from ..schedules import schedule_from_dict
from ..sums import tree_sum
from ..transforms import Transform
from . import sizes as size_choices
from .decay import settled_decay
from .rate import bends_less_later, plain_rate, rounded
from .rate import learning_rate as measured_rate
from .scale import slow_columns
from .stand_in import with_curvature
from .trial import TRIAL_STEPS, Trials, falling_schedule, share_of_best, try_rates

FEWEST_BATCHES, FEWEST_ROWS = 16, 4096  # that curvature is measured on
SHARES = {1.0: "", 0.5: "half of ", 0.25: "a quarter of "}
ROUGH = 3e-2  # of it: a rate has two digits, and is a part of the limit


@dataclass(frozen=True)
class Wish:
    """The options that decide a plan, as given: None is `auto`."""

    rule: Rule | None
    learning_rate: float | None
    schedule: dict[str, Any]
    batch_size: int | None
    epochs: int | None
    tolerance: float | None
    tolerance_given: bool
    patience: int
    shuffle: bool
    seed: int
    penalties: tuple[Penalty, ...] = ()
    transforms: tuple[Transform, ...] = ()


@dataclass(frozen=True)
class Settled:
    """A plan, the sentences that say how it came about, the one about the rate, and whether the epochs were chosen.

    passes: over the table, that measuring took.
    """

    plan: Plan
    notes: list[str]
    rate_reason: str
    epochs_chosen: bool
    passes: float


def settle(wish: Wish, problem: Arrays, names: tuple[str, ...], spreads: Floats) -> Settled:
    """spreads: each feature's standard deviation where it could be scaled and is not, else infinity."""
    rule, notes = _rule(wish.rule, problem)
    batch = wish.batch_size
    if batch is None:
        batch, note = size_choices.batch_size(problem.rows, rule)
        notes.append(note)
    together = batches_of_a_step(wish.transforms)
    if together > 1 and batch >= problem.rows:
        raise SpecificationError(
            f"accumulate={together} adds up several batches, and a batch of all {problem.rows:,} rows is one: give a "
            f"batch_size below that",
            option="accumulate",
            value=together,
            allowed="a smaller batch_size",
        )
    sizes = Sizes.of(problem.rows, problem.columns, batch * together)
    epochs = wish.epochs
    if epochs is None:
        epochs, note = size_choices.epochs(problem.rows, sizes.steps)
        notes.append(note)
    rate, reason, tolerance, passes = wish.learning_rate, "as given", wish.tolerance, 0.0
    plain = None
    if rate is None or np.isfinite(spreads).any():
        curvature = measure(problem, sizes, wish.seed, wish.shuffle, wish.penalties, ROUGH)
        if rate is None:
            rule, decay_notes = settled_decay(rule, problem.loss, curvature)
            rate, reason = measured_rate(rule, curvature)
            plain = plain_rate(rule, curvature) if wish.schedule["name"] == "auto" else None
            full = sizes.batch >= sizes.rows
            limited = not rule.adaptive and rule.scale is not None
            if not limited or (full and bends_less_later(problem.loss)):
                whole = _plan(wish, rule, rate, sizes, epochs, None)
                trials = try_rates(problem, whole, rate, upward=limited, plain=plain)
                passes = trials.passes
                rate, reason = tried_rate(rule, trials, rate, full)
                if plain is not None and plain < rate:
                    reason += f"; the first {rule.plain_steps} steps, which are plain descent, take {plain:g}"
            notes.append(f"learning rate {reason}")
            notes += decay_notes
        slow = slow_columns(names, spreads, curvature, rate, getattr(rule, "momentum", 0.0), epochs * sizes.steps)
        if slow:
            notes.append(_advice_to_scale(slow, problem, names))
            tolerance = wish.tolerance if wish.tolerance_given else None
        passes += curvature.passes
    if wish.epochs is not None and not wish.tolerance_given:
        tolerance = None
    plan = _plan(wish, rule, rate, sizes, epochs, tolerance, plain)
    if together > 1:
        plan = replace(plan, batch=batch)
    return Settled(plan, notes, reason, wish.epochs is None, passes)


def _rule(rule: Rule | None, problem: Arrays) -> tuple[Rule, list[str]]:
    """The rule, chosen if it was not given, and what is to be said about it."""
    sparse = isinstance(problem, SparseArrays)
    if rule is None and sparse:
        return Adagrad(), ["rule: adagrad, whose steps visit only the features that a batch has"]
    if rule is None:
        rule = Momentum()
        return rule, [f"rule: momentum {rule.momentum:g}"]
    if sparse and not rule.lazy:
        return rule, [
            f"{rule.name} moves a parameter while its gradient is 0, so every step visits all {problem.parameters:,}; "
            f"sgd without momentum and adagrad visit only the features that a batch has"
        ]
    return rule, []


def _plan(
    wish: Wish,
    rule: Rule,
    rate: float,
    sizes: Sizes,
    epochs: int,
    tolerance: float | None,
    plain: float | None = None,
) -> Plan:
    chosen = wish.schedule["name"] == "auto"
    schedule = falling_schedule(rule, rate, plain) if chosen else schedule_from_dict(wish.schedule)
    return Plan(
        rule.with_rate(rate),
        rate,
        schedule.settled(epochs * sizes.steps).to_dict(),
        sizes,
        epochs,
        tolerance,
        wish.patience,
        size_choices.look_steps(sizes.batch, sizes.steps),
        wish.shuffle,
        wish.seed,
        wish.penalties,
        tuple(transform.settled(epochs * sizes.steps) for transform in wish.transforms),
    )


def tried_rate(rule: Rule, trials: Trials, first: float, full: bool) -> tuple[float, str]:
    """The rate that went furthest in short trials, or a part of it, and a sentence that says so."""
    if np.isinf(min(trials.losses)):
        return first, f"{first:g}: every trial diverged, so there is nothing to choose by"
    share = share_of_best(rule, full)
    which = "middle one" if trials.middle else "smallest"
    rate = rounded(share * trials.best)
    return rate, (
        f"{rate:g}: {SHARES[share]}the one of {len(trials.rates)} rates from "
        f"{trials.rates[0]:.2g} to {trials.rates[-1]:.2g} with the lowest loss after {TRIAL_STEPS} steps, "
        f"{min(trials.losses):.4g}{f', or the {which} of several nearly as low' if trials.several else ''}"
    )


def measure(
    problem: Arrays,
    sizes: Sizes,
    seed: int,
    shuffle: bool,
    penalties: tuple[Penalty, ...] = (),
    accuracy: float = ACCURACY,
) -> Curvature:
    """The curvature at the start of the first batches that the descent will use."""
    problem = with_curvature(problem)
    theta = np.array(problem.start)
    count = min(max(FEWEST_BATCHES, -(-FEWEST_ROWS // sizes.batch)), sizes.rows // sizes.batch)
    rows: Rows = np.arange(count * sizes.batch)
    if shuffle and sizes.batch < sizes.rows:
        rows = compiled_runtime(problem, Momentum()).order(seed, 0, sizes, count * sizes.batch)
    batches = [rows[i * sizes.batch : (i + 1) * sizes.batch] for i in range(count)]
    return Curvature(problem, theta, batches, tree_sum([penalty.curvature for penalty in penalties]), accuracy)


def _advice_to_scale(slow: list[str], problem: Arrays, names: tuple[str, ...]) -> str:
    largest = names[int(np.argmax(problem.column_sizes()))]
    some = ", ".join(slow[:3]) + (f" and {len(slow) - 3} more" if len(slow) > 3 else "")
    return (
        f"scaling is off, and {largest} is so large that no learning rate that it allows moves the coefficients "
        f"of {some} "
        f'far enough in these epochs: use scale="standard"'
    )
