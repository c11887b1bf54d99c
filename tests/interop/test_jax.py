"""Fallline's rules as optax transformations under `jax.jit`: each step within 4 eps of the sum of its terms' sizes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
import pytest

from fallline import scalar
from fallline.errors import SpecificationError
from fallline.rules import RULES, Adam, AdamW, Momentum, Rule, ScheduleFreeSGD
from fallline.rules import rule as made_of

pytestmark = pytest.mark.conformance
STEPS, RATE, EPS = 12, 0.01, sys.float_info.epsilon
every_rule = pytest.mark.parametrize("name", RULES)


@pytest.fixture(autouse=True)
def x64() -> Iterator[None]:
    """Float64 in JAX, for these tests alone."""
    import jax

    with jax.enable_x64(True):
        yield


# ---- the size of a step's terms


class Sized(NamedTuple):
    """A number, and the sum of the magnitudes of the terms that it is made of."""

    value: float
    size: float

    def __add__(self, other: Any) -> Sized:
        other = sized(other)
        return Sized(self.value + other.value, self.size + other.size)

    def __sub__(self, other: Any) -> Sized:
        other = sized(other)
        return Sized(self.value - other.value, self.size + other.size)

    def __mul__(self, other: Any) -> Sized:
        other = sized(other)
        return Sized(self.value * other.value, self.size * other.size)

    def __truediv__(self, other: Any) -> Sized:
        other = sized(other)
        return Sized(self.value / other.value, self.size * other.size / (other.value * other.value))

    def __abs__(self) -> Sized:
        return Sized(abs(self.value), self.size)

    def __neg__(self) -> Sized:
        return Sized(-self.value, self.size)

    def __lt__(self, other: Any) -> bool:
        return self.value < sized(other).value

    def __gt__(self, other: Any) -> bool:
        return self.value > sized(other).value

    def __le__(self, other: Any) -> bool:
        return self.value <= sized(other).value

    def __ge__(self, other: Any) -> bool:
        return self.value >= sized(other).value

    def __eq__(self, other: object) -> bool:
        return self.value == sized(other).value

    def __hash__(self) -> int:
        return hash(self.value)

    def __radd__(self, other: float) -> Sized:
        return sized(other) + self

    def __rsub__(self, other: float) -> Sized:
        return sized(other) - self

    def __rmul__(self, other: float) -> Sized:
        return sized(other) * self

    def __rtruediv__(self, other: float) -> Sized:
        return sized(other) / self


def sized(value: Any) -> Sized:
    return value if isinstance(value, Sized) else Sized(float(value), abs(float(value)))


def root(x: Any) -> Sized:
    x = sized(x)
    value = scalar.sqrt(x.value)
    return Sized(value, x.size / value if value else scalar.sqrt(x.size))


def with_sizes(function: Any) -> Any:
    """The function's own code on numbers with sizes."""
    bound: dict[str, Any] = {"sqrt": root, "where": lambda condition, a, b: sized(a if condition else b)}
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if name not in bound and value is not None:
            bound[name] = with_sizes(value) if isinstance(value, FunctionType) else value
    return FunctionType(function.__code__, {"__builtins__": __builtins__, **bound}, function.__name__)


class Plain:
    """A rule in plain Python, one step at a time, with the size of what each number is made of."""

    def __init__(self, rule: Rule, theta: list[float]):
        self.rule, self.theta, self.k, self.carry = rule, theta, 0, rule.start_carry()
        self.states = [rule.first_state(value) for value in theta]

    def step(self, gradient: list[float]) -> tuple[list[float], list[list[float]]]:
        """Take it; the sizes of theta and of each state."""
        rule = self.rule
        numbers, self.carry = rule.numbers(self.k + 1, RATE, self.carry)
        arguments, keep = rule.split(numbers)
        arguments += rule.term_sums(gradient, self.theta, self.states)
        sizes, state_sizes, function = [], [], with_sizes(rule.step)
        for j, g in enumerate(gradient):
            given = (g, *((self.theta[j],) if rule.takes_theta else ()), *self.states[j], *arguments)
            found = function(*map(sized, given))
            step, *state = (found,) if isinstance(found, Sized) else found
            sizes.append(abs(self.theta[j]) + abs(self.theta[j] * keep) + sized(step).size)
            state_sizes.append([sized(one).size for one in state])
            exact = rule.update(g, self.theta[j], self.states[j], arguments)
            self.theta[j], self.states[j] = self.theta[j] * keep - exact[0], tuple(exact[1:])
        self.k += 1
        return sizes, state_sizes

    def point(self) -> list[float]:
        """Where the next gradient is taken."""
        numbers, _ = self.rule.split(self.rule.numbers(self.k + 1, RATE, self.carry)[0])
        if self.rule.point is None:
            return list(self.theta)
        return [self.rule.point(t, *s, *numbers) for t, s in zip(self.theta, self.states, strict=True)]


