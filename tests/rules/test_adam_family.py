"""Adam and its relatives, Schedule-Free and DoG: each against its formula or algorithm, written out a second way."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from fallline.compiled.runtime import Arrays, CompiledRuntime
from fallline.errors import SpecificationError
from fallline.losses import LOSSES
from fallline.plain.descent import PlainRuntime
from fallline.plain.divergence import Guard
from fallline.plain.problem import Problem
from fallline.rules import (
    AdaBelief,
    Adam,
    Adamax,
    AdamW,
    AMSGrad,
    DoG,
    NAdam,
    RAdam,
    Rule,
    ScheduleFreeAdamW,
    ScheduleFreeSGD,
    Yogi,
)

Vector = list[float]
FAMILY: list[Rule] = [
    *(Adam(0.03, epsilon_hat=hat, beta1=0.8, beta2=0.9) for hat in (False, True)),
    *(AdamW(0.03, weight_decay=0.2, decay_scaled_by_rate=by_rate) for by_rate in (False, True)),
    AdamW(0.03, weight_decay=0.2, epsilon_hat=True),
    *(AMSGrad(0.03, maximum_of_corrected=corrected, beta2=0.7) for corrected in (False, True)),
    *(Adamax(0.03, epsilon_in_denominator=outside) for outside in (False, True)),
    *(NAdam(0.03, momentum_schedule=schedule) for schedule in (False, True)),
    *(RAdam(0.03, epsilon_hat=hat, beta2=0.9) for hat in (False, True)),
    AdaBelief(0.03),
    *(Yogi(0.03, bias_correction=corrected, m_start=1e-6 * corrected) for corrected in (False, True)),
    ScheduleFreeSGD(0.03, warmup_steps=4.0, weight_power=0.5),
    *(ScheduleFreeAdamW(0.03, weight_decay=0.1, epsilon_hat=hat) for hat in (False, True)),
    DoG(),
]
every_rule = pytest.mark.parametrize("rule", FAMILY, ids=repr)


def bits(values: Any) -> bytes:
    return b"".join(struct.pack("<d", float(value)) for value in values)


def path(rule: Rule, start: Sequence[float], gradient: Callable[[int, Vector], Vector], steps: int) -> list[Vector]:
    """Theta after each step, the gradient being taken where the rule takes it."""
    assert rule.learning_rate is not None
    theta, states, carry, found = list(start), [rule.first_state(value) for value in start], rule.start_carry(), []
    for k in range(1, steps + 1):
        numbers, carry = rule.numbers(k, rule.learning_rate, carry)
        arguments, keep = rule.split(numbers)
        point = theta
        if rule.point is not None:
            point = [rule.point(value, *state, *arguments) for value, state in zip(theta, states, strict=True)]
        g = gradient(k, point)
        arguments += rule.term_sums(g, theta, states)
        updates = [rule.update(*each, arguments) for each in zip(g, theta, states, strict=True)]
        theta = [value * keep - update[0] for value, update in zip(theta, updates, strict=True)]
        states = [tuple(update[1:]) for update in updates]
        found.append(theta)
    return found


def drawn(steps: int, width: int = 3) -> list[Vector]:
    """Gradients of several sizes, exact zeros among them."""
    draw = random.Random(7)
    return [[10.0**j * draw.gauss(0.2, 1.0) * draw.choice((0, 1, 1)) for j in range(width)] for _ in range(steps)]


def given(gradients: list[Vector]) -> Callable[[int, Vector], Vector]:
    return lambda k, theta: gradients[k - 1]


def bowl(k: int, theta: Vector) -> Vector:
    """The slope of an ill-conditioned quadratic with its minimum at (1, -2, 3)."""
    return [h * (value - goal) for h, value, goal in zip((5.0, 1.0, 0.2), theta, (1.0, -2.0, 3.0), strict=True)]


# ---- first steps, by hand


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Adam(0.1), 0.1 * 2.0 / (2.0 + 1e-8)),
        (Adam(0.1, epsilon_hat=True, epsilon=0.5), 0.1 * math.sqrt(0.001) / 0.1 * 0.2 / (math.sqrt(0.004) + 0.5)),
        (AMSGrad(0.1), 0.1 * 2.0 / (2.0 + 1e-8)),
        (Adamax(0.1, epsilon=0.5), 0.1 * 2.0 / 2.5),
        (Adamax(0.1, epsilon=0.5, epsilon_in_denominator=True), 0.1 * 2.0 / 2.5),
        (RAdam(0.1), 0.1 * 2.0),
        (AdaBelief(0.1), 0.1 / 0.9),
        (Yogi(0.1, v_start=0.0), 0.1 * 0.2 / (math.sqrt(0.004) + 1e-3)),
        (NAdam(0.1, momentum_schedule=False), 0.1 * (0.9 * 0.1 / (1.0 - 0.81) + 1.0)),
        (ScheduleFreeSGD(0.1), 0.1 * 2.0),
        (ScheduleFreeSGD(0.1, warmup_steps=4.0), 0.025 * 2.0),
        (ScheduleFreeAdamW(0.1, epsilon_hat=False), 0.1),
        (DoG(first_distance=1e-3), 1e-3 * (1.0 + 3.0)),
    ],
    ids=repr,
)
def test_the_first_step_is_the_docstring_s(rule: Rule, expected: float) -> None:
    """From 3 with a gradient of 2."""
    (theta,) = path(rule, [3.0], lambda k, theta: [2.0], 1)
    assert 3.0 - theta[0] == pytest.approx(expected, rel=1e-6)


def test_no_theta_of_its_own_moves_at_a_gradient_of_zero() -> None:
    """Gradients that are exactly zero leave every rule where it is, but for decay and optax's start of Yogi."""
    for rule in FAMILY:
        if not rule.hyperparameters.get("weight_decay") and not rule.hyperparameters.get("m_start"):
            assert bits(path(rule, [1.0, -2.0], lambda k, theta: [0.0, 0.0], 8)[-1]) == bits([1.0, -2.0]), rule


