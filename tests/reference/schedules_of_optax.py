"""Our schedules and those of optax that give the same rates.

A case draws options at random and returns our schedule, what makes its peer, and how many steps both define.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from fallline import schedules as s

Case = tuple[s.Schedule, Callable[..., Any], int]
STEPS = 300


def optax_step(d: random.Random) -> Case:
    every, gamma = d.randrange(1, 90), d.uniform(0.1, 1.0)
    return s.StepDecay(every, gamma), lambda o, base: o.exponential_decay(base, every, gamma, staircase=True), STEPS


def optax_milestones(d: random.Random) -> Case:
    milestones, gamma = sorted(d.sample(range(1, STEPS), d.randrange(1, 6))), d.uniform(0.1, 1.0)
    scales = dict.fromkeys(milestones, gamma)
    return s.Milestones(milestones, gamma), lambda o, base: o.piecewise_constant_schedule(base, scales), STEPS


def optax_exponential(d: random.Random) -> Case:
    gamma, every, end, stairs = d.uniform(0.01, 1.0), d.randrange(1, 99), d.uniform(0.0, 0.3), d.random() < 0.5

    def make(o: Any, base: float) -> Any:
        return o.exponential_decay(base, every, gamma, staircase=stairs, end_value=end * base)

    return s.Exponential(gamma, every, stairs, end), make, STEPS


def optax_exponential_later(d: random.Random) -> Case:
    begin, every = d.randrange(1, 99), d.randrange(1, 99)
    ours = s.Sequence([s.Constant(), s.Exponential(0.5, every)], [begin])
    return ours, lambda o, base: o.exponential_decay(base, every, 0.5, transition_begin=begin), STEPS


def optax_polynomial(d: random.Random) -> Case:
    steps, power, end = d.randrange(1, STEPS), d.uniform(0.2, 4.0), d.random()
    return s.Polynomial(steps, power, end), lambda o, base: o.polynomial_schedule(base, end * base, power, steps), STEPS


def optax_cosine(d: random.Random) -> Case:
    steps, end = d.randrange(1, STEPS), d.random()
    return s.Cosine(steps, end), lambda o, base: o.cosine_decay_schedule(base, steps, end), STEPS


def optax_cosine_restarts(d: random.Random) -> Case:
    first, mult, end = d.randrange(40, 90), d.randrange(1, 4), d.random()

    def make(o: Any, base: float) -> Any:
        common = {"init_value": base, "peak_value": base, "warmup_steps": 0, "end_value": end * base}
        return o.sgdr_schedule(
            [{**common, "decay_steps": first * mult**i} for i in range(STEPS if mult == 1 else 6)][:60]
        )

    return s.CosineRestarts(first, mult, end), make, STEPS


def optax_linear_warmup(d: random.Random) -> Case:
    steps, start = d.randrange(1, STEPS), d.random()
    return s.LinearWarmup(steps, start), lambda o, base: o.linear_schedule(start * base, base, steps), STEPS


def optax_one_cycle(d: random.Random) -> Case:
    steps, share = d.randrange(20, STEPS), d.uniform(0.1, 0.9)
    div, final = d.uniform(1.0, 50.0), d.uniform(1.0, 1e5)
    ours = s.OneCycle(steps + 1, (int(share * steps) + 1) / (steps + 1), div_factor=div, final_div_factor=final)
    return ours, lambda o, base: o.cosine_onecycle_schedule(steps, base, share, div, final), STEPS


def optax_one_cycle_of_lines(d: random.Random) -> Case:
    top = d.randrange(5, 60)
    steps = 2 * top + d.randrange(5, 60)
    div, final = d.uniform(1.0, 50.0), d.uniform(1.0, 1e5)
    ours = s.OneCycle(steps + 1, (top + 1) / (steps + 1), "linear", div, final, three_phase=True)

    def make(o: Any, base: float) -> Any:
        return o.linear_onecycle_schedule(steps, base, (top + 0.5) / steps, (2 * top + 0.5) / steps, div, final)

    return ours, make, STEPS


def optax_warmup_stable_decay(d: random.Random) -> Case:
    warmup, decay, start, end = d.randrange(1, 60), d.randrange(1, 90), d.random(), d.random()
    steps, shape = warmup + decay + d.randrange(90), d.choice(("linear", "cosine"))

    def make(o: Any, base: float) -> Any:
        fall = (
            o.linear_schedule(base, end * base, decay)
            if shape == "linear"
            else o.cosine_decay_schedule(base, decay, end)
        )
        parts = [o.linear_schedule(start * base, base, warmup), o.constant_schedule(base), fall]
        return o.join_schedules(parts, [warmup, steps - decay])

    return s.WarmupStableDecay(steps, warmup, decay, start, end, shape), make, STEPS


def optax_warmup_cosine(d: random.Random) -> Case:
    warmup, steps, start, end = d.randrange(1, 99), d.randrange(100, STEPS), d.random(), d.random()

    def make(o: Any, base: float) -> Any:
        return o.warmup_cosine_decay_schedule(start * base, base, warmup, steps, end * base)

    ours = s.Sequence([s.LinearWarmup(warmup, start), s.Cosine(end=end)], [warmup]).settled(steps)
    return ours, make, STEPS


OPTAX = [
    optax_step, optax_milestones, optax_exponential, optax_exponential_later, optax_polynomial, optax_cosine,
    optax_cosine_restarts, optax_linear_warmup, optax_one_cycle, optax_one_cycle_of_lines, optax_warmup_stable_decay,
    optax_warmup_cosine,
]  # fmt: skip
