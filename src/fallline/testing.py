"""The public law tests: whether a rule, loss or penalty of one's own obeys what Fallline promises of every one."""

from __future__ import annotations

import random
import struct
from itertools import product

import numpy as np

from .compiled.apply import Parameters, Vector, apply_in_place
from .compiled.runtime import Arrays, CompiledRuntime
from .compiled.shape import first_states
from .errors import FalllineError, SpecificationError
from .insight.check_loss import check_bytes, check_functions, check_slopes
from .losses import LOGISTIC, SQUARED, Loss
from .models.elementwise import elementwise
from .penalties import Features, Penalty
from .plain.additions import NONE, Additions, check_together
from .plain.descent import PlainRuntime
from .plain.divergence import Guard
from .plain.problem import Problem
from .rules import RULES, SGD, Adam, Rule
from .rules.rule import Numbers
from .transforms import ClipByNorm

HARD = (0.0, -0.0, float("inf"), float("-inf"), float("nan"), 1e-310, -1e308, 1.0)
STEPS = 5


def check_rule(rule: Rule | type[Rule], learning_rate: float = 0.01, seed: int | None = None) -> None:
    """Raise SpecificationError with what is wrong if a rule breaks the law; return if it keeps it.

    Checked are: that its functions never raise, whatever they are given (0, -0, infinities and NaN among it; a division
    by zero is the usual fault); that its step returns a step and as many states as it has; that it compiles; that plain
    Python and the compiled runtime, on one thread and on two, give the same bytes on random rows, for the squared and
    the logistic loss and batches of 1, 1,025 and all rows; and that on given gradients NumPy arrays and the compiled
    kernel on whole vectors, which `interop.torch` uses, have the bytes of `Rule.trajectory`.
    """
    made = rule(learning_rate=learning_rate) if isinstance(rule, type) else rule
    if made.learning_rate is None:
        made = made.with_rate(learning_rate)
    seed = random.SystemRandom().getrandbits(32) if seed is None else seed
    _never_raises(made, random.Random(seed))
    for loss in (SQUARED, LOGISTIC):
        for batch in (1, 1025, 1500):
            _same_bytes(made, Problems(loss, seed), batch, seed, "rule", made.name)
    _same_on_vectors(made, seed)


def check_loss(loss: Loss | type[Loss], seed: int | None = None) -> None:
    """Raise SpecificationError with what is wrong if a loss of one score a row breaks the law; return if it keeps it.

    Checked are: that its functions never raise, whatever score and target (a division by zero is the usual fault), and
    return what they should; that the slope is the value's derivative, and `second` the slope's, by differences; that it
    compiles; and that plain Python, NumPy and the compiled runtime, on one thread and on two, give the same bytes: on
    score and target 0, -0, infinite and NaN, and in descents on random rows with batches of 1, 1,025 and all rows.
    """
    made = loss() if isinstance(loss, type) else loss
    if made.many:
        raise SpecificationError(f"{made.name} has several scores a row: check_loss is for one", option="loss")
    seed = random.SystemRandom().getrandbits(32) if seed is None else seed
    check_functions(made)
    check_slopes(made, seed)
    check_bytes(made)
    for batch in (1, 1025, 1500):
        _same_bytes(RULES["sgd"](learning_rate=1e-3), Problems(made, seed), batch, seed, "loss", made.name)


def check_penalty(penalty: Penalty | type[Penalty], seed: int | None = None) -> None:
    """Raise SpecificationError with what is wrong if a penalty breaks the law; return if it keeps it.

    Checked are: that its functions never raise, whatever the coefficient and the scale; that `slope` is the derivative
    of the smooth part of `value`, and `prox` the argmin of (v - w)² / (2 scale) + the rest of it (with `bounds`, a
    projection); that they compile; and that plain Python and the compiled runtime, on one thread and on two, give the
    same bytes on random rows with gradient descent and Adam, clipped by norm, on batches of 1 and 1,025 rows.
    """
    made = penalty() if isinstance(penalty, type) else penalty
    seed = random.SystemRandom().getrandbits(32) if seed is None else seed
    problems = Problems(SQUARED, seed)
    additions = Additions((made,), (ClipByNorm(1.0),), Features(("a", "b", "c")))
    draw = random.Random(seed)
    for column in zip(*additions.columns[0]):
        _penalty_never_raises(made, column)
        for _ in range(50):
            _agrees(made, column, draw.gauss(0.0, 3.0), 10.0 ** draw.uniform(-3.0, 1.0))
    for rule in (SGD(0.01), Adam(0.01)):
        try:
            check_together(rule, (made,), ())
        except SpecificationError:
            continue
        for batch in (1, 1025):
            _same_bytes(rule, problems, batch, seed, "penalty", made.name, additions)


