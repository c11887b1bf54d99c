"""A rule applied to whole vectors by its compiled kernel: the bytes of plain Python, in place, pure and in threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fallline.compiled import apply
from fallline.compiled.apply import Parameters, applied, apply_in_place
from fallline.compiled.shape import first_states
from fallline.errors import SpecificationError
from fallline.rules import RULES, Rule

SIZE, STEPS, RATE = 3_000, 6, 0.01
every_rule = pytest.mark.parametrize("name", RULES)


def gradients(rng: np.random.Generator) -> Any:
    """Steps of gradients from 1e-160 to 1e6 in size: an all-zero first one, exact zeros of both signs, equal pairs."""
    found = rng.normal(size=(STEPS, SIZE)) * 10.0 ** rng.uniform(-6, 6, size=(STEPS, SIZE))
    found[:, 10:20] = 0.0
    found[:, 20:30] = -0.0
    found[:, 30:40] *= 1e-160
    found[::2, 40:60] = 0.0
    found[0] = 0.0
    return found


def descend(rule: Rule, start: Any, gradient: Any, threads: int, cuts: tuple[int, ...] = ()) -> list[bytes]:
    """Theta's bytes after each step taken in place, on vectors that are cut where `cuts` says."""
    theta, carry, found = start.copy(), rule.start_carry(), []
    states = first_states(rule, theta)
    edges = [0, *cuts, len(theta)]
    for k, g in enumerate(gradient, start=1):
        numbers, carry = rule.numbers(k, RATE, carry)
        whole = Parameters(theta, g, states)
        parts = [whole.part(a, b) for a, b in zip(edges, edges[1:])]
        assert apply_in_place(rule, numbers, parts, threads) == ""
        found.append(theta.tobytes())
    return found


@pytest.fixture(params=["quotients", "divider"])
def division(request: Any, monkeypatch: Any) -> str:
    """Both ways to divide by a step's numbers, whichever this processor prefers."""
    monkeypatch.setattr(apply, "QUOTIENT_WORK", 0)
    monkeypatch.setattr(apply, "_quotients_pay", lambda *_: request.param == "quotients")
    return str(request.param)


@every_rule
def test_every_rule_gives_the_bytes_of_its_trajectory(
    name: str, division: str, rng: np.random.Generator, monkeypatch: Any
):
    """On 1 and 2 threads and in vectors cut anywhere, even inside a leaf, each theta has the trajectory's bytes, with
    exact quotients and with the divider."""
    monkeypatch.setattr(apply, "CHUNK", 1024)
    monkeypatch.setattr(apply, "BLOCK", 64)
    rule, start, gradient = RULES[name](learning_rate=RATE), rng.normal(size=SIZE), gradients(rng)
    start[:5] = 0.0, -0.0, 1.0, -1.0, 1e-300
    expected = [np.array(theta).tobytes() for theta in rule.trajectory(start.tolist(), gradient.tolist())]
    for threads, cuts in ((1, ()), (2, ()), (1, (7, 1500, 1501)), (2, (1100, 2900))):
        assert descend(rule, start, gradient, threads, cuts) == expected, (threads, cuts)


@every_rule
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_the_pure_form_is_the_form_in_place(name: str, kind: Any, division: str, rng: np.random.Generator):
    """`applied` gives what `apply_in_place` leaves, by bytes, and changes none of its arguments."""
    rule = RULES[name](learning_rate=RATE)
    theta, carry = rng.normal(size=SIZE).astype(kind), rule.start_carry()
    states = first_states(rule, theta)
    for k, g in enumerate(gradients(rng).astype(kind), start=1):
        numbers, carry = rule.numbers(k, RATE, carry)
        before = [theta.tobytes(), g.tobytes(), *(state.tobytes() for state in states)]
        pure, cause = applied(rule, numbers, Parameters(theta, g, states), 2)
        assert [theta.tobytes(), g.tobytes(), *(state.tobytes() for state in states)] == before
        assert apply_in_place(rule, numbers, [Parameters(theta, g, states)]) == cause == ""
        assert [v.tobytes() for v in (theta, *states)] == [v.tobytes() for v in (pure.theta, *pure.states)], k