# ---- each form against its formula


def test_epsilon_hat_is_epsilon_on_the_uncorrected_root() -> None:
    """It is Adam's step with epsilon / sqrt(1 - beta2^k) in epsilon's place, so the forms differ and draw together."""
    gradients = drawn(40)
    hat = path(Adam(0.1, epsilon=0.01, epsilon_hat=True), [0.0] * 3, given(gradients), 40)
    m, v, theta = [0.0] * 3, [0.0] * 3, [0.0] * 3
    for k, gradient in enumerate(gradients, start=1):
        for j, g in enumerate(gradient):
            m[j], v[j] = 0.9 * m[j] + 0.1 * g, 0.999 * v[j] + 0.001 * g * g
            epsilon = 0.01 / math.sqrt(1.0 - 0.999**k)
            theta[j] -= 0.1 * m[j] / (1.0 - 0.9**k) / (math.sqrt(v[j] / (1.0 - 0.999**k)) + epsilon)
        assert hat[k - 1] == pytest.approx(theta, rel=1e-9)
    assert path(Adam(0.1, epsilon=0.01), [0.0] * 3, given(gradients), 40)[-1] != pytest.approx(theta, rel=1e-3)


@pytest.mark.parametrize("hat", [False, True])
def test_adamw_is_adam_s_step_after_the_decay(hat: bool) -> None:
    """By bytes: theta * (1 - rate * weight_decay) - step, with the step that Adam takes on the same gradients."""
    gradients = drawn(30, 1)
    adamw = path(AdamW(0.03, weight_decay=0.2, epsilon_hat=hat), [1.5], given(gradients), 30)
    adam, theta, state, carry = Adam(0.03, epsilon_hat=hat), 1.5, (0.0, 0.0), (1.0, 1.0)
    for k, (g,) in enumerate(gradients, start=1):
        numbers, carry = adam.numbers(k, 0.03, carry)
        step, *after = adam.update(g, theta, state, numbers)
        state, theta = tuple(after), theta * (1.0 - 0.03 * 0.2) - step
        assert bits(adamw[k - 1]) == bits([theta])
    without = path(AdamW(0.03, weight_decay=0.0, epsilon_hat=hat), [1.5], given(gradients), 30)
    assert bits(without[-1]) == bits(path(adam, [1.5], given(gradients), 30)[-1])


