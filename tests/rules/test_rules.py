"""Every rule of the list: hyper-parameters, conventions, presets, the same bytes in both runtimes, scale, stability."""

from __future__ import annotations

import itertools
import math
import os
import random
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from fallline.allowed import Interval, Switch
from fallline.compiled.runtime import Arrays, CompiledRuntime
from fallline.errors import SpecificationError
from fallline.losses import LOSSES
from fallline.plain.descent import PlainRuntime
from fallline.plain.divergence import Guard
from fallline.plain.gradient import batch_gradient
from fallline.plain.problem import Problem
from fallline.rules import ASGD, RULES, GradientDescent, Momentum, Nesterov, RMSProp, Rprop, Rule, rule_named
from fallline.rules.rule import CONVENTIONS

every_rule = pytest.mark.parametrize("kind", RULES.values(), ids=list(RULES))


def variants(kind: type[Rule]) -> list[Rule]:
    """The rule with every possible combination of its switches and of the hyper-parameters that are 0 by default."""
    choices: dict[str, tuple[Any, ...]] = {}
    for option, allowed in kind.ranges.items():
        if isinstance(allowed, Switch):
            choices[option] = (False, True)
        elif allowed.read(0.0) is not None and option in ("momentum", *_zeros(kind)):
            choices[option] = (0.0, 0.5)
    found = []
    for values in itertools.product(*choices.values()):
        try:
            found.append(kind(0.01, **dict(zip(choices, values, strict=True))))
        except SpecificationError:
            continue
    return found


def _zeros(kind: type[Rule]) -> list[str]:
    return [option for option, default in kind.defaults.items() if default == 0.0 and default is not False]


def form_of(rule: Rule) -> tuple[Any, ...]:
    return rule.step, rule.point, rule.answer, rule.scale, rule.decays


VARIANTS = [rule for kind in RULES.values() for rule in variants(kind)]
FORMS = list({form_of(rule): rule for rule in reversed(VARIANTS)}.values())[::-1]  # the first variant of each
every_variant = pytest.mark.parametrize("rule", VARIANTS, ids=repr)
every_form = pytest.mark.parametrize("rule", FORMS, ids=repr)


def seeded() -> random.Random:
    """Fresh random numbers; FALLLINE_LAW_SEED repeats those of a failure."""
    seed = int(os.environ.get("FALLLINE_LAW_SEED") or int.from_bytes(os.urandom(4), "little"))
    print(f"FALLLINE_LAW_SEED={seed}")
    return random.Random(seed)


def bits(values: Sequence[float]) -> bytes:
    return b"".join(struct.pack("<d", value) for value in values)


# ---- hyper-parameters


@every_rule
def test_an_unknown_hyperparameter_is_refused(kind: type[Rule]):
    """The error names the option and those that there are."""
    with pytest.raises(SpecificationError, match="no hyper-parameter 'wobble'") as caught:
        kind(0.1, wobble=1.0)
    assert all(option in str(caught.value) for option in kind.ranges)


@every_rule
def test_a_hyperparameter_out_of_range_is_refused_with_its_range(kind: type[Rule]):
    """For each of them: NaN, words, the wrong kind of value, and numbers beyond either end."""
    for option, allowed in kind.ranges.items():
        wrong: list[Any] = [math.nan, math.inf, "much", 1.0 if isinstance(allowed, Switch) else True]
        if isinstance(allowed, Interval):
            wrong += [math.nextafter(allowed.low, -math.inf), *([allowed.high + 1.0] if allowed.high < 1e300 else [])]
            wrong += [] if allowed.low_included else [allowed.low]
            wrong += [] if allowed.high_included else [allowed.high]
        for value in wrong:
            with pytest.raises(SpecificationError) as caught:
                kind(**{option: value})
            assert option in str(caught.value) and str(allowed) in str(caught.value), (option, value)


