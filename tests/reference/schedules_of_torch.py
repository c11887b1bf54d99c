"""Our schedules and those of torch.optim.lr_scheduler that give the same rates.

A case draws options at random and returns our schedule, what makes its peer, and how many steps both define.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from fallline import schedules as s

Case = tuple[s.Schedule, Callable[..., Any], int]
STEPS = 300


def torch_step(d: random.Random) -> Case:
    every, gamma = d.randrange(1, 90), d.uniform(0.1, 1.0)
    return s.StepDecay(every, gamma), lambda t, o, base: t.StepLR(o, every, gamma), STEPS


def torch_milestones(d: random.Random) -> Case:
    milestones, gamma = sorted(d.sample(range(1, STEPS), d.randrange(1, 6))), d.uniform(0.1, 1.0)
    return s.Milestones(milestones, gamma), lambda t, o, base: t.MultiStepLR(o, milestones, gamma), STEPS


def torch_exponential(d: random.Random) -> Case:
    gamma = d.uniform(0.9, 1.0)
    return s.Exponential(gamma, every=1), lambda t, o, base: t.ExponentialLR(o, gamma), STEPS


def torch_inverse_time(d: random.Random) -> Case:
    decay, every, stairs = d.uniform(0.0, 3.0), d.randrange(1, 50), d.random() < 0.5

    def factor(t: int) -> float:
        return 1.0 / (1.0 + decay * (t // every if stairs else t / every))

    return s.InverseTime(decay, every, stairs), lambda t, o, base: t.LambdaLR(o, factor), STEPS


def torch_invscaling(d: random.Random) -> Case:
    power = d.uniform(0.0, 2.0)
    return s.InvScaling(power), lambda t, o, base: t.LambdaLR(o, lambda t: (t + 1) ** -power), STEPS


def torch_optimal(d: random.Random) -> Case:
    alpha = d.uniform(1e-4, 1.0)
    return (
        s.Optimal(alpha),
        lambda t, o, base: t.LambdaLR(o, lambda t: 1.0 / (alpha * (1.0 / (alpha * base) + t)) / base),
        STEPS,
    )


def torch_polynomial(d: random.Random) -> Case:
    steps, power = d.randrange(1, STEPS), d.uniform(0.2, 4.0)
    return s.Polynomial(steps, power), lambda t, o, base: t.PolynomialLR(o, steps, power), STEPS


def torch_cosine(d: random.Random) -> Case:
    steps, end = d.randrange(1, STEPS), d.random()
    return s.Cosine(steps, end), lambda t, o, base: t.CosineAnnealingLR(o, steps, end * base), steps + 1


def torch_cosine_restarts(d: random.Random) -> Case:
    first, mult, end = d.randrange(1, 60), d.randrange(1, 4), d.random()
    ours = s.CosineRestarts(first, mult, end)
    return ours, lambda t, o, base: t.CosineAnnealingWarmRestarts(o, first, mult, end * base), STEPS


def torch_linear_warmup(d: random.Random) -> Case:
    steps, start = d.randrange(1, STEPS), d.uniform(0.001, 1.0)
    return s.LinearWarmup(steps, start), lambda t, o, base: t.LinearLR(o, start, 1.0, steps), STEPS


def torch_one_cycle(d: random.Random) -> Case:
    steps, three = d.randrange(20, STEPS), d.random() < 0.5
    options = {
        "pct_start": d.uniform(0.06, 0.49 if three else 0.9), "anneal_strategy": d.choice(("cos", "linear")),
        "div_factor": d.uniform(1.0, 50.0), "final_div_factor": d.uniform(1.0, 1e5), "three_phase": three,
    }  # fmt: skip

    def make(t: Any, o: Any, base: float) -> Any:
        return t.OneCycleLR(o, max_lr=base, total_steps=steps, cycle_momentum=False, **options)

    return s.OneCycle(steps, **options), make, steps  # type: ignore[arg-type]


def torch_cyclic(d: random.Random) -> Case:
    low, up, down = d.random(), d.randrange(1, 60), d.choice((None, d.randrange(1, 60)))
    options = {"mode": d.choice(("triangular", "triangular2", "exp_range")), "gamma": d.uniform(0.95, 1.0)}

    def make(t: Any, o: Any, base: float) -> Any:
        return t.CyclicLR(o, low * base, base, up, down, cycle_momentum=False, **options)

    return s.Cyclic(low, up, down, **options).settled(STEPS), make, STEPS  # type: ignore[arg-type]


def torch_warmup_stable_decay(d: random.Random) -> Case:
    warmup, decay, start, end = d.randrange(1, 60), d.randrange(1, 90), d.uniform(0.01, 1.0), d.random()
    steps = warmup + decay + d.randrange(1, 90)

    def make(t: Any, o: Any, base: float) -> Any:
        parts = [t.LinearLR(o, start, 1.0, warmup), t.ConstantLR(o, 1.0, 1), t.LinearLR(o, 1.0, end, decay)]
        return t.SequentialLR(o, parts, [warmup, steps - decay])

    return s.WarmupStableDecay(steps, warmup, decay, start, end), make, STEPS


def torch_sequence(d: random.Random) -> Case:
    one, two, every, n = d.randrange(1, 80), d.randrange(81, 160), d.randrange(1, 40), d.randrange(1, 80)

    def make(t: Any, o: Any, base: float) -> Any:
        parts = [t.LinearLR(o, 0.1, 1.0, one), t.StepLR(o, every, 0.5), t.CosineAnnealingWarmRestarts(o, n)]
        return t.SequentialLR(o, parts, [one, two])

    ours = s.Sequence([s.LinearWarmup(one, 0.1), s.StepDecay(every, 0.5), s.CosineRestarts(n, 1)], [one, two])
    return ours, make, STEPS


def torch_constant(d: random.Random) -> Case:
    return s.Constant(), lambda t, o, base: t.ConstantLR(o, 1.0), STEPS


TORCH = [
    torch_constant, torch_step, torch_milestones, torch_exponential, torch_inverse_time, torch_invscaling,
    torch_optimal, torch_polynomial, torch_cosine, torch_cosine_restarts, torch_linear_warmup, torch_one_cycle,
    torch_cyclic, torch_warmup_stable_decay, torch_sequence,
]  # fmt: skip