def test_the_paper_s_decay_follows_the_schedule_and_not_the_rate() -> None:
    """The factor is 1 - weight_decay at the rule's own rate, whatever it is, and 1 - weight_decay / 2 at half of it."""
    for rate in (1e-3, 0.3):
        rule = AdamW(rate, weight_decay=0.2, decay_scaled_by_rate=False)
        assert rule.split(rule.numbers(1, rate, (1.0, 1.0))[0])[1] == 0.8
        assert rule.split(rule.numbers(1, rate / 2, (1.0, 1.0))[0])[1] == 0.9
        assert "rate / learning_rate * weight_decay" in rule.formula


def test_the_two_amsgrads_differ_where_the_correction_falls_faster_than_v_grows() -> None:
    """One large gradient at the start stays in optax's maximum whole, in torch's with the weight 1 - beta2. With
    beta2 = 0 there is nothing to correct and they are one; with growing gradients both are Adam."""
    start, large_first = [0.0], [[10.0], *([[0.1]] * 30)]
    raw, corrected = (AMSGrad(0.1, maximum_of_corrected=form) for form in (False, True))
    torch, optax = (path(rule, start, given(large_first), 31)[-1][0] for rule in (raw, corrected))
    assert 1.5 * optax > torch  # both are negative: torch's went further
    gradients = drawn(20)
    same = [
        path(AMSGrad(0.1, maximum_of_corrected=form, beta2=0.0), [1.0] * 3, given(gradients), 20)
        for form in (False, True)
    ]
    assert bits(same[0][-1]) == bits(same[1][-1])
    growing = [[1.1**k] for k in range(1, 30)]
    paths = [path(rule, start, given(growing), 29)[-1] for rule in (Adam(0.1), raw, corrected)]
    assert bits(paths[0]) == bits(paths[1]) == bits(paths[2])


def test_adamax_s_epsilon_inside_the_maximum_fades_with_it() -> None:
    """Inside, u >= epsilon but not more by it; in the denominator it is added in every step."""
    for outside in (False, True):
        rule = Adamax(0.1, epsilon=0.5, beta1=0.0, beta2=0.5, epsilon_in_denominator=outside)
        u, theta = 0.0, 1.0
        for k, g in enumerate((4.0, 1.0, 0.0, -0.25), start=1):
            u = max(0.5 * u, abs(g) + (0.0 if outside else 0.5))
            theta -= 0.1 * g / (u + (0.5 if outside else 0.0))
            found = path(rule, [1.0], given([[4.0], [1.0], [0.0], [-0.25]]), k)[-1]
            assert found == pytest.approx([theta], rel=1e-14)


def test_nadam_s_momentum_grows_to_beta1_and_without_a_schedule_is_beta1() -> None:
    """mu_k is beta1 * (1 - 0.5 * 0.96^(k * psi)), whose power the rule makes by its own exp and log."""
    rule = NAdam(0.1)
    for k in (1, 2, 1000, 100_000):
        assert rule.mu(k) == pytest.approx(0.9 * (1.0 - 0.5 * 0.96 ** (k * 0.004)), rel=1e-14)
    assert NAdam(0.1, momentum_schedule=False).mu(1) == 0.9
    fast = path(NAdam(0.1, momentum_decay=1e9), [1.0] * 3, bowl, 20)[-1]
    assert bits(fast) == bits(path(NAdam(0.1, momentum_schedule=False), [1.0] * 3, bowl, 20)[-1])


