"""Settles a plan: whatever is `auto` becomes a number, with a sentence that says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..compiled.runtime import Arrays, CompiledRuntime, Floats, Rows
from ..compiled.sparse import SparseArrays
from ..descent.plan import Plan
from ..measures.curvature import BATCHES, Curvature
from ..order.shuffle import Sizes
from ..rules import Adagrad, Momentum, Rule
from ..schedules import schedule_from_dict
from . import sizes as size_choices
from .rate import learning_rate as measured_rate
from .scale import slow_columns


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


@dataclass(frozen=True)
class Settled:
    """A plan, the sentences that say how it came about, the one about the rate, and whether the epochs were chosen."""

    plan: Plan
    notes: list[str]
    rate_reason: str
    epochs_chosen: bool


def settle(wish: Wish, problem: Arrays | SparseArrays, names: tuple[str, ...], spreads: Floats) -> Settled:
    """spreads: each feature's standard deviation where it could be scaled and is not, else infinity."""
    notes = []
    rule = wish.rule
    if rule is None and isinstance(problem, SparseArrays):
        rule = Adagrad()
        notes.append("rule: adagrad, whose steps visit only the features that a batch has")
    elif rule is None:
        rule = Momentum()
        notes.append(f"rule: momentum {rule.momentum:g}")
    elif isinstance(problem, SparseArrays) and not rule.lazy:
        notes.append(
            f"{rule.name} moves a parameter while its gradient is 0, so every step visits all {problem.parameters:,}; "
            f"sgd without momentum and adagrad visit only the features that a batch has"
        )
    batch = wish.batch_size
    if batch is None:
        batch, note = size_choices.batch_size(problem.rows)
        notes.append(note)
    sizes = Sizes.of(problem.rows, problem.columns, batch)
    epochs = wish.epochs
    if epochs is None:
        epochs, note = size_choices.epochs(problem.rows, sizes.steps)
        notes.append(note)
    rate, reason, tolerance = wish.learning_rate, "as given", wish.tolerance
    if rate is None or np.isfinite(spreads).any():
        curvature = measure(problem, sizes, wish.seed, wish.shuffle)
        if rate is None:
            rate, reason = measured_rate(rule, curvature)
            notes.append(f"learning rate {reason}")
        slow = slow_columns(names, spreads, curvature, rate, getattr(rule, "momentum", 0.0), epochs * sizes.steps)
        if slow:
            notes.append(_advice_to_scale(slow, problem, names))
            tolerance = wish.tolerance if wish.tolerance_given else None
    if wish.epochs is not None and not wish.tolerance_given:
        tolerance = None
    plan = Plan(
        rule.with_rate(rate),
        rate,
        schedule_from_dict(wish.schedule).settled(epochs * sizes.steps).to_dict(),
        sizes,
        epochs,
        tolerance,
        wish.patience,
        size_choices.look_steps(sizes.batch, sizes.steps),
        wish.shuffle,
        wish.seed,
    )
    return Settled(plan, notes, reason, wish.epochs is None)


def measure(problem: Arrays | SparseArrays, sizes: Sizes, seed: int, shuffle: bool) -> Curvature:
    """The curvature at theta = 0 of the first batches that the descent will use."""
    theta = np.zeros(problem.parameters)
    rows: Rows = np.arange(problem.rows)
    if shuffle and sizes.batch < sizes.rows:
        rows = CompiledRuntime(problem, Momentum()).order(  # type: ignore[arg-type]
            seed, 0, sizes
        )
    count = max(BATCHES, -(-4096 // sizes.batch))
    batches = [rows[i * sizes.batch : (i + 1) * sizes.batch] for i in range(min(count, sizes.rows // sizes.batch))]
    return Curvature(problem, theta, batches)


def _advice_to_scale(slow: list[str], problem: Arrays | SparseArrays, names: tuple[str, ...]) -> str:
    largest = names[int(np.argmax(problem.column_sizes()))]
    some = ", ".join(slow[:3]) + (f" and {len(slow) - 3} more" if len(slow) > 3 else "")
    return (
        f"scaling is off, and {largest} is so large that no learning rate that it allows moves the coefficients "
        f"of {some} "
        f'far enough in these epochs: use scale="standard"'
    )
