"""The first work of a process in plain Python: the same bytes as the kernels', wherever the one takes over from the
other."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from law_cases import SIMPLE_RULES, bits, compiled_runtime, fresh_seed, rule_numbers, state_bits
from test_runtimes import ROWS, random_rule, random_table

from fallline.compiled import early
from fallline.compiled.early_runtime import EarlyCurvature, EarlyRuntime
from fallline.compiled.kernels import loss_kernel
from fallline.compiled.runtime import Arrays, CompiledRuntime
from fallline.compiled.scaling import scaling
from fallline.losses import LOSSES
from fallline.order.shuffle import Sizes
from fallline.plain.divergence import Guard
from fallline.rules import rule_named

WITH_CURVATURE = [name for name, loss in LOSSES.items() if loss.curvature is not None and not loss.many]


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Allows so many pieces of work in plain Python, however long they take, and then no more."""

    def allow(pieces: int) -> None:
        left = iter(range(pieces))
        monkeypatch.setattr(early, "_ended", False)
        monkeypatch.setattr(early, "_spent", 0.0)
        monkeypatch.setattr(early, "allows", lambda terms, kernel, times=1: next(left, None) is not None)

    return allow


@pytest.mark.parametrize("rule_name", [*SIMPLE_RULES, "nesterov", "schedule_free_sgd"])
def test_steps_that_begin_in_plain_python(rule_name: str, allowed: Any) -> None:
    """Losses, norms and states after every call are those of the kernels, wherever these take over."""
    draw = random.Random(fresh_seed())
    for _ in range(4):
        table, rule = random_table("squared", draw), random_rule(rule_name, draw)
        known = compiled_runtime(table, "squared", rule, 1)
        runtime = EarlyRuntime(known.problem, rule)
        start = [draw.gauss(0.0, 0.1) for _ in range(table.parameters)]
        states = known.start(start, 1.0), runtime.start(start, 1.0)
        numbers = rule_numbers(rule, [0.01 * draw.random() for _ in range(8)])
        batches = [np.array(draw.sample(range(ROWS), draw.randrange(1, 40)), dtype=np.int64) for _ in range(8)]
        allowed(draw.randrange(5))
        for first in range(0, 8, 2):
            part, guard = slice(first, first + 2), Guard(float("inf"), ROWS)
            expected = known.advance(states[0], batches[part], numbers[part], guard)
            found = runtime.advance(states[1], batches[part], numbers[part], guard)
            assert [bits(found[k]) for k in (0, 1)] == [bits(expected[k]) for k in (0, 1)]
            assert found[2] == expected[2]
            assert state_bits(states[1]) == state_bits(states[0])
            if expected[2]:
                break


@pytest.mark.parametrize("loss", WITH_CURVATURE)
def test_the_curvature_of_rows(loss: str, allowed: Any) -> None:
    """A batch's Hessian times a vector, and what the rows' curvature is judged by, have the same bytes in plain Python
    and in the kernels, which take eight rows at a time: at the start, where no score is worked out, and elsewhere."""
    draw = random.Random(fresh_seed())
    for start in (0.0, 0.3):
        table = random_table(loss, draw)
        problem = compiled_runtime(table, loss, rule_named("sgd"), 1).problem
        theta, vector = (np.array([draw.gauss(0.0, s) for _ in range(table.parameters)]) for s in (start, 1.0))
        theta *= np.array([*problem.inverse_scales, 1.0][: table.parameters]) if start else 1.0
        allowed(1000)
        one, other = EarlyCurvature(problem), loss_kernel(problem.loss)
        for count in (1, 7, 8, 43):
            rows = np.array(draw.choices(range(ROWS), k=count), dtype=np.int64)
            found, expected = np.empty((2, table.parameters))
            one.sharpness(*problem.whole, theta, rows, vector, found)
            other.sharpness(*problem.whole, theta, rows, vector, expected)
            assert bits(found) == bits(expected)
        statistics = np.zeros((2, 5))
        one.row_statistics(*problem.whole, theta, statistics[0], np.zeros(0))
        other.row_statistics(*problem.whole, theta, statistics[1], np.zeros(0))
        assert bits(statistics[0]) == bits(statistics[1])


def test_orders_losses_and_scales(allowed: Any) -> None:
    """The order of an epoch or of its beginning, the loss of all rows, and means and scales, missing values among
    them."""
    draw = random.Random(fresh_seed())
    source = np.random.default_rng(draw.randrange(1 << 30))
    for rows, columns in ((1, 1), (50, 3), (4_001, 30)):
        x = source.normal(size=(rows, columns)) * 10.0 ** source.integers(-3, 4, size=columns)
        x[source.random(x.shape) < 0.1] = np.nan
        sizes, seed = Sizes.of(rows, columns, max(rows // 7, 1)), draw.randrange(1000)
        problem = Arrays(
            np.nan_to_num(x),
            source.normal(size=rows),
            source.random(rows),
            LOSSES["squared"],
            source.normal(size=columns),
            source.random(columns),
        )
        runtimes = EarlyRuntime(problem, rule_named("sgd")), CompiledRuntime(problem, rule_named("sgd"))
        theta = source.normal(size=columns + 1)
        found = []
        for pieces in (1000, 0):
            allowed(pieces)
            runtime = runtimes[pieces == 0]
            orders = [runtime.order(seed, 1, sizes, first).tolist() for first in (None, rows // 2, rows)]
            assert orders[1] == orders[0][: rows // 2]
            assert orders[2] == orders[0]
            numbers = [float(runtime.loss(theta)), *(part for both in scaling(x, ("",) * columns) for part in both)]
            found.append((orders[0], bits(numbers)))
        assert found[0] == found[1]