def test_radam_s_first_five_steps_are_momentum_s() -> None:
    """With beta2 = 0.999 rho_k passes 5 at step 6; before it the step is rate * m_hat; at threshold 4 at step 5."""
    gradients = [[g] for g in (1.0, -2.0, 0.0, 5.0, 3.0, 1.0, 1.0)]
    found = [0.0, *(theta[0] for theta in path(RAdam(0.1), [0.0], given(gradients), 7))]
    m = 0.0
    for k, (g,) in enumerate(gradients, start=1):
        m = 0.9 * m + 0.1 * g
        plain = 0.1 * m / (1.0 - 0.9**k)
        assert (found[k - 1] - found[k] == pytest.approx(plain, rel=1e-12)) is (k <= 5), k
    rectified = [(RAdam(0.1, threshold=t), k) for t in (4.0, 5.0) for k in range(1, 8)]
    numbers = [_numbers_of(rule, k)[-1] > 0.0 for rule, k in rectified]
    assert numbers == [k > 4 for k in range(1, 8)] + [k > 5 for k in range(1, 8)]
    assert all(_numbers_of(RAdam(0.1, beta2=0.5), k)[-1] == 0.0 for k in (1, 10, 300))  # rho itself is 3


def _numbers_of(rule: Rule, k: int) -> tuple[float, ...]:
    carry = rule.start_carry()
    for step in range(1, k + 1):
        numbers, carry = rule.numbers(step, 0.1, carry)
    return numbers


def test_yogi_s_v_moves_by_a_share_of_the_square_alone() -> None:
    """From 1, at gradients of 0.1, v falls by 0.001 * 0.01 a step, not by a share of itself, as Adam's does."""
    rule = Yogi(0.1, v_start=1.0)
    state = rule.first_state(0.0)
    for k in range(1, 11):
        numbers, _ = rule.numbers(k, 0.1, rule.start_carry())
        _, *after = rule.update(0.1, 0.0, state, numbers)
        state = tuple(after)
    assert state[1] == pytest.approx(1.0 - 10 * 0.001 * 0.01, rel=1e-12)


def test_adabelief_takes_larger_steps_where_gradients_stay() -> None:
    """A gradient that does not change is believed: beside Adam's the step grows."""
    steady = given([[1.0]] * 30)
    assert path(AdaBelief(0.1), [0.0], steady, 30)[-1][0] < 1.5 * path(Adam(0.1), [0.0], steady, 30)[-1][0]


# ---- Schedule-Free