@every_rule
def test_defaults_and_conventions_are_possible(kind: type[Rule]):
    """Each names options of the rule with values in their ranges; an unknown convention's error lists the known."""
    kind()
    for convention, options in kind.conventions.items():
        assert convention in CONVENTIONS
        rule = kind(convention=convention)
        assert {option: rule.hyperparameters[option] for option in options} == options
    with pytest.raises(SpecificationError) as caught:
        kind(convention="abacus")
    assert all(name in str(caught.value) for name in kind.conventions)


# Of CONVENTIONS, section 3; None: required there.
TABLE: list[tuple[str, str, dict[str, Any]]] = [
    ("sgd", "torch", {"learning_rate": 1e-3, "momentum": 0.0, "nesterov": False, "rate_in_velocity": False}),
    ("sgd", "keras", {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False, "rate_in_velocity": True}),
    ("sgd", "optax", {"learning_rate": None, "momentum": 0.0, "nesterov": False, "rate_in_velocity": False}),
    ("sgd", "sklearn", {"learning_rate": 1e-3, "momentum": 0.9, "nesterov": True, "rate_in_velocity": True}),
    ("adam", "torch", {"learning_rate": 1e-3, "epsilon": 1e-8}),
    ("adam", "keras", {"learning_rate": 1e-3, "epsilon": 1e-7}),
    ("adam", "optax", {"learning_rate": None, "epsilon": 1e-8}),
    ("adam", "sklearn", {"learning_rate": 1e-3, "epsilon": 1e-8}),
    ("rmsprop", "torch", {"learning_rate": 0.01, "decay": 0.99, "epsilon": 1e-8, "epsilon_inside": False}),
    ("rmsprop", "keras", {"learning_rate": 1e-3, "decay": 0.9, "epsilon": 1e-7, "epsilon_inside": True}),
    ("rmsprop", "optax", {"learning_rate": None, "decay": 0.9, "epsilon": 1e-8, "epsilon_inside": True}),
    ("adamw", "torch", {"weight_decay": 1e-2}),
    ("adamw", "keras", {"weight_decay": 4e-3}),
    ("adamw", "optax", {"weight_decay": 1e-4}),
    ("adagrad", "torch", {"learning_rate": 0.01, "start": 0.0, "epsilon": 1e-10, "epsilon_inside": False}),
    ("adagrad", "keras", {"learning_rate": 1e-3, "start": 0.1, "epsilon": 1e-7, "epsilon_inside": True}),
    ("adagrad", "optax", {"learning_rate": None, "start": 0.1, "epsilon": 1e-7, "epsilon_inside": True}),
    ("adadelta", "torch", {"learning_rate": 1.0, "decay": 0.9, "epsilon": 1e-6}),
    ("adadelta", "keras", {"learning_rate": 1e-3, "decay": 0.95, "epsilon": 1e-7}),
    ("adadelta", "optax", {"decay": 0.9, "epsilon": 1e-6}),
    ("adamax", "torch", {"learning_rate": 2e-3}),
    ("adamax", "keras", {"learning_rate": 1e-3}),
    ("nadam", "torch", {"learning_rate": 2e-3}),
    ("nadam", "keras", {"learning_rate": 1e-3}),
]


@pytest.mark.parametrize(("name", "convention", "expected"), TABLE, ids=[f"{row[0]} {row[1]}" for row in TABLE])
def test_conventions_are_those_of_the_table(name: str, convention: str, expected: dict[str, Any]):
    """A convention sets the framework's own default numbers and form; what is given wins over it."""
    rule = rule_named(name, convention=convention)  # type: ignore[arg-type]
    assert {option: rule.hyperparameters[option] for option in expected} == expected
    option = next(iter(expected))
    given = rule_named(name, convention=convention, **{option: 0.125})  # type: ignore[arg-type]
    assert given.hyperparameters[option] == 0.125