@every_rule
def test_float32_is_storage(name: str, division: str, rng: np.random.Generator):
    """A float32 step is the float64 step from the widened values, rounded once."""
    rule = RULES[name](learning_rate=RATE)
    theta, carry = rng.normal(size=SIZE).astype(np.float32), rule.start_carry()
    states = first_states(rule, theta)
    for k, g in enumerate(gradients(rng).astype(np.float32), start=1):
        numbers, carry = rule.numbers(k, RATE, carry)
        wide = Parameters(*(v.astype(np.float64) for v in (theta, g)), tuple(s.astype(np.float64) for s in states))
        apply_in_place(rule, numbers, [wide])
        apply_in_place(rule, numbers, [Parameters(theta, g, states)])
        for found, expected in zip((theta, *states), (wide.theta, *wide.states)):
            assert found.tobytes() == expected.astype(np.float32).tobytes(), k


@every_rule
@pytest.mark.parametrize("bad", [float("inf"), float("-inf"), float("nan")])
def test_a_gradient_that_is_not_finite_is_named(name: str, bad: float, division: str):
    """One bad entry among many is reported in its step, in place and pure."""
    rule = RULES[name](learning_rate=RATE)
    theta, g = np.ones(SIZE), np.ones(SIZE)
    numbers, _ = rule.numbers(1, RATE, rule.start_carry())
    g[1234] = bad
    before = Parameters(theta, g, first_states(rule, theta))
    assert applied(rule, numbers, before, 2)[1] == "gradient"
    assert apply_in_place(rule, numbers, [before]) == "gradient"


def test_an_overflow_is_named():
    """A step that is infinite is a bad step; a float32 parameter beyond float32's range is a bad parameter."""
    sgd = RULES["sgd"](learning_rate=1e10)
    assert apply_in_place(sgd, (1e10,), [Parameters(np.ones(3), np.full(3, 1e300), ())]) == "step"
    narrow = Parameters(np.ones(3, np.float32), np.full(3, 1e30, np.float32), ())
    assert apply_in_place(sgd, (1e10,), [narrow]) == "parameter"


@pytest.mark.parametrize(
    "vectors",
    [
        (np.ones(3, np.float16), np.ones(3, np.float16)),
        (np.ones(3), np.ones(3, np.float32)),
        (np.ones(3), np.ones(4)),
        (np.ones((3, 1)), np.ones((3, 1))),
        (np.ones(6)[::2], np.ones(3)),
    ],
    ids=["half", "mixed", "lengths", "a matrix", "strided"],
)
def test_other_vectors_are_refused(vectors: tuple[Any, Any]):
    """Types other than float64 and float32, mixed types, lengths and strides are a SpecificationError."""
    rule = RULES["sgd"](learning_rate=RATE)
    with pytest.raises(SpecificationError):
        apply_in_place(rule, (RATE,), [Parameters(*vectors, ())])


def test_the_faster_way_to_divide_is_found_by_trying(rng: np.random.Generator):
    """A long vector is stepped in whichever way was faster, and its bytes are those of short ones."""
    rule, start = RULES["adam"](learning_rate=RATE), rng.normal(size=apply.QUOTIENT_WORK + 5)
    gradient = [rng.normal(size=start.size) for _ in range(2)]
    cuts = tuple(range(0, start.size, 1000))[1:]
    apply._quotients_pay.cache_clear()
    whole = descend(rule, start, gradient, 2)
    assert apply._quotients_pay.cache_info().currsize == 1
    parts = np.concatenate(
        [
            np.frombuffer(descend(rule, start[a:b], [g[a:b] for g in gradient], 1)[-1])
            for a, b in zip((0, *cuts), (*cuts, start.size))
        ]
    )
    assert parts.tobytes() == whole[-1]


def test_a_first_state_may_be_any_python() -> None:
    """A rule of one's own may work out its first state by what arrays cannot do; it is that of each value."""

    class Started(RULES["adagrad"]):  # type: ignore[misc]
        def first_state(self, theta: float) -> tuple[float, ...]:
            return (max(*super().first_state(theta), theta if theta > 0.1 else 0.1),)

    rule, theta = Started(learning_rate=0.1), np.array([0.0, 0.5, -2.0])
    assert [found.tolist() for found in first_states(rule, theta)] == [[0.1, 0.5, 0.1]]
    narrow = first_states(rule, theta.astype(np.float32))
    assert narrow[0].dtype == np.float32
    assert narrow[0].tolist() == np.array([0.1, 0.5, 0.1], dtype=np.float32).tolist()
