"""A step that is not finite is not applied: one cause, one step, one untouched state in every runtime."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import golden_losses
import pytest
from law_cases import SIMPLE_RULES, Table, as_batches, bits, marks_of, rule_numbers, runtimes, state_bits

from fallline.compiled.runtime import CAUSES
from fallline.losses import LOSSES
from fallline.plain.divergence import Guard
from fallline.rules import RULES

INFINITY = float("inf")
LARGEST = 1.7976931348623157e308
GOOD = [[0.5, 0.0, 0.0], [1.5, 0.0, 0.0], [-1.0, 0.0, 0.0]]  # they leave all but the first coefficient alone


class Trap(NamedTuple):
    """A row, a start and a rate at which step 3 goes wrong for this cause; the steps before it are harmless."""

    features: list[float]
    target: float
    weight: float
    rate: float
    start: tuple[float, ...] = (0.25, 0.0, 0.0, 0.5)  # without the last number, without an intercept
    limit: float = INFINITY


TRAPS = {
    ("squared", "loss"): Trap([1.0, 0.0, 0.0], 1e200, 1.0, 0.01),
    ("squared", "growth"): Trap([1.0, 0.0, 0.0], 1e9, 1.0, 0.01, limit=1e6),
    ("squared", "gradient"): Trap([0.0, 1e160, 0.0], 1e150, 1.0, 0.01),
    ("squared", "step"): Trap([1.0, 0.0, 0.0], -100.0, 1.0, LARGEST),
    ("squared", "parameter"): Trap([0.0, 1e-158, 0.0], 1e151, 1.0, 1e300, (0.25, LARGEST, 0.0)),
    ("logistic", "loss"): Trap([0.0, 1e160, 0.0], 0.0, 1.0, 0.01, (0.25, 1e150, 0.0, 0.5)),
    ("logistic", "growth"): Trap([0.0, 1.0, 0.0], 0.0, 1.0, 0.01, (0.25, 1e9, 0.0, 0.5), 1e6),
    ("logistic", "gradient"): Trap([0.0, 1e308, 0.0], 0.0, 100.0, 0.01),
    ("logistic", "step"): Trap([100.0, 0.0, 0.0], 0.0, 1.0, LARGEST),
    ("logistic", "parameter"): Trap([0.0, 5e-6, 6e-6], 1.0, 1.0, 1e300, (0.25, LARGEST, -LARGEST)),
}


def later_traps(loss: str) -> dict[tuple[str, str], Trap]:
    """Of the losses that came later: like those above, with targets that the loss is defined for."""
    found = LOSSES[loss]
    wrong = 0.0 if found.classes else 0.5 if found.domain else -9.0  # a score of 0.75 is too high for it
    growth = Trap([1.0, 0.0, 0.0], 1e9, 1.0, 0.01, limit=1e6)
    parameter = Trap([0.0, 5e-6, 6e-6], 1.0, 1.0, 1e300, (0.25, LARGEST, -LARGEST))
    if found.classes:
        growth = TRAPS["logistic", "growth"]
    if loss in ("squared_hinge", "squared_epsilon_insensitive"):
        parameter = Trap([0.0, 5e-159, 6e-159], 1.0, 1.0, LARGEST, (0.25, LARGEST, -LARGEST))
    if found.domain:
        parameter = Trap([0.0, 1e-307, 1.2e-307], 1e300, 1.0, 1e300, (0.25, LARGEST, -LARGEST))
    if found.many:  # two scores a row: the coefficients of a feature follow one another
        zero = (0.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0)
        far = (0.25, 0.0, 1e9, 0.0, 0.0, 0.0, 0.5, 0.0)
        infinite = (0.25, 0.0, 1e150, 0.0, 0.0, 0.0, 0.5, 0.0)
        pushed = (0.25, 0.0, LARGEST, 0.0, -LARGEST, 0.0)
        return {
            (loss, "loss"): Trap([0.0, 1e160, 0.0], 1.0, 1.0, 0.01, infinite),
            (loss, "growth"): Trap([0.0, 1.0, 0.0], 1.0, 1.0, 0.01, far, 1e6),
            (loss, "gradient"): Trap([0.0, 1e308, 0.0], 1.0, 100.0, 0.01, zero),
            (loss, "step"): Trap([100.0, 0.0, 0.0], 1.0, 1.0, LARGEST, zero),
            (loss, "parameter"): Trap([0.0, 5e-6, 6e-6], 0.0, 1.0, 1e300, pushed),
        }
    return {
        (loss, "loss"): Trap([0.0, 1e160, 0.0], wrong, 1.0, 0.01, (0.25, 1e150, 0.0, 0.5)),
        (loss, "growth"): growth,
        (loss, "gradient"): Trap([0.0, 1e308, 0.0], wrong, 100.0, 0.01),
        (loss, "step"): Trap([100.0, 0.0, 0.0], wrong, 1.0, LARGEST),
        (loss, "parameter"): parameter,
    }


for later in LOSSES:
    if later not in golden_losses.FIRST_LOSSES:
        TRAPS.update(later_traps(later))
CASES = [
    pytest.param(loss, cause, rule, marks=marks_of(rule, loss))
    for loss, cause in TRAPS
    for rule in RULES
    if loss in golden_losses.FIRST_LOSSES or rule in golden_losses.RULES
]


def outcome(runtime: Any, start: list[float], batches: list[list[int]], numbers: Any, limit: float) -> dict[str, Any]:
    state = runtime.start(start, 1.0)
    losses, norms, cause = runtime.advance(
        state, as_batches(runtime, batches), numbers, Guard(limit, runtime.problem.rows)
    )
    return {"losses": bits(losses), "norms": bits(norms), "cause": cause, "steps": len(losses), **state_bits(state)}


def test_every_cause_has_its_trap():
    """No cause and no loss is left out of these tests."""
    assert set(TRAPS) == set(itertools.product(LOSSES, CAUSES[1:]))


@pytest.mark.parametrize("rows", [1, 1500])
@pytest.mark.parametrize(("loss", "cause", "rule_name"), CASES)
def test_a_step_that_is_not_finite_is_not_applied(loss: str, cause: str, rule_name: str, rows: int):
    """Step 3 stops every runtime for this cause: its loss and norm are recorded, the state is that after step 2.

    The steps of some rules are bounded, so what is the cause of a stop for others need not be one for them; whatever
    happens, it is the same in every runtime.
    """
    trap = TRAPS[loss, cause]
    first = 0.5 if LOSSES[loss].domain else 0.0
    features, targets, weights = [*GOOD, trap.features], [first, 1.0, 1.0, trap.target], [1.0, 1.0, 1.0, trap.weight]
    scores = 2 if LOSSES[loss].many else 1
    table = Table(features, targets, weights, [0.0] * 3, [1.0] * 3, len(trap.start) == 4 * scores, scores)
    rule = RULES[rule_name](learning_rate=0.01)
    batches = [[0, 1], [2, 1], [0] * (rows - 1) + [3] * rows, [0, 1]]
    numbers = rule_numbers(rule, [1e-3, 1e-3, trap.rate, 1e-3])
    start = list(trap.start)
    found = {
        label: outcome(runtime, start, batches, numbers, trap.limit)
        for label, runtime in runtimes(table, loss, rule).items()
    }
    assert all(one == found["plain"] for one in found.values())
    if cause in ("step", "parameter") and rule_name not in SIMPLE_RULES:
        return
    assert found["plain"]["cause"] == cause
    assert found["plain"]["steps"] == 3
    for runtime in runtimes(table, loss, rule).values():
        two = outcome(runtime, start, batches[:2], numbers[:2], trap.limit)
        assert two["cause"] == ""
        assert [found["plain"][part] for part in ("theta", "rule state", "smoothed")] == (
            [two[part] for part in ("theta", "rule state", "smoothed")]
        )


def test_one_step_with_several_causes_names_the_first():
    """Loss, growth, gradient, step, parameter: whichever parameter shows it, the earliest cause is named."""
    cases = {
        "loss": ([1e160, 1e160], 1e200, 10.0, 0.01),
        "growth": ([0.0, 1e160], 1e150, 10.0, 0.01),
        "gradient": ([1.0, 1e160], 1e150, INFINITY, LARGEST),  # and the step of the first is infinite
        "step": ([1e-156, 1e10], 1e153, INFINITY, 1e300),  # and so is the first coefficient after it
    }
    for expected, (features, target, limit, rate) in cases.items():
        for order in (1, -1):
            start = [LARGEST if expected == "step" else 0.0, 0.0][::order]
            table = Table([features[::order]], [target], [1.0], [0.0] * 2, [1.0] * 2, False)
            rule = RULES["sgd"](learning_rate=0.01)
            found = [
                outcome(runtime, start, [[0]], rule_numbers(rule, [rate]), limit)
                for runtime in runtimes(table, "squared", rule).values()
            ]
            assert [one["cause"] for one in found] == [expected] * 3
            assert all(one == found[0] for one in found)
