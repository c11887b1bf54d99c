"""Schedules against torch.optim.lr_scheduler and optax: equal within 1e-12 of the base rate, step by step.

Step k has torch's rate after k - 1 calls of the scheduler's step(), and optax's at count k - 1.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from schedules_of_optax import OPTAX
from schedules_of_torch import STEPS, TORCH, Case

from fallline import schedules as s

pytestmark = pytest.mark.conformance
DRAWS = 10  # of random options
OPTAX_DRAWS = 3  # half a millisecond for each rate


@pytest.fixture
def draw() -> random.Random:
    seed = random.SystemRandom().randrange(2**32)
    print("seed", seed)
    return random.Random(seed)


def assert_equal(schedule: s.Schedule, found: list[float], base: float) -> None:
    for k, rate in enumerate(found, start=1):
        ours = schedule.rate(k, base)
        assert abs(ours - rate) <= 1e-12 * base, f"{schedule!r}, base {base}, step {k}: {ours!r}, not {rate!r}"


# ---- torch


def torch_rates(make: Callable[..., Any], base: float, count: int) -> list[float]:
    """The rates of the first steps; make(lr_scheduler, optimizer, base) gives the scheduler."""
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1, dtype=torch.float64)], lr=base)
    scheduler = make(torch.optim.lr_scheduler, optimizer, base)
    found = []
    for k in range(count):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if k < count - 1:
            scheduler.step()
    return found


@pytest.mark.parametrize("case", TORCH, ids=lambda case: case.__name__)
def test_equal_to_torch(case: Callable[[random.Random], Case], draw: random.Random) -> None:
    """With random options and base rates, the rate of every step is torch's."""
    for _ in range(DRAWS):
        schedule, make, count = case(draw)
        base = 10.0 ** draw.uniform(-4.0, 1.0)
        assert_equal(schedule, torch_rates(make, base, count), base)


def test_reduce_on_plateau_is_torch_s(draw: random.Random) -> None:
    """After each of a few hundred looks at a falling, noisy loss the rate is torch's with eps=0."""
    import torch

    for _ in range(DRAWS):
        base, least = 10.0 ** draw.uniform(-3.0, 0.0), draw.choice((0.0, draw.uniform(0.0, 0.1)))
        options: dict[str, Any] = {
            "factor": draw.uniform(0.1, 0.9), "patience": draw.randrange(6), "cooldown": draw.randrange(5),
            "threshold": draw.choice((0.0, 1e-4, 0.03)),
        }  # fmt: skip
        ours = s.ReduceOnPlateau(**options, min_rate=least)
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=base)
        peer = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options, min_lr=least * base, eps=0.0)
        for k in range(1, STEPS + 1):
            loss = 1.0 / k + draw.uniform(0.0, 0.1)
            ours.see(loss)
            peer.step(loss)
            assert abs(ours.rate(k, base) - optimizer.param_groups[0]["lr"]) <= 1e-12 * base


def test_where_torch_differs() -> None:
    """The docstrings' word on it: torch's cosine rises again after T_max, where ours stays."""
    found = torch_rates(lambda t, o, base: t.CosineAnnealingLR(o, 10), 1.0, 16)
    assert found[15] > 0.4 and s.Cosine(10).rate(16, 1.0) == s.Cosine(10).rate(11, 1.0)
    with pytest.raises(ZeroDivisionError):
        torch_rates(lambda t, o, base: t.OneCycleLR(o, 1.0, total_steps=2, pct_start=0.5, cycle_momentum=False), 1.0, 2)
    with pytest.raises(ValueError, match="Tried to step"):
        torch_rates(lambda t, o, base: t.OneCycleLR(o, 1.0, total_steps=5, cycle_momentum=False), 1.0, 9)


# ---- optax


@pytest.mark.parametrize("case", OPTAX, ids=lambda case: case.__name__)
def test_equal_to_optax(case: Callable[[random.Random], Case], draw: random.Random) -> None:
    """With random options and base rates, the rate of every step is optax's, in float64.

    Its counts are handed over one by one: compiled for an array of them, XLA divides by multiplying with a rounded
    inverse, and 49 / 49 is then below 1.
    """
    import jax
    import optax

    with jax.enable_x64(True):
        for _ in range(OPTAX_DRAWS):
            schedule, make, count = case(draw)
            base = 10.0 ** draw.uniform(-4.0, 1.0)
            peer = make(optax, base)
            assert_equal(schedule, [float(peer(k)) for k in range(count)], base)
