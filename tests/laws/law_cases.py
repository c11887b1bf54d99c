"""What the law tests share: tables, the runtimes on them, and bytes to compare."""

from __future__ import annotations

import math
import os
import random
import struct
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import golden
import golden_losses
import numpy as np
import pytest

from fallline.compiled.runtime import Arrays, CompiledRuntime
from fallline.losses import LOSSES, Loss
from fallline.plain.additions import NONE, Additions
from fallline.plain.descent import PlainRuntime
from fallline.plain.problem import Problem
from fallline.rules import RULES, Rule

# Rules without a bound on their steps, whose answer is theta, and whose step is all that theta loses.
SIMPLE_RULES = ("sgd", "momentum", "rmsprop", "adam")
# The law holds for every loss with every rule; two losses meet all rules, the others three.
PAIRS = [(r, n) for n in LOSSES for r in RULES if n in golden_losses.FIRST_LOSSES or r in golden_losses.RULES]


def marks_of(rule: str, loss: str) -> Any:
    """A kernel for a loss and a rule takes seconds to compile: the plain suite has every rule and every loss, and the
    rest of their product is slow."""
    usual = loss == "squared" or rule == "adam" or (rule, loss) == ("sgd", "logistic")
    return () if usual else pytest.mark.slow


every_rule_and_loss = pytest.mark.parametrize(
    ("rule_name", "loss"), [pytest.param(*pair, marks=marks_of(*pair)) for pair in PAIRS]
)
CLASSES = 4  # of random tables with a score for each class
NAN_BYTES = struct.pack("<d", math.nan)


def bits(values: Iterable[float]) -> bytes:
    """The eight bytes of each number, so that -0.0 does not pass for 0.0; every NaN is the same NaN."""
    numbers = [float(value) for value in values]
    return b"".join(NAN_BYTES if math.isnan(number) else struct.pack("<d", number) for number in numbers)


def state_bits(state: Any) -> dict[str, bytes]:
    """Theta, every vector of the rule's state, and the smoothed loss."""
    rule_state = b"".join(bits(vector) for vector in state.rule_state)
    return {"theta": bits(state.theta), "rule state": rule_state, "smoothed": bits([state.smoothed_loss])}


class Table(NamedTuple):
    """A problem's numbers in lists, from which each runtime makes its own."""

    features: list[list[float]]
    targets: list[float]
    weights: list[float]
    means: list[float]
    inverse_scales: list[float]
    intercept: bool = True
    scores: int = 1

    @property
    def parameters(self) -> int:
        return (len(self.means) + self.intercept) * self.scores

    def loss(self, loss: str | Loss) -> Loss:
        return (LOSSES[loss] if isinstance(loss, str) else loss).settled(self.scores)


def random_weights(rows: int, draw: random.Random) -> list[float]:
    """A weight for each row, zeros among them; or 1.0 for all, which a runtime need not read."""
    return [1.0] * rows if draw.random() < 0.3 else [draw.choice((0.0, 1.0, 1.0, draw.random())) for _ in range(rows)]


def random_target(loss: str, draw: random.Random) -> float:
    """A target that the loss is defined for."""
    found = LOSSES[loss]
    if found.many:
        return float(draw.randrange(CLASSES))
    if found.classes:
        return float(draw.random() < 0.4)
    if found.domain is not None:
        return draw.choice((0.0, 1.0, 2.0)) if found.domain.low_included else 0.01 + 3.0 * draw.random()
    return draw.gauss(1.0, 3.0)


def of_golden(name: str, scaling: str, loss: str) -> Table:
    """A table of the golden script with this loss's target."""
    found = golden.table_of(name, scaling)
    targets = found[golden_losses.target_of(loss)]
    numbers = found["features"], targets, found["weight"], found["mean"], found["inverse_scale"]
    return Table(*numbers, scores=golden.scores_of(found, loss))


def plain_runtime(table: Table, loss: str | Loss, rule: Rule, additions: Additions = NONE) -> PlainRuntime:
    features, targets, weights, means, inverse_scales, intercept, _ = table
    problem = Problem(features, targets, weights, table.loss(loss), means, inverse_scales, intercept=intercept)
    return PlainRuntime(problem, rule, additions)


def compiled_runtime(
    table: Table, loss: str | Loss, rule: Rule, threads: int, additions: Additions = NONE
) -> CompiledRuntime:
    """Threading is forced on: no batch above one leaf is too small to be shared out."""
    features, targets, weights, means, inverse_scales = (np.array(part, dtype=np.float64) for part in table[:5])
    problem = Arrays(features, targets, weights, table.loss(loss), means, inverse_scales, table.intercept)
    return CompiledRuntime(problem, rule, threads=threads, thread_work=0, additions=additions)


def runtimes(table: Table, loss: str, rule: Rule, additions: Additions = NONE) -> dict[str, Any]:
    """Every runtime under the law, the plain one first."""
    return {
        "plain": plain_runtime(table, loss, rule, additions),
        "compiled, 1 thread": compiled_runtime(table, loss, rule, 1, additions),
        "compiled, 2 threads": compiled_runtime(table, loss, rule, 2, additions),
    }


def rule_numbers(rule: Rule, rates: Sequence[float]) -> list[tuple[float, ...]]:
    """The rule's numbers in steps 1, 2, … at these learning rates."""
    carry, found = rule.start_carry(), []
    for k, rate in enumerate(rates, start=1):
        arguments, carry = rule.numbers(k, rate, carry)
        found.append(arguments)
    return found


def as_batches(runtime: Any, batches: Sequence[Sequence[int]]) -> list[Any]:
    return list(batches) if runtime.name == "plain" else [np.array(batch, dtype=np.int64) for batch in batches]


def fresh_seed() -> int:
    """A new seed for every test, printed where the test fails; FALLLINE_LAW_SEED repeats one."""
    seed = int(os.environ.get("FALLLINE_LAW_SEED") or int.from_bytes(os.urandom(4), "little"))
    print(f"FALLLINE_LAW_SEED={seed}")
    return seed
