"""Optimizers of torch and optax beside Fallline's rules, on the same gradients, in float64.

Cases stand in lists named CASES in `cases_*.py`; `test_conformance.py` runs them all. A case is a `Case`:

    Case(
        "rmsprop",                                   # a name in RULES
        "torch.optim.RMSprop",                       # module and name; imported when the test runs, never before
        lambda draw: {                               # Fallline's options, drawn with a random.Random, rate included
            "learning_rate": log_uniform(draw, 1e-3, 1e-1), "decay": draw.uniform(0.5, 0.999), "epsilon": 1e-8,
        },
        lambda o: {"lr": o["learning_rate"], "alpha": o["decay"], "eps": o["epsilon"]},     # the peer's keywords
    )

and has besides, by keyword: `note` (a word for its id, where a pair has several cases); `changing=True` where the
learning rate also changes from step to step (torch: lr of the group; optax: `learning_rate` is replaced by a schedule);
`of="point"` (where the next gradient is taken, by this step's numbers) or `of="answer"` where another vector than our
theta is compared; `read(optimizer, parameter)` (torch) or `read(state, parameters)` (optax) where it is not the peer's
parameters; `problems`, if not all of PROBLEMS; `differs`, a sentence for docs/conformance.md, where no options make
the two equal: the test then demands that their paths part.
"""

from __future__ import annotations

import importlib
import math
import os
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from fallline.rules import Rule

Vector = list[float]
Gradient = Callable[[int, Vector], Vector]  # of step k (from 1) at a point
Options = dict[str, Any]


class Problem(NamedTuple):
    """Where a path starts, and the gradient in step k at a point."""

    start: Vector
    gradient: Gradient


def quadratic(draw: random.Random) -> Problem:
    """Curvatures from 0.01 to 100 (condition number 1e4) along the axes of a reflection, so that all are coupled."""
    curvatures, normal = (100.0, 3.0, 0.2, 0.01), (0.1, 0.5, -0.7, 0.5)  # of length 1

    def reflected(x: Vector) -> Vector:
        twice = 2.0 * sum(n * value for n, value in zip(normal, x, strict=True))
        return [value - twice * n for n, value in zip(normal, x, strict=True)]

    def gradient(k: int, theta: Vector) -> Vector:
        return reflected([h * value for h, value in zip(curvatures, reflected(theta), strict=True)])

    return Problem([draw.uniform(0.5, 3.0) * draw.choice((-1.0, 1.0)) for _ in range(4)], gradient)


def rosenbrock(draw: random.Random) -> Problem:
    """(1 - x)² + 100 (y - x²)², from the far side of its valley."""

    def gradient(k: int, theta: Vector) -> Vector:
        x, y = theta
        return [-2.0 * (1.0 - x) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)]

    return Problem([draw.uniform(-1.3, -1.1), draw.uniform(0.9, 1.1)], gradient)


def sequence(draw: random.Random) -> Problem:
    """Gradients that do not depend on theta: the first all zero, exact zeros among the rest, scales 1e-3 to 1e3."""
    scales = (1e-3, 1.0, 30.0, 1e3)
    drawn = [[scale * draw.gauss(0.3, 1.0) * draw.choice((0.0, 1.0, 1.0)) for scale in scales] for _ in range(STEPS)]
    drawn[0] = [0.0] * len(scales)
    return Problem([draw.uniform(-2.0, 2.0) for _ in scales], lambda k, theta: drawn[k - 1])


PROBLEMS = {"quadratic": quadratic, "rosenbrock": rosenbrock, "sequence": sequence}
STEPS = 150


class Case(NamedTuple):
    """A rule and its peer; see the head of this file."""

    rule: str
    peer: str
    options: Callable[[random.Random], Options]
    arguments: Callable[[Options], dict[str, Any]]
    note: str = ""
    changing: bool = False
    of: str = "theta"
    read: Callable[[Any, Any], Any] | None = None
    problems: tuple[str, ...] = tuple(PROBLEMS)
    differs: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.rule, self.peer, self.note)))


