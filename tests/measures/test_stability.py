"""Each rule is run 1 % below and 1 % above its stable limit, on quadratics, with its preconditioner held as it is."""

from __future__ import annotations

import numpy as np
import pytest

from fallline.rules import RULES, AdamW, GradientDescent, NAdam, Nesterov, RMSProp, Rule, rule_named

PLAIN = [
    *(rule_named(name) for name in ("sgd", "momentum", "nesterov", "asgd")),
    GradientDescent(momentum=0.5),
    GradientDescent(momentum=0.8, rate_in_velocity=True),
    GradientDescent(momentum=0.9, dampening=0.9),
    GradientDescent(momentum=0.9, dampening=0.3),
    Nesterov(momentum=0.5),
    Nesterov(base_point=True),
]
ADAPTIVE = [
    *(
        RULES[name]()
        for name in RULES
        if RULES[name].adaptive and RULES[name]().scale is not None and name not in ("nadam", "adamw")
    ),
    AdamW(weight_decay=0.0),
    NAdam(momentum_schedule=False),
    NAdam(momentum_decay=0.0),
    RMSProp(momentum=0.7),
    RMSProp(centred=True),
]
AVERAGES = frozenset({"m", "b", "mean"})  # what moves freely while the preconditioner is frozen
STEPS = 3000


def distances(rule: Rule, hessian: np.ndarray, frozen: np.ndarray, rate: float, k: int) -> tuple[float, list[float]]:
    """|theta| after many steps from |theta| = 1e-7, and the scales at rate 1; numbers are those of step k throughout.

    Gradients are so small beside the frozen state that they do not move it.
    """
    carry = rule.start_carry()
    for step in range(1, k + 1):
        numbers, carry = rule.numbers(step, rate, carry)
    arguments, keep = rule.split(numbers)
    theta = np.full(len(hessian), 1e-7 / np.sqrt(len(hessian)))
    states = [list(rule.first_state(0.0)) for _ in theta]
    moving = [name in AVERAGES or not rule.adaptive for name in rule.state]
    for _ in range(STEPS):
        for j, state in enumerate(states):
            states[j] = [value if free else frozen[j] for value, free in zip(state, moving)]
        point = theta
        if rule.point is not None:
            point = np.array([rule.point(t, *state, *arguments) for t, state in zip(theta, states)])
        gradient = (hessian @ point).tolist()
        sums = rule.term_sums(gradient, theta.tolist(), states)
        updates = [rule.update(g, t, state, arguments + sums) for g, t, state in zip(gradient, theta.tolist(), states)]
        theta = theta * keep - np.array([update[0] for update in updates])
        states = [list(update[1:]) for update in updates]
        size = float(np.sqrt(theta @ theta))
        if not 1e-12 < size < 1e-5:
            break
    if rule.name == "adadelta":  # its step is made with d as it was before
        states = [[v, frozen[j]] for j, (v, _) in enumerate(states)]
    return size, [rule.scale_at_rate_1(state, numbers) if rule.scale else 1.0 for state in states]


def check(rule: Rule, rng: np.random.Generator, k: int) -> None:
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    hessian = (rotation * [5.0, 2.0, 0.7]) @ rotation.T
    frozen = rng.uniform(1.0, 3.0, 3) if "squares" not in rule.state else np.full(3, 2.0)
    _, scales = distances(rule, hessian, frozen, 1e-3, k)
    limit = rule.stability / np.linalg.eigvals(np.array(scales)[:, None] * hessian).real.max()
    assert distances(rule, hessian, frozen, 0.99 * limit, k)[0] < 1e-8
    assert distances(rule, hessian, frozen, 1.01 * limit, k)[0] > 1e-6


@pytest.mark.parametrize("rule", PLAIN, ids=repr)
def test_plain_rules(rule: Rule, rng: np.random.Generator) -> None:
    """2 / lambda, (2 + 2 beta) / lambda, (2 + 2 beta) / ((1 + 2 beta) lambda): stable 1 % below, unstable 1 % above."""
    check(rule, rng, 2)


@pytest.mark.parametrize("rule", ADAPTIVE, ids=repr)
def test_adaptive_rules(rule: Rule, rng: np.random.Generator) -> None:
    """lambda_max(P^-1 H) < stability / rate with P as it stands: stable 1 % below, unstable 1 % above."""
    check(rule, rng, 30_000)


@pytest.mark.parametrize(
    ("name", "limit"),
    [("sgd", 2.0), ("momentum", 3.8), ("nesterov", 3.8 / 2.8), ("adam", 38.0), ("adamw", 38.0)],
)
def test_the_formulas(name: str, limit: float) -> None:
    """The limits in lambda * rate are those of the literature, at beta = 0.9."""
    rule = rule_named(name)
    scale = 1.0 / (1.0 - 0.9) if name in ("momentum", "nesterov") else 1.0
    assert rule.stability / scale == pytest.approx(limit, rel=1e-12)


def test_schedule_free_is_stable_at_least_where_plain_descent_is(rng: np.random.Generator) -> None:
    """Its limit is that of its first steps; later, as the average slows down, it bears more."""
    rule = rule_named("schedule_free_sgd")
    theta, d, carry = 1.0, 0.0, rule.start_carry()
    for k in range(1, 200):
        numbers, carry = rule.numbers(k, 0.99 * rule.stability, carry)
        step, d = rule.update(rule.point(theta, d, *numbers), theta, (d,), numbers)  # type: ignore[misc]
        theta -= step
    assert abs(theta) < 0.1