class Problems:
    """The same random problem in lists and in arrays."""

    def __init__(self, loss: Loss, seed: int, rows: int = 1500, columns: int = 3):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(rows, columns))
        y = x @ rng.normal(size=columns) + rng.normal(size=rows)
        if loss.classes:
            y = (y > 0).astype(np.float64)
        elif loss.domain is not None:
            y = np.abs(y) + max(loss.domain.low, -1e3)
        weights, means, inverse = rng.uniform(0.5, 2.0, rows), x.mean(axis=0), 1.0 / x.std(axis=0)
        self.arrays = Arrays(x, y, weights, loss, means, inverse)
        self.lists = Problem(x.tolist(), y.tolist(), weights.tolist(), loss, means.tolist(), inverse.tolist())


def _never_raises(rule: Rule, draw: random.Random) -> None:
    carry = rule.start_carry()
    for k in (1, 2):
        all_numbers, carry = rule.numbers(k, rule.learning_rate or 0.01, carry)
        numbers, _ = rule.split(all_numbers)
        hard = list(product(HARD, repeat=len(rule.state)))
        for g, theta in product(HARD, HARD):
            for state in [rule.first_state(0.0), *draw.sample(hard, min(len(hard), 64))]:
                _probe(rule, g, theta, state, numbers)


def _probe(rule: Rule, g: float, theta: float, state: tuple[float, ...], numbers: Numbers) -> None:
    try:
        result = rule.result(g, theta, state, numbers + rule.term_sums([g], [theta], [state]))
        for function, first in ((rule.scale, ()), (rule.point, (theta,))):
            if function is not None:
                function(*first, *state, *numbers)
        if rule.answer is not None:
            rule.answer(theta, *state)
    except (ArithmeticError, ValueError) as error:
        raise SpecificationError(
            f"{rule.name} raises {type(error).__name__} for g={g!r}, theta={theta!r}, state={state!r}: guard the "
            f"denominator before it divides",
            option="rule",
        ) from error
    except TypeError as error:
        raise SpecificationError(f"{rule.name} cannot be called: {error}", option="rule") from error
    count = len(result) if isinstance(result, tuple) else 1
    if count != 1 + len(rule.state):
        raise SpecificationError(
            f"{rule.name} returns {count} values: one step and {len(rule.state)} states are expected", option="rule"
        )


def _same_on_vectors(rule: Rule, seed: int) -> None:
    """NumPy's arrays and the compiled kernel on whole vectors, against the trajectory in plain Python."""
    rng = np.random.default_rng(seed)
    start, gradients = rng.normal(size=1500), rng.normal(size=(STEPS, 1500)) * 10.0 ** rng.uniform(-6, 6, 1500)
    gradients[0] = 0.0
    rate, carry = rule.learning_rate or 0.01, rule.start_carry()
    theta, vector = start.copy(), start.copy()
    states, vectors = first_states(rule, theta), first_states(rule, vector)
    for k, expected in enumerate(rule.trajectory(start.tolist(), gradients.tolist()), start=1):
        g = gradients[k - 1]
        numbers, carry = rule.numbers(k, rate, carry)
        apply_in_place(rule, numbers, [Parameters(vector, g, vectors)], 2)
        theta, states = _on_arrays(rule, numbers, theta, g, states)
        for name, found in (("NumPy arrays", theta), ("the compiled kernel on vectors", vector)):
            if _bytes(expected) != found.tobytes():
                raise SpecificationError(
                    f"{rule.name}: {name} and plain Python differ in step {k}, seed {seed}: is its function in the "
                    f"vocabulary of fallline.scalar?",
                    option="rule",
                )


def _on_arrays(
    rule: Rule, numbers: Numbers, theta: Vector, g: Vector, states: tuple[Vector, ...]
) -> tuple[Vector, tuple[Vector, ...]]:
    """One step of the rule's text on NumPy arrays: theta and the new state."""
    arguments, keep = rule.split(numbers)
    sums = rule.term_sums(g.tolist(), theta.tolist(), list(zip(*(s.tolist() for s in states))) or [()] * len(g))
    given = (g, theta) if rule.takes_theta else (g,)
    result = elementwise(rule.step)(*given, *states, *arguments, *sums)
    step, *new = result if rule.state else (result,)
    return theta * keep - step, tuple(np.broadcast_to(value, theta.shape) for value in new)


