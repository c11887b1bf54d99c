"""The schedules that tests go over: each of the list as its name gives it, and more with other options."""

from __future__ import annotations

from fallline import schedules as s

# One entry for each name at least; a test keeps it so.
EXAMPLES: list[s.Schedule] = [
    s.Constant(),
    s.StepDecay(),
    s.StepDecay(every=7, gamma=0.3),
    s.Milestones(),
    s.Milestones([3, 10, 11], gamma=0.5),
    s.Exponential(),
    s.Exponential(gamma=0.9, every=3, staircase=True, end=0.05),
    s.InverseTime(),
    s.InverseTime(decay=0.5, every=4, staircase=True),
    s.InvScaling(),
    s.InvScaling(power_t=0.5),
    s.Optimal(),
    s.Optimal(alpha=0.5, t0=50.0),
    s.Polynomial(),
    s.Polynomial(steps=20, power=2.5, end=0.1),
    s.Cosine(),
    s.Cosine(steps=25, end=0.2),
    s.CosineRestarts(),
    s.CosineRestarts(first=5, t_mult=1, end=0.01),
    s.CosineRestarts(first=3, t_mult=3),
    s.LinearWarmup(),
    s.LinearWarmup(steps=9, start=0.5),
    s.OneCycle(),
    s.OneCycle(steps=30, anneal_strategy="linear", three_phase=True),
    s.Cyclic(),
    s.Cyclic(low=0.2, step_size_up=3, step_size_down=5, mode="triangular2"),
    s.Cyclic(low=0.0, step_size_up=4, mode="exp_range", gamma=0.95),
    s.WarmupStableDecay(),
    s.WarmupStableDecay(steps=40, warmup=0, decay=15, end=0.1, shape="sqrt"),
    s.WarmupStableDecay(warmup=5, shape="cosine"),
    s.Sequence([s.LinearWarmup(), s.Cosine()]),
    s.Sequence([s.LinearWarmup(6), s.Constant(), s.Sequence([s.StepDecay(), s.Polynomial()], [4])], [6, 20]),
    s.ReduceOnPlateau(),
    s.ReduceOnPlateau(factor=0.5, patience=0, threshold=0.01, cooldown=2, min_rate=0.01),
    s.Plateau(),
    s.Plateau(factor=0.5, warmup=5, start=0.01),
]
FUNCTIONS = [schedule for schedule in EXAMPLES if not schedule.watches]


def rates(schedule: s.Schedule, count: int, base: float = 1.0) -> list[float]:
    return [schedule.rate(k, base) for k in range(1, count + 1)]