# ---- trees of three leaves: a matrix, a number, a vector


def tree(values: Any) -> Any:
    import jax.numpy as jnp

    values = jnp.asarray(values)
    return {"a": values[:6].reshape(3, 2), "b": [values[6], values[7:]]}


def flat(values: Any) -> list[float]:
    import jax

    return [float(one) for leaf in jax.tree.leaves(values) for one in np.asarray(leaf).reshape(-1)]


def state_of(plain: Plain) -> Any:
    """The transformation's state that stands where the plain descent stands."""
    import jax.numpy as jnp

    from fallline.interop.jax import RuleState

    carry = jnp.asarray(np.array(plain.carry, dtype=np.float64).view(np.uint32))
    states = tuple(tree(column) for column in zip(*plain.states, strict=True)) if plain.rule.state else ()
    theta = () if plain.rule.point is None else tree(plain.theta)
    return RuleState(jnp.asarray(plain.k, jnp.int32), carry, states, theta)


def gradients(rng: np.random.Generator, count: int = 11) -> Any:
    """Of very different sizes, with exact zeros; the first is all zero."""
    drawn = rng.normal(size=(STEPS, count)) * 10.0 ** rng.uniform(-4, 4, size=(STEPS, count))
    drawn[rng.uniform(size=drawn.shape) < 0.2] = 0.0
    drawn[0] = 0.0
    return drawn


@made_of(state=["m"], beta=0.5)
def outsider(g, theta, m, rate, k, beta, beta_power):
    m = beta * m + (1.0 - beta) * g
    return rate * m / (1.0 - beta_power) + 1e-3 * rate * theta / k, m


@pytest.mark.parametrize("kind", [*RULES.values(), outsider], ids=lambda kind: kind.name)
def test_every_step_is_the_rule_s(kind: type[Rule], rng: np.random.Generator) -> None:
    """From the same state, theta, the rule's state and the stored point after one jitted step differ from plain
    Python by at most 4 eps times the sum of the terms' magnitudes."""
    import jax

    from fallline.interop.jax import transformation

    rule = kind(learning_rate=RATE)
    made, plain = transformation(rule), Plain(rule, rng.normal(size=11).tolist())
    update = jax.jit(made.update)
    for k, gradient in enumerate(gradients(rng), start=1):
        before, held = state_of(plain), plain.point()
        moves, after = update(tree(gradient), before, tree(held))
        sizes, state_sizes = plain.step(gradient.tolist())
        found = [a + b for a, b in zip(held, flat(moves), strict=True)]
        for j in range(11):
            words = (kind.name, k, j)
            theta = found[j] if rule.point is None else flat(after.theta)[j]
            assert abs(theta - plain.theta[j]) <= 4 * EPS * sizes[j], words
            for i in range(len(rule.state)):
                state = flat(after.states[i])[j]
                assert abs(state - plain.states[j][i]) <= 4 * EPS * state_sizes[j][i], (*words, rule.state[i])
            if rule.point is not None:
                size = sizes[j] + abs(held[j]) + sum(state_sizes[j])
                assert abs(found[j] - plain.point()[j]) <= 4 * EPS * size, words
        assert (int(after.k), np.asarray(after.carry).view(np.float64).tolist()) == (k, list(plain.carry))


@every_rule
def test_init_is_the_rule_s_start(name: str, rng: np.random.Generator) -> None:
    """Before step 1 the state is the rule's first state in trees like the parameters, and the carry its own."""
    import jax

    from fallline.interop.jax import transformation

    rule, theta = RULES[name](learning_rate=RATE), rng.normal(size=11).tolist()
    found, expected = transformation(rule).init(tree(theta)), state_of(Plain(rule, theta))
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True))


