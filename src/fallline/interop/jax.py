"""Fallline's rules as optax transformations: the rule's own scalar text on JAX arrays, under `jax.jit`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .. import scalar
from ..errors import SpecificationError
from ..rules.rule import Numbers, Rule
from ..sums import LEAF

PRIMITIVES: dict[str, Any] = {
    "where": jnp.where,
    "sqrt": jnp.sqrt,
    "power_of_two": lambda k: jnp.ldexp(1.0, jnp.asarray(k).astype(int)),
    "exponent_of": lambda x: jnp.frexp(x)[1] - 1.0,
    "fraction_of": lambda x: 2.0 * jnp.frexp(x)[0],
}
assert set(PRIMITIVES) == set(scalar.PRIMITIVES)


class RuleState(NamedTuple):
    """What a transformation keeps: steps taken, the bytes of the float64 carry as uint32, and for each of the rule's
    state names a tree like params; theta too, where the parameters hold another point."""

    k: jax.Array
    carry: jax.Array
    states: tuple[Any, ...]
    theta: Any


def transformation(rule: Rule) -> optax.GradientTransformation:
    """An optax transformation whose `update` runs the rule's text with `jax.numpy` bound to the vocabulary.

    The learning rate is the rule's; do not scale the updates by another. Arithmetic is float64 with `jax_enable_x64`
    and then differs from plain Python by at most 4 eps times the sum of the terms' magnitudes (XLA contracts
    multiplications and additions); else it is float32. Parameters of another floating type are storage.

    The numbers of a step (rate, corrections, running products) come from the rule's plain Python, one
    `jax.pure_callback` a step: on devices without callbacks to the host it does not run. Where a rule takes the
    gradient at another point than theta, the parameters hold that point; `answer` gives the result.
    Raises SpecificationError for a rule without a learning rate and for parameters that are not floating.
    """
    if rule.learning_rate is None:
        raise SpecificationError(f"{rule.name}: a transformation needs a learning_rate", option="learning_rate")
    rate = rule.learning_rate

    def init(params: Any) -> RuleState:
        for leaf in jax.tree.leaves(params):
            if not jnp.issubdtype(jnp.result_type(leaf), jnp.floating):
                kind = str(jnp.result_type(leaf))
                raise SpecificationError(
                    f"a parameter is {kind}: use floats", option="params", value=kind, allowed="floating types"
                )
        leaves, tree = jax.tree.flatten(params)
        first = [_first_state(rule, leaf) for leaf in leaves]
        states = tuple(tree.unflatten([state[i] for state in first]) for i in range(len(rule.state)))
        carry = jnp.asarray(np.array(rule.start_carry(), dtype=np.float64).view(np.uint32))
        theta = () if rule.point is None else jax.tree.map(jnp.asarray, params)
        return RuleState(jnp.zeros((), jnp.int32), carry, states, theta)

    def update(gradients: Any, state: RuleState, params: Any = None) -> tuple[Any, RuleState]:
        gradient, tree = jax.tree.flatten(gradients)
        at = _leaves(tree, params if rule.point is None else state.theta)
        if at is None and (rule.takes_theta or rule.decays or rule.terms is not None):
            raise SpecificationError(f"{rule.name}: update needs params", option="params")
        theta = [None] * len(gradient) if at is None else at
        states = list(zip(*(tree.flatten_up_to(one) for one in state.states))) or [()] * len(gradient)
        numbers, later, carry = _numbers(rule, rate, state)
        arguments, keep = rule.split(numbers)
        arguments = arguments + _term_sums(rule, gradient, theta, states)
        done = [_step(rule, *one, arguments) for one in zip(gradient, theta, states)]
        new_states = tuple(tree.unflatten([one[i + 1] for one in done]) for i in range(len(rule.state)))
        moves = [-step if not rule.decays else _wide(t) * (keep - 1.0) - step for (step, *_), t in zip(done, theta)]
        new_theta: Any = ()
        if rule.point is not None:
            now = _leaves(tree, params)
            if now is None:
                raise SpecificationError(f"{rule.name}: update needs params", option="params")
            new = [(_wide(t) + move).astype(t.dtype) for t, move in zip(theta, moves)]
            after = [tuple(one[1:]) for one in done]
            point, numbers = jax_function(rule.point), rule.split(later)[0]
            points = [point(_wide(t), *map(_wide, values), *numbers) for t, values in zip(new, after)]
            moves = [to - _wide(old) for to, old in zip(points, now)]
            new_theta = tree.unflatten(new)
        updates = tree.unflatten([move.astype(g.dtype) for move, g in zip(moves, gradient)])
        return updates, RuleState(state.k + 1, carry, new_states, new_theta)

    return optax.GradientTransformation(init, update)


def answer(rule: Rule, state: RuleState, params: Any) -> Any:
    """The point that is the rule's result, in a tree like params: an average, say; for most rules params itself."""
    leaves, tree = jax.tree.flatten(params if rule.point is None else state.theta)
    if rule.answer is None:
        return tree.unflatten(leaves)
    function = jax_function(rule.answer)
    states = list(zip(*(tree.flatten_up_to(one) for one in state.states))) or [()] * len(leaves)
    return tree.unflatten(
        [function(_wide(leaf), *map(_wide, values)).astype(leaf.dtype) for leaf, values in zip(leaves, states)]
    )