def schedule_free(
    start: Vector,
    gradient: Callable[[int, Vector], Vector],
    steps: int,
    *,
    beta2: float | None = None,
    decay: float = 0.0,
    warmup: int = 1,
    r: float = 0.0,
) -> list[Vector]:
    """Algorithm 1 of the paper, with x, y and z all stored; without beta2 on plain gradients. Returns x."""
    rate, beta1, epsilon = 0.1, 0.9, 1e-8
    x, z, v, total, found = list(start), list(start), [0.0] * len(start), 0.0, []
    for t in range(1, steps + 1):
        y = [(1.0 - beta1) * z[j] + beta1 * x[j] for j in range(len(x))]
        g = gradient(t, y)
        rate_t = rate * min(1.0, t / warmup)
        if beta2 is not None:
            v = [beta2 * v[j] + (1.0 - beta2) * g[j] ** 2 for j in range(len(x))]
            rate_t *= math.sqrt(1.0 - beta2**t)
            g = [g[j] / (math.sqrt(v[j]) + epsilon) for j in range(len(x))]
        z = [z[j] - rate_t * g[j] - rate_t * decay * y[j] for j in range(len(x))]
        weight = t**r * rate_t**2
        total += weight
        x = [(1.0 - weight / total) * x[j] + weight / total * z[j] for j in range(len(x))]
        found.append(x)
    return found


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        (ScheduleFreeSGD(0.1), {}),
        (ScheduleFreeSGD(0.1, warmup_steps=7.0, weight_power=1.5), {"warmup": 7, "r": 1.5}),
        (ScheduleFreeAdamW(0.1), {"beta2": 0.999}),
        (
            ScheduleFreeAdamW(0.1, weight_decay=0.2, beta2=0.9, warmup_steps=20.0),
            {"beta2": 0.9, "decay": 0.2, "warmup": 20},
        ),
    ],
    ids=repr,
)
def test_schedule_free_is_algorithm_1(rule: Rule, options: dict[str, Any]) -> None:
    """Storing the average and its distance from z gives what storing x, y and z gives, to 1e-12."""
    start = [4.0, 1.0, -3.0]
    expected = schedule_free(start, bowl, 150, **options)
    for ours, theirs in zip(path(rule, start, bowl, 150), expected, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("rule", [ScheduleFreeSGD(0.3), ScheduleFreeAdamW(0.1, beta2=0.99)], ids=repr)
def test_schedule_free_converges_at_a_constant_rate(rule: Rule) -> None:
    """On noisy gradients of a quadratic the average ends far nearer to the minimum than plain or Adam's steps do."""
    draw = random.Random(3)
    noise = [[draw.gauss(0.0, 1.0) for _ in range(3)] for _ in range(4000)]

    def noisy(k: int, theta: Vector) -> Vector:
        return [slope + error for slope, error in zip(bowl(k, theta), noise[k - 1], strict=True)]

    def distance(theta: Vector) -> float:
        return math.dist(theta[:2], (1.0, -2.0))

    last = [distance(theta) for theta in path(rule, [4.0, 1.0, -3.0], noisy, 4000)[-200:]]
    plain = [distance(theta) for theta in path(Adam(0.1, beta1=0.0), [4.0, 1.0, -3.0], noisy, 4000)[-200:]]
    assert max(last) < 0.1
    assert sum(last) < 0.3 * sum(plain)
    exact = path(rule, [4.0, 1.0, -3.0], bowl, 4000)[-1]
    assert distance(exact) < 1e-3


# ---- DoG


def test_dog_is_its_algorithm() -> None:
    """The largest distance so far over the root of all squared norms so far, written as loops inside loops."""
    start, rule = [4.0, 1.0, -3.0], DoG(first_distance=1e-3)
    thetas, gradients = [start], []
    for _ in range(60):
        gradients.append(bowl(0, thetas[-1]))
        furthest = 1e-3 * (1.0 + math.sqrt(sum(value * value for value in start)))
        for theta in thetas:
            furthest = max(furthest, math.sqrt(sum((a - b) ** 2 for a, b in zip(theta, start, strict=True))))
        squares = sum(g * g for gradient in gradients for g in gradient)
        rate = furthest / math.sqrt(squares + 1e-8)
        thetas.append([value - rate * g for value, g in zip(thetas[-1], gradients[-1], strict=True)])
    for ours, theirs in zip(path(rule, start, bowl, 60), thetas[1:], strict=True):
        assert ours == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3, 1e6])
def test_dog_needs_no_rate(size: float) -> None:
    """A loss multiplied by any size gives the same path, to the little that epsilon weighs, and ends at the minimum."""

    def scaled(k: int, theta: Vector) -> Vector:
        return [size * g for g in bowl(k, theta)]

    start = [4.0, 1.0, -3.0]
    found = path(DoG(), start, scaled, 3000)
    assert found[-1] == pytest.approx([1.0, -2.0, 3.0], abs=1e-3)
    assert found[100] == pytest.approx(path(DoG(), start, bowl, 101)[100], rel=1e-2, abs=1e-3)


# ---- both runtimes


ROWS = 2100


