"""What each schedule does."""

from __future__ import annotations

from typing import Any

import pytest
from schedule_cases import rates

from fallline import schedules as s


def near(*expected: float) -> Any:
    return pytest.approx(list(expected), rel=1e-14, abs=1e-15)


def test_constant() -> None:
    """The rate is the base, bit for bit."""
    assert rates(s.Constant(), 3, 0.1) == [0.1] * 3


def test_step_decay() -> None:
    """`every` steps at each rate."""
    assert rates(s.StepDecay(every=2, gamma=0.5), 5) == [1.0, 1.0, 0.5, 0.5, 0.25]


def test_milestones() -> None:
    """A milestone m is the last step of the old rate; a run of n steps has them at n / 2 and 3 n / 4."""
    assert rates(s.Milestones([1, 3], 0.5), 5) == [1.0, 0.5, 0.5, 0.25, 0.25]
    assert s.Milestones().settled(64_000) == s.Milestones([32_000, 48_000])


def test_exponential() -> None:
    """gamma after `every` steps, in between or by stairs, and no lower than `end`."""
    assert rates(s.Exponential(0.25, 2), 4) == near(1.0, 0.5, 0.25, 0.125)
    assert rates(s.Exponential(0.25, 2, staircase=True), 4) == near(1.0, 1.0, 0.25, 0.25)
    assert rates(s.Exponential(0.25, 2, end=0.3), 4) == near(1.0, 0.5, 0.3, 0.3)


def test_inverse_time() -> None:
    """One over the time: halved when decay * t / every is 1."""
    assert rates(s.InverseTime(1.0, 2), 5) == near(1.0, 1 / 1.5, 1 / 2, 1 / 2.5, 1 / 3)
    assert rates(s.InverseTime(1.0, 2, staircase=True), 4) == near(1.0, 1.0, 0.5, 0.5)


def test_invscaling() -> None:
    """One over a power of the step's number, which is 1 in the first."""
    assert rates(s.InvScaling(0.5), 9)[::4] == near(1.0, 5.0**-0.5, 1 / 3)


def test_optimal() -> None:
    """Begins at base with t0 open; with t0 given base does not count, and t0 = 1 / (alpha * base) is the same."""
    assert rates(s.Optimal(0.5), 3, 2.0) == near(2.0, 1.0, 2 / 3)
    assert rates(s.Optimal(0.5, t0=1.0), 3, 77.0) == near(2.0, 1.0, 2 / 3)


def test_polynomial() -> None:
    """Down to `end` in `steps`, and it stays there; power 1 is a line."""
    assert rates(s.Polynomial(4, end=0.2), 6) == near(1.0, 0.8, 0.6, 0.4, 0.2, 0.2)
    assert rates(s.Polynomial(4, power=2.0), 6) == near(1.0, 9 / 16, 1 / 4, 1 / 16, 0.0, 0.0)


def test_cosine() -> None:
    """Down to `end` in `steps`, half of the way in half of them, and it stays there."""
    assert rates(s.Cosine(4, end=0.5), 6)[::2] == near(1.0, 0.75, 0.5)
    assert rates(s.Cosine(4), 9)[4:] == near(0.0, 0.0, 0.0, 0.0, 0.0)


def test_cosine_restarts() -> None:
    """Every cycle is the cosine of its own length, from its first step; three fill a run."""
    found = rates(s.CosineRestarts(2, 2), 14)
    assert found == [s.Cosine(n).rate(p + 1, 1.0) for n in (2, 4, 8) for p in range(n)]
    assert rates(s.CosineRestarts(3, 1), 9) == rates(s.Cosine(3), 3) * 3
    assert s.CosineRestarts().settled(700) == s.CosineRestarts(100)


def test_linear_warmup() -> None:
    """From `start` up to base in `steps`, and then base to the last bit."""
    assert rates(s.LinearWarmup(4, start=0.2), 4) == near(0.2, 0.4, 0.6, 0.8)
    assert rates(s.LinearWarmup(4, start=0.2), 9, 0.1)[4:] == [0.1] * 5