@every_variant
def test_a_rule_is_read_back_from_its_dictionary(rule: Rule):
    """to_dict() gives every hyper-parameter, of which rule_named makes an equal rule with the same functions."""
    options = rule.to_dict()
    again = rule_named(str(options.pop("name")), **options)  # type: ignore[arg-type]
    assert again == rule and hash(again) == hash(rule)
    assert form_of(again) == form_of(rule)
    assert again.formula == rule.formula
    assert rule.with_rate(0.5).hyperparameters == {**rule.hyperparameters, "learning_rate": 0.5}


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        (GradientDescent, {"nesterov": True}, ("nesterov=True", "momentum")),
        (GradientDescent, {"dampening": 0.5}, ("dampening=0.5", "momentum")),
        (GradientDescent, {"momentum": 0.9, "nesterov": True, "dampening": 0.5}, ("dampening=0.5", "nesterov")),
        (Momentum, {"rate_in_velocity": True, "dampening": 0.5}, ("dampening=0.5", "rate_in_velocity")),
        (Momentum, {"base_point": True}, ("base_point=True", "nesterov")),
        (Rprop, {"shortest": 1.0, "longest": 0.5}, ("shortest=1", "longest=0.5")),
    ],
)
def test_options_that_make_no_sense_together_are_refused(kind: Any, options: dict[str, Any], words: Sequence[str]):
    """The error names both."""
    with pytest.raises(SpecificationError) as caught:
        kind(0.1, **options)
    assert all(word in str(caught.value) for word in words)


# ---- presets and forms


def path_of(rule: Rule, rates: Sequence[float], gradients: Sequence[float], start: float = 0.5) -> list[float]:
    """One parameter's path under these gradients and learning rates."""
    theta, state, carry, path = start, rule.first_state(start), rule.start_carry(), []
    for k, (rate, g) in enumerate(zip(rates, gradients, strict=True), start=1):
        numbers, carry = rule.numbers(k, rate, carry)
        arguments, keep = rule.split(numbers)
        arguments += rule.term_sums([g], [theta], [state])
        step, *after = rule.update(g, theta, state, arguments)
        theta, state = theta * keep - step, tuple(after)
        path.append(theta)
    return path


def drawn(count: int = 40) -> tuple[list[float], list[float]]:
    draw = seeded()
    return [draw.uniform(0.01, 0.1) for _ in range(count)], [draw.gauss(0.0, 1.0) for _ in range(count)]


@pytest.mark.parametrize(
    ("preset", "rule"),
    [
        (Momentum(0.1), GradientDescent(0.1, momentum=0.9)),
        (Nesterov(0.1), GradientDescent(0.1, momentum=0.9, nesterov=True)),
        (Nesterov(0.1, convention="sklearn"), GradientDescent(0.1, convention="sklearn")),
        (
            Nesterov(0.1, rate_in_velocity=True, base_point=True),
            GradientDescent(0.1, momentum=0.9, nesterov=True, rate_in_velocity=True, base_point=True),
        ),
    ],
    ids=repr,
)
def test_a_preset_is_the_rule_with_its_options(preset: Rule, rule: Rule):
    """The same functions, formula, stability, and path to the last bit."""
    rates, gradients = drawn()
    assert form_of(preset) == form_of(rule)
    assert (preset.formula, preset.stability) == (rule.formula, rule.stability)
    assert bits(path_of(preset, rates, gradients)) == bits(path_of(rule, rates, gradients))


def keras_sgd(rates: list[float], gradients: list[float], nesterov: bool) -> list[float]:
    """m = mu m - lr g; theta += m, or with Nesterov theta += mu m - lr g; as keras and scikit-learn have it."""
    theta, m, path = 0.5, 0.0, []
    for rate, g in zip(rates, gradients, strict=True):
        m = 0.9 * m - rate * g
        theta += 0.9 * m - rate * g if nesterov else m
        path.append(theta)
    return path


def keras_rmsprop(rates: list[float], gradients: list[float], centred: bool) -> list[float]:
    """m = mu m + lr g / sqrt(v - mean^2 + eps); theta -= m; as keras has it."""
    theta, v, mean, m, path = 0.5, 0.0, 0.0, 0.0, []
    for rate, g in zip(rates, gradients, strict=True):
        v = 0.9 * v + (1 - 0.9) * g**2
        mean = 0.9 * mean + (1 - 0.9) * g if centred else 0.0
        m = 0.5 * m + rate * g / math.sqrt(v - mean**2 + 1e-7)
        theta -= m
        path.append(theta)
    return path