def runtimes(rule: Rule, targets: list[float] | None = None) -> list[Any]:
    """A small squared problem of three leaves in plain lists, and compiled on one thread and on two."""
    draw = random.Random(11)
    features = [[draw.gauss(0.0, 1.0), draw.gauss(0.0, 3.0), 0.0] for _ in range(ROWS)]  # the last has no gradient
    found = targets or [x[0] - 2.0 * x[1] + draw.gauss(0.0, 0.1) for x in features]
    squared, ones = LOSSES["squared"], [1.0] * ROWS
    plain = Problem(features, found, ones, squared, [0.0] * 3, [1.0] * 3, intercept=True)
    arrays = [np.array(part) for part in (features, found, ones)]
    compiled = Arrays(*arrays, squared, np.zeros(3), np.ones(3), True)
    return [
        PlainRuntime(plain, rule),
        CompiledRuntime(compiled, rule),
        CompiledRuntime(compiled, rule, threads=2, thread_work=0),
    ]


def outcome(runtime: Any, batches: list[list[int]], start: Vector) -> tuple[Any, ...]:
    rule, carry, numbers = runtime.rule, runtime.rule.start_carry(), []
    for k in range(1, len(batches) + 1):
        arguments, carry = rule.numbers(k, rule.learning_rate / k, carry)
        numbers.append(arguments)
    state = runtime.start(start, 1.0)
    taken = batches if runtime.name == "plain" else [np.array(batch) for batch in batches]
    losses, norms, cause = runtime.advance(state, taken, numbers, Guard(math.inf, ROWS))
    vectors = [bits(vector) for vector in state.rule_state]
    return cause, len(losses), bits(losses[:-1]), bits(norms[:-1]), bits(state.theta), vectors


@every_rule
def test_both_runtimes_give_the_same_bytes(rule: Rule) -> None:
    """Theta, state, losses and norms, at a rate that falls, on batches of 1, of part of a leaf, and of all rows."""
    draw = random.Random(5)
    sizes = (1, 1, 1, 1, 1, 1, ROWS, 40, ROWS)
    batches = [[draw.randrange(ROWS) for _ in range(size)] for size in sizes]
    found = [outcome(runtime, batches, [0.5, -0.25, 2.0, 0.125]) for runtime in runtimes(rule)]
    assert found[0][:2] == ("", len(sizes))
    assert found[0] == found[1] == found[2]


@every_rule
@pytest.mark.parametrize("bad", [math.nan, math.inf, 1e200])
def test_what_is_not_finite_stops_all_runtimes_at_the_same_step(rule: Rule, bad: float) -> None:
    """A target that is NaN, infinite, or whose square is: step 3 is tried, is not applied, and has the same cause."""
    targets = [1.0] * ROWS
    targets[7] = bad
    found = [
        outcome(runtime, [[0, 1], [2], [7, 3], [4]], [0.5, -0.25, 2.0, 0.125]) for runtime in runtimes(rule, targets)
    ]
    assert found[0][:2] == ("loss", 3)
    assert found[0] == found[1] == found[2]


@every_rule
def test_settled_options_make_the_same_rule_again(rule: Rule) -> None:
    """A rule made of its own dictionary takes the same function's steps; the formula names the form in use."""
    again = type(rule)(**rule.hyperparameters)  # type: ignore[arg-type]
    assert again == rule
    assert (again.step, again.scale, again.formula) == (rule.step, rule.scale, rule.formula)


def test_options_out_of_range_are_refused_with_their_range() -> None:
    """RAdam's threshold below 4 would take the root of a negative number."""
    with pytest.raises(SpecificationError, match="at least 4"):
        RAdam(0.1, threshold=3.9)
    with pytest.raises(SpecificationError, match="True or False"):
        Adam(0.1, epsilon_hat=1.0)
    with pytest.raises(SpecificationError, match=r"momentum_decay=-1\.0"):
        NAdam(0.1, momentum_decay=-1.0)


def test_radam_s_plain_steps_are_counted() -> None:
    """As many as there are without rectification: five with the defaults, none where no step is rectified, since then
    all are alike."""
    for options, expected in (({}, 5), ({"beta2": 0.99}, 5), ({"beta2": 0.5}, 0), ({"threshold": 4.0}, 4)):
        for form in (True, False):
            rule = RAdam(epsilon_hat=form, **options)
            assert rule.plain_steps == expected, (options, rule.plain_steps)
    assert Adam().plain_steps == 0