def test_one_cycle() -> None:
    """Begins at base / 25, reaches base at 0.3 of the steps, ends at base / 25 / 10,000 in the last and stays there."""
    found = rates(s.OneCycle(100), 110)
    assert [found[0], found[29], found[99]] == near(1 / 25, 1.0, 1 / 25 / 1e4)
    assert max(found) == found[29] and set(found[99:]) == {found[99]}
    three = rates(s.OneCycle(100, three_phase=True), 100)
    assert [three[0], three[29], three[58], three[99]] == near(1 / 25, 1.0, 1 / 25, 1 / 25 / 1e4)
    assert rates(s.OneCycle(2, pct_start=0.5), 2) == near(1.0, 1 / 25 / 1e4)  # torch divides by zero


def test_cyclic() -> None:
    """Up in `step_size_up` steps and down in `step_size_down`, which is as many unless given; two modes fall."""
    assert rates(s.Cyclic(0.5, 2, 1), 7) == near(0.5, 0.75, 1.0, 0.5, 0.75, 1.0, 0.5)
    assert rates(s.Cyclic(0.0, 1, 1, mode="triangular2"), 6) == near(0.0, 1.0, 0.0, 0.5, 0.0, 0.25)
    assert rates(s.Cyclic(0.0, 1, 1, mode="exp_range", gamma=0.5), 4) == near(0.0, 0.5, 0.0, 0.125)
    assert s.Cyclic(step_size_up=5).settled(100).to_dict()["step_size_down"] == 5


def test_warmup_stable_decay() -> None:
    """Up, level, down, and level again."""
    found = rates(s.WarmupStableDecay(8, 2, 4, start=0.5, end=0.2), 10)
    assert found == near(0.5, 0.75, 1.0, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2, 0.2)
    assert rates(s.WarmupStableDecay(4, 0, 4, shape="sqrt"), 5) == near(1.0, 0.5, 1 - 0.5**0.5, 1 - 0.75**0.5, 0.0)
    settled = s.WarmupStableDecay(steps=60).settled(1000).to_dict()
    assert (settled["steps"], settled["warmup"], settled["decay"]) == (60, 3, 12)


def test_sequence() -> None:
    """Every part counts from its own start; open boundaries make parts of equal length."""
    sequence = s.Sequence([s.LinearWarmup(2, 0.0), s.Polynomial(4), s.Constant()], [2, 5])
    assert rates(sequence, 7) == near(0.0, 0.5, 1.0, 0.75, 0.5, 1.0, 1.0)
    halves = s.Sequence([s.Polynomial(), s.Polynomial()]).settled(8)
    assert halves == s.Sequence([s.Polynomial(4), s.Polynomial(4)], [4])
    assert s.Sequence([s.LinearWarmup(2), s.Constant()]).moves is False


def test_reduce_on_plateau() -> None:
    """More than `patience` looks without an improvement by `threshold`, and the rate falls, down to min_rate."""
    schedule = s.ReduceOnPlateau(factor=0.5, patience=1, threshold=0.1, cooldown=1, min_rate=0.2)
    found = []
    for loss in (1.0, 0.95, 0.91, 0.9, 0.95, 0.94, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8):
        schedule.see(loss)
        found.append(schedule.rate(1, 1.0))
    assert found == [1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]
    assert schedule.plateau(0.8) is False


def test_plateau_after_steps_of_their_own() -> None:
    """The first `warmup` steps take `start` of the rate, and reductions hold for both; without them one rate holds from
    look to look."""
    schedule = s.Plateau(factor=0.5, warmup=2, start=0.125)
    assert rates(schedule, 4) == [0.125, 0.125, 1.0, 1.0]
    assert schedule.plateau(3.0) and rates(schedule, 3) == [0.0625, 0.0625, 0.5]
    assert not schedule.steady and s.Plateau().steady