def test_keras_s_forms_are_keras_s_formulas():
    """With rates that change from step to step, where the place of the rate matters."""
    rates, gradients = drawn()
    for nesterov in (False, True):
        found = path_of(GradientDescent(convention="keras", momentum=0.9, nesterov=nesterov), rates, gradients)
        assert found == pytest.approx(keras_sgd(rates, gradients, nesterov), rel=1e-12)
    for centred in (False, True):
        found = path_of(RMSProp(convention="keras", momentum=0.5, centred=centred), rates, gradients)
        assert found == pytest.approx(keras_rmsprop(rates, gradients, centred), rel=1e-12)


def test_the_base_point_form_is_the_look_ahead_form_in_other_coordinates():
    """On a quadratic at a constant rate, the point looked ahead to is the other form's theta."""
    for inside in (False, True):
        ahead = Nesterov(0.05, rate_in_velocity=inside)
        base = Nesterov(0.05, rate_in_velocity=inside, base_point=True)
        theta, other, state, other_state = 1.0, 1.0, (0.0,), (0.0,)
        for k in range(1, 60):
            numbers, _ = base.numbers(k, 0.05, ())
            point = base.point(other, *other_state, *numbers)  # type: ignore[misc]
            assert point == pytest.approx(theta, rel=1e-12, abs=1e-14)
            step, *after = ahead.update(3.0 * theta, theta, state, numbers)
            other_step, *other_after = base.update(3.0 * point, other, other_state, numbers)
            theta, other, state, other_state = theta - step, other - other_step, tuple(after), tuple(other_after)


def test_asgd_answers_with_the_average_since_t0():
    """The answer is theta until step t0 + 2, and the average of the thetas since then after it."""
    rule = ASGD(0.1, t0=5.0, lambd=0.0)
    gradients = [1.0, -2.0, 3.0, 0.5, -1.0, 2.0, 4.0, -3.0, 1.0]
    theta, state, path = 0.5, rule.first_state(0.5), []
    for k, g in enumerate(gradients, start=1):
        arguments, keep = rule.split(rule.numbers(k, 0.1, ())[0])
        step, *after = rule.update(g, theta, state, arguments)
        theta, state = theta * keep - step, tuple(after)
        path.append(theta)
        answer = rule.answer(theta, *state)  # type: ignore[misc]
        if k <= 7:
            assert answer == theta
        else:
            assert answer == pytest.approx(sum(path[6:]) / len(path[6:]))


# ---- the same bytes everywhere


def small_problem(draw: random.Random) -> tuple[list[list[float]], list[float]]:
    """Rows in which each feature is often 0, so that single rows have gradients with zeros; the first row fits."""
    rows = [[draw.choice((0.0, 1.0)) * draw.gauss(0.0, 2.0) for _ in range(3)] for _ in range(24)]
    return [[0.0] * 3, *rows], [0.0, *(draw.gauss(0.0, 1.0) for _ in rows)]