def fresh_seed() -> int:
    """A new seed for every test, printed where the test fails; FALLLINE_LAW_SEED repeats one."""
    seed = int(os.environ.get("FALLLINE_LAW_SEED") or int.from_bytes(os.urandom(4), "little"))
    print(f"FALLLINE_LAW_SEED={seed}")
    return seed


def log_uniform(draw: random.Random, low: float, high: float) -> float:
    return math.exp(draw.uniform(math.log(low), math.log(high)))


def rule_path(rule: Rule, problem: Problem, rates: Sequence[float], of: str = "theta") -> list[Vector]:
    """Theta after each step by the rule's own functions, or the point or answer that belongs to it."""
    theta = list(problem.start)
    states = [rule.first_state(value) for value in theta]
    carry, path = rule.start_carry(), []
    for k, rate in enumerate(rates, start=1):
        numbers, carry = rule.numbers(k, rate, carry)
        arguments, keep = rule.split(numbers)
        point = theta
        if rule.point is not None:
            point = [rule.point(value, *state, *arguments) for value, state in zip(theta, states, strict=True)]
        gradient = problem.gradient(k, point)
        arguments += rule.term_sums(gradient, theta, states)
        updates = [rule.update(g, t, s, arguments) for g, t, s in zip(gradient, theta, states, strict=True)]
        theta = [value * keep - update[0] for value, update in zip(theta, updates, strict=True)]
        states = [tuple(update[1:]) for update in updates]
        shown = list(theta)
        if of == "answer":
            assert rule.answer is not None
            shown = [rule.answer(value, *state) for value, state in zip(theta, states, strict=True)]
        elif of == "point":
            assert rule.point is not None
            own, _ = rule.split(numbers)
            shown = [rule.point(value, *state, *own) for value, state in zip(theta, states, strict=True)]
        path.append(shown)
    return path


def peer_path(case: Case, options: Options, problem: Problem, rates: Sequence[float]) -> list[Vector]:
    """What the case's peer makes of the same start, gradients and learning rates."""
    module, _, name = case.peer.rpartition(".")
    run = torch_path if module.startswith("torch") else optax_path
    return run(getattr(importlib.import_module(module), name), case, options, problem, rates)


def torch_path(make: Any, case: Case, options: Options, problem: Problem, rates: Sequence[float]) -> list[Vector]:
    import torch

    torch.set_default_dtype(torch.float64)  # ASGD keeps its rate, others their count of steps, in this type
    parameter = torch.tensor(problem.start, dtype=torch.float64, requires_grad=True)
    optimizer = make([parameter], **case.arguments(options))
    path = []
    for k, rate in enumerate(rates, start=1):
        if case.changing:
            optimizer.param_groups[0]["lr"] = rate
        gradient = problem.gradient(k, parameter.detach().tolist())
        parameter.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        found = parameter if case.read is None else case.read(optimizer, parameter)
        path.append(found.detach().tolist())
    return path


def optax_path(make: Any, case: Case, options: Options, problem: Problem, rates: Sequence[float]) -> list[Vector]:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    arguments = case.arguments(options)
    if case.changing:
        table = jnp.array(rates, dtype=jnp.float64)
        arguments["learning_rate"] = lambda count: table[count]
    optimizer = make(**arguments)

    @jax.jit
    def step(gradient: Any, state: Any, parameters: Any) -> Any:
        updates, state = optimizer.update(gradient, state, parameters)
        return parameters + updates, state

    parameters = jnp.array(problem.start, dtype=jnp.float64)
    state, path = optimizer.init(parameters), []
    for k in range(1, len(rates) + 1):
        gradient = problem.gradient(k, [float(value) for value in parameters])
        parameters, state = step(jnp.array(gradient, dtype=jnp.float64), state, parameters)
        found = parameters if case.read is None else case.read(state, parameters)
        path.append([float(value) for value in found])
    return path