@cache
def jax_function(function: Any) -> Any:
    """The function's own code with the vocabulary's primitives, and all functions that it names, bound to JAX's."""
    names: dict[str, Any] = {}
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if name in PRIMITIVES:
            names[name] = PRIMITIVES[name]
        elif isinstance(value, FunctionType):
            names[name] = jax_function(value)
        elif value is not None:
            names[name] = value
    return FunctionType(function.__code__, {"__builtins__": __builtins__, **names}, function.__name__)


def _wide(values: Any) -> Any:
    """The values in the type of all arithmetic: float64 where JAX has it."""
    return jnp.asarray(values).astype(float)


def _leaves(tree: Any, params: Any) -> list[Any] | None:
    return None if params is None else list(map(jnp.asarray, tree.flatten_up_to(params)))


def _first_state(rule: Rule, leaf: Any) -> list[jax.Array]:
    leaf = jnp.asarray(leaf)
    function: Callable[..., Any] = jax_function(type(rule).first_state)
    return [jnp.broadcast_to(jnp.asarray(value, leaf.dtype), leaf.shape) for value in function(rule, _wide(leaf))]


def _numbers(rule: Rule, rate: float, state: RuleState) -> tuple[Any, Any, jax.Array]:
    """The numbers of this step and of the next, and the next carry: the rule's plain Python, called by XLA."""
    width = np.dtype(jnp.result_type(float))
    count = len(rule.numbers(1, rate, rule.start_carry())[0])

    def on_host(k: Any, carry: Any) -> tuple[Any, Any, Any]:
        step = int(k) + 1
        numbers, carried = rule.numbers(step, rate, tuple(np.asarray(carry).view(np.float64).tolist()))
        later = rule.numbers(step + 1, rate, carried)[0] if rule.point is not None else numbers
        return np.array(numbers, width), np.array(later, width), np.array(carried, np.float64).view(np.uint32)

    shape = jax.ShapeDtypeStruct((count,), width)
    carry_shape = jax.ShapeDtypeStruct(state.carry.shape, np.uint32)
    numbers, later, carry = jax.pure_callback(
        on_host, (shape, shape, carry_shape), state.k, state.carry, vmap_method="sequential"
    )
    return tuple(numbers), tuple(later), carry


def _step(rule: Rule, g: Any, theta: Any, states: tuple[Any, ...], numbers: Numbers) -> tuple[Any, ...]:
    """The step in the type of all arithmetic, and the new state in that of the old."""
    at = (_wide(theta),) if rule.takes_theta else ()
    result = jax_function(rule.step)(_wide(g), *at, *map(_wide, states), *numbers)
    step, *new = result if rule.state else (result,)
    return step, *(jnp.asarray(value).astype(old.dtype) for value, old in zip(new, states))


def _term_sums(rule: Rule, gradient: list[Any], theta: list[Any], states: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """The sums of the rule's terms over all parameters: in leaves, as the law has it, each summed as XLA likes."""
    if rule.terms is None:
        return ()
    function = jax_function(rule.terms)
    found = [function(_wide(g), _wide(t), *map(_wide, values)) for g, t, values in zip(gradient, theta, states)]
    return tuple(_sum(jnp.concatenate([jnp.ravel(values) for values in column])) for column in zip(*found))


def _sum(values: Any) -> Any:
    return jnp.sum(jnp.sum(jnp.pad(values, (0, -values.size % LEAF)).reshape(-1, LEAF), axis=1))