@every_form
def test_both_runtimes_and_the_trajectory_give_the_same_bytes(rule: Rule):
    """Plain lists, the compiled kernel, which works in place, and `trajectory`, by theta and every vector of the state;
    the first gradient is all zero, and later ones have zeros among them."""
    draw = seeded()
    features, targets = small_problem(draw)
    ones, zeros, count = [1.0] * 3, [0.0] * 3, len(targets)
    plain = PlainRuntime(
        Problem(features, targets, [1.0] * count, LOSSES["squared"], zeros, ones, intercept=False), rule
    )
    arrays = [np.array(part, dtype=np.float64) for part in (features, targets, [1.0] * count)]
    compiled = CompiledRuntime(Arrays(*arrays, LOSSES["squared"], np.zeros(3), np.ones(3), False), rule)
    batches = [[0], *([draw.randrange(count) for _ in range(draw.choice((1, 1, 4)))] for _ in range(50))]
    start = [draw.gauss(0.0, 1.0) for _ in range(3)]
    carry, numbers = rule.start_carry(), []
    for k in range(1, len(batches) + 1):
        found, carry = rule.numbers(k, 0.01, carry)
        numbers.append(found)
    states = plain.start(start, 1.0), compiled.start(start, 1.0)
    guard, gradients, thetas = Guard(math.inf, count), [], []
    for batch, found in zip(batches, numbers, strict=True):
        point = list(states[0].theta)
        if rule.point is not None:
            arguments, _ = rule.split(found)
            point = [rule.point(t, *s, *arguments) for t, s in zip(point, states[0].by_parameter(), strict=True)]
        gradients.append(batch_gradient(plain.problem, point, batch)[1])
        assert plain.advance(states[0], [batch], [found], guard)[2] == ""
        assert compiled.advance(states[1], [np.array(batch)], [found], guard)[2] == ""
        thetas.append(list(states[0].theta))
        assert bits(states[1].theta.tolist()) == bits(thetas[-1])
        assert [bits(v) for v in states[0].rule_state] == [bits(v.tolist()) for v in states[1].rule_state]
    assert not any(gradients[0]) and any(any(g) and 0.0 in g for g in gradients)
    trajectory = rule.with_rate(0.01).trajectory(start, gradients)
    assert [bits(theta) for theta in trajectory] == [bits(theta) for theta in thetas]


@every_variant
def test_no_finite_gradient_raises(rule: Rule):
    """Zeros of either sign, the smallest and the largest numbers, first or later: no division by zero."""
    for first in (0.0, -0.0, 5e-324, -1e-200, 1.0, 1e200, -1.7e308):
        path_of(rule, [1e-3] * 9, [first, 0.0, -0.0, 1.0, -1e-300, 1e300, 0.0, first, first])


# ---- scale and stability


@every_variant
def test_scale_is_the_step_divided_by_a_gradient_that_stays(rule: Rule):
    """To 1e-6, after many steps of the same gradient."""
    quick = {"epsilon": 0.1, "momentum_decay": 1.0}  # so large that what is slowest settles
    quick = {option: value for option, value in quick.items() if option in rule.hyperparameters}
    rule = type(rule)(**{**rule.hyperparameters, **quick})  # type: ignore[arg-type]
    if rule.scale is None:
        with pytest.raises(SpecificationError, match="no fixed ratio"):
            rule.scale_at_rate_1([0.0] * len(rule.state), (1.0,) * 9)
        return
    g, theta, state, carry = -0.3, 0.0, rule.first_state(0.0), rule.start_carry()
    for k in range(1, 20_001):
        numbers, carry = rule.numbers(k, 0.01, carry)
        arguments, _ = rule.split(numbers)
        sums = rule.term_sums([g], [theta], [state])
        step, *after = rule.update(g, theta, state, arguments + sums)
        state = tuple(after)
    assert rule.scale(*state, *arguments) == pytest.approx(step / g, rel=1e-6)


STEADY = [*variants(GradientDescent), *variants(Nesterov), ASGD(0.01, lambd=0.0)]


@pytest.mark.parametrize("rule", STEADY, ids=repr)
def test_stability_is_where_it_ends(rule: Rule):
    """On a parabola the rule converges 1 % below the limit rate that stability names, and diverges 1 % above it."""
    numbers, _ = rule.numbers(2, 1.0, rule.start_carry())
    scale = rule.scale_at_rate_1([0.0] * len(rule.state), numbers)
    limit = rule.stability / (5.0 * scale)
    for share, converges in ((0.99, True), (1.01, False)):
        theta, state, carry = 1.0, rule.first_state(1.0), rule.start_carry()
        for k in range(1, 3001):
            numbers, carry = rule.numbers(k, share * limit, carry)
            arguments, keep = rule.split(numbers)
            point = theta if rule.point is None else rule.point(theta, *state, *arguments)
            step, *after = rule.update(5.0 * point, theta, state, arguments)
            theta, state = theta * keep - step, tuple(after)
            if abs(theta) > 1e6:
                break
        assert (abs(theta) < 1e-3) == converges, share