def test_it_descends_in_a_scan_behind_optax_s_clipping(rng: np.random.Generator) -> None:
    """In a chain with optax's own transformations and inside `lax.scan`, it goes down a quadratic as optax's Adam. (Not
    for longer than that: at the minimum gradients are rounding errors, of which Adam makes steps.)"""
    import jax
    import jax.numpy as jnp
    import optax

    from fallline.interop.jax import transformation

    start, curvatures = jnp.asarray(rng.normal(size=5)), jnp.asarray([1.0, 3.0, 0.1, 10.0, 0.5])

    def path(last: Any) -> Any:
        made = optax.chain(optax.clip_by_global_norm(1.0), last)

        def step(carry: Any, _: Any) -> Any:
            theta, state = carry
            updates, state = made.update(curvatures * theta, state, theta)
            theta = optax.apply_updates(theta, updates)
            return (theta, state), theta

        return jax.jit(lambda: jax.lax.scan(step, (start, made.init(start)), None, length=60)[1])()

    ours, theirs = path(transformation(Adam(0.05))), path(optax.adam(0.05))
    assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    assert float(jnp.abs(ours[-1]).max()) < 0.5 * float(jnp.abs(start).max())


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_narrow_parameters_are_storage(dtype: str, rng: np.random.Generator) -> None:
    """Parameters and state of another floating type keep it, and are the float64 step's, rounded once."""
    import jax
    import jax.numpy as jnp

    from fallline.interop.jax import transformation

    made = transformation(Momentum(RATE))
    theta, g = jnp.asarray(rng.normal(size=8), dtype), jnp.asarray(rng.normal(size=8), dtype)
    updates, state = jax.jit(made.update)(g, made.init(theta), theta)
    assert updates.dtype == state.states[0].dtype == theta.dtype
    assert np.array_equal(state.states[0], g)
    assert np.array_equal(updates, (-RATE * g.astype(float)).astype(dtype))


def test_without_float64_arithmetic_is_float32(rng: np.random.Generator) -> None:
    """Where JAX has no float64, a path of Adam is plain Python's to float32."""
    import jax
    import jax.numpy as jnp

    from fallline.interop.jax import transformation

    drawn, start = rng.normal(size=(20, 6)), rng.normal(size=6)
    with jax.enable_x64(False):
        made, theta = transformation(Adam(RATE)), jnp.asarray(start)
        state, update = made.init(theta), jax.jit(made.update)
        for g in drawn:
            updates, state = update(jnp.asarray(g), state, theta)
            theta = theta + updates
    *_, expected = Adam(RATE).trajectory(start.tolist(), drawn.tolist())
    assert theta.dtype == jnp.float32
    assert np.allclose(theta, expected, rtol=1e-5, atol=1e-5)


def test_the_answer_of_rules_that_average(rng: np.random.Generator) -> None:
    """`answer` gives Schedule-Free's x from its point y, ASGD's mean, and for other rules the parameters."""
    from fallline.interop.jax import answer, transformation

    for rule in (ScheduleFreeSGD(RATE), RULES["asgd"](learning_rate=RATE, t0=2.0), Momentum(RATE)):
        made, plain = transformation(rule), Plain(rule, rng.normal(size=11).tolist())
        params = tree(plain.point())
        state = made.init(params)
        for gradient in gradients(rng):
            moves, state = made.update(tree(gradient), state, params)
            params = tree([a + b for a, b in zip(flat(params), flat(moves), strict=True)])
            plain.step(gradient.tolist())
        expected = plain.theta
        if rule.answer is not None:
            expected = [rule.answer(t, *s) for t, s in zip(plain.theta, plain.states, strict=True)]
        assert np.allclose(flat(answer(rule, state, params)), expected, rtol=1e-12, atol=1e-12)


def test_what_cannot_be_is_refused() -> None:
    """A rule without a rate, parameters that are not floats, and an update without the parameters it needs."""
    import jax.numpy as jnp

    from fallline.interop.jax import transformation

    with pytest.raises(SpecificationError, match="a transformation needs a learning_rate"):
        transformation(Adam())
    with pytest.raises(SpecificationError, match="a parameter is int"):
        transformation(Adam(RATE)).init(jnp.arange(3))
    for rule in (AdamW(RATE), ScheduleFreeSGD(RATE), RULES["dog"]()):
        made, theta = transformation(rule), jnp.ones(3)
        with pytest.raises(SpecificationError, match="update needs params"):
            made.update(theta, made.init(theta))