def _penalty_never_raises(penalty: Penalty, numbers: tuple[float, ...]) -> None:
    for w, scale in product(HARD, (0.0, 1e-310, 1.0, 1e308, float("inf"), float("nan"))):
        calls = ((penalty.value, (w,)), (penalty.slope, (w,)), (penalty.prox, (w, scale)))
        for function, arguments in calls:
            try:
                if function is not None:
                    float(function(*arguments, *numbers))
            except (ArithmeticError, ValueError, TypeError) as error:
                raise SpecificationError(
                    f"{penalty.name}: {getattr(function, '__name__', 'it')} raises {type(error).__name__} for w={w!r}, "
                    f"scale={scale!r}: guard the denominator before it divides, and return one number",
                    option="penalty",
                ) from error


def _agrees(penalty: Penalty, numbers: tuple[float, ...], w: float, scale: float) -> None:
    """Whether value, slope and prox are those of one penalty, near this coefficient."""

    def smooth(v: float) -> float:
        """The integral of the slope from 0, by Simpson's rule."""
        if penalty.slope is None:
            return 0.0
        at = [penalty.slope(v * i / 400.0, *numbers) for i in range(401)]
        return v / 1200.0 * (at[0] + at[400] + 4.0 * sum(at[1:400:2]) + 2.0 * sum(at[2:399:2]))

    def rest(v: float) -> float:
        value = 0.0 if penalty.value is None else penalty.value(v, *numbers) - penalty.value(0.0, *numbers)
        return value - smooth(v)

    if penalty.prox is None:
        if abs(rest(w)) > 1e-6 * (1.0 + abs(smooth(w))):
            raise _wrong(penalty, f"at w={w:.6g} slope is not the derivative of value", "slope")
        return
    found = penalty.prox(w, scale, *numbers)
    if penalty.bounds:
        if penalty.prox(found, scale, *numbers) != found or penalty.prox(w, 2.0 * scale, *numbers) != found:
            raise _wrong(penalty, f"prox({w:.6g}) is no projection", "prox")
        return

    def cost(v: float) -> float:
        return (v - w) * (v - w) / (2.0 * scale) + rest(v)

    for other in (0.0, w, *(found + sign * by for sign in (-1.0, 1.0) for by in (1e-3, 0.1, 1.0))):
        if cost(found) > cost(other) + 1e-6 * (1.0 + abs(cost(other))):
            words = f"prox({w:.6g}, scale={scale:.6g}) gives {found:.6g}, and {other:.6g} is better"
            raise _wrong(penalty, words, "prox")


def _wrong(penalty: Penalty, words: str, option: str) -> SpecificationError:
    return SpecificationError(f"{penalty.name}: {words}", option=option)


def _same_bytes(
    rule: Rule, problems: Problems, batch: int, seed: int, option: str, name: str, additions: Additions = NONE
) -> None:
    """Descents in plain Python and compiled; `option`, such as "rule", is what is on trial, and name its name."""
    rows = np.random.default_rng(seed + 1).permutation(problems.arrays.rows)
    batches = [rows[t * batch % len(rows) :][:batch] for t in range(STEPS)]
    numbers, carry = [], rule.start_carry()
    for k in range(1, STEPS + 1):
        rate = rule.learning_rate or 0.01
        row, carry = rule.numbers(k, rate, carry)
        numbers.append(row + additions.numbers(k, rate))
    guard = Guard(float("inf"), 1)
    start = [0.1] * problems.arrays.parameters
    plain = PlainRuntime(problems.lists, rule, additions)
    expected_state = plain.start(start, 1.0)
    expected = plain.advance(expected_state, [one.tolist() for one in batches], numbers, guard)
    for threads in (1, 2):
        runtime = CompiledRuntime(problems.arrays, rule, threads, thread_work=0, additions=additions)
        state = runtime.start(start, 1.0)
        try:
            found = runtime.advance(state, batches, numbers, guard)
        except FalllineError:
            raise
        except Exception as error:  # whatever Numba makes of a function that it cannot compile
            reason = str(error).strip().splitlines()[0]
            raise SpecificationError(f"{name} cannot be compiled: {reason}", option=option) from error
        theta = struct.pack(f"{len(expected_state.theta)}d", *expected_state.theta)
        states = np.array(expected_state.rule_state, dtype=np.float64)
        same = theta == state.theta.tobytes() and states.tobytes() == state.rule_state.tobytes()
        if not same or _bytes(expected[0]) != _bytes(found[0]) or expected[2] != found[2]:
            raise SpecificationError(
                f"{name}: plain Python and the compiled runtime differ on {problems.arrays.loss.name} loss, "
                f"batches of {batch}, {threads} threads, seed {seed}: is its function in the vocabulary of "
                f"fallline.scalar?",
                option=option,
            )


def _bytes(values: list[float]) -> bytes:
    return struct.pack(f"{len(values)}d", *values)
