"""A rule applied to whole vectors of parameters whose gradient comes from elsewhere: one pass over memory a step.

The kernel is generated from the rule's own text. The vectors are float64, and then every byte is that of
`Rule.trajectory`, with any number of threads; or float32 as storage: each value is widened when it is read, all
arithmetic is float64, and theta and the states are rounded once, when they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from time import perf_counter
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import SpecificationError
from ..rules.rule import Numbers, Rule
from ..sums import LEAF
from . import apply_loops, prefetch, quotient, vectors
from .generate import KERNEL, Text, load
from .kernels import bind_rule, count_of_sums, table_kernel
from .pool import share
from .quotient import DIVISORS, has_fused_multiply_add, with_quotients

BLOCK = 512  # parameters after which those whose dividends were out of range are done
QUOTIENT_WORK = 1 << 16  # parameters from which it is worth to find out how to divide faster
TIMED = 1 << 12  # parameters on which that is found out, in some 50 µs
CHUNK = 1 << 18  # parameters that a thread takes at a time: a multiple of LEAF, some 100 µs of work
THREAD_WORK = 1 << 16  # parameters from which a second thread is worth its start
IMPORTED = {
    quotient: ("both", "quotient", "usable"),
    prefetch: ("take",),
    vectors: ("are_infinite", "magnitude_bits", "no_bits", "read", "write"),
}
BOUND = frozenset({"update", "held", "update_by_quotients", "gradient_point", "terms_of", "answer_point"}).union(
    *IMPORTED.values()
)
READ = [f"read(state[{i}], j, {i + 3})" for i in range(vectors.VECTORS - 3)]
WRITE = [f"write(new_state[{i}], k, {i + 3}, new_{i})" for i in range(vectors.VECTORS - 3)]

Vector = NDArray[Any]  # of float64 or float32, contiguous


class Parameters(NamedTuple):
    """A vector of parameters, its gradient, and the vectors of the rule's state: all of one length and type."""

    theta: Vector
    gradient: Vector
    states: tuple[Vector, ...]

    def part(self, start: int, stop: int) -> Parameters:
        cut = slice(start, stop)
        return Parameters(self.theta[cut], self.gradient[cut], tuple(state[cut] for state in self.states))


def apply_in_place(rule: Rule, numbers: Numbers, parameters: Sequence[Parameters], threads: int = 1) -> str:
    """One step of the rule on vectors that follow one another, with the numbers that `rule.numbers` gave for it.

    Returns what was not finite, "gradient", "step" or "parameter", or "". The step has been taken nevertheless: to
    know it beforehand would be a second pass over memory.
    Raises SpecificationError where vectors differ in length or type, or are neither float64 nor float32.
    """
    _check(rule, parameters)
    kernel = _kernel_of(rule)
    given, keep = rule.split(numbers)
    arguments = tuple(float(number) for number in given) + _term_sums(kernel, rule, parameters, threads)
    by_quotients = _takes_quotients(kernel, parameters, arguments)

    def work(task: tuple[Parameters, Vector]) -> int:
        part, next_chunk = task
        if by_quotients:
            scratch = np.empty(BLOCK)
            return int(kernel.apply_rule_by_quotients(*part, arguments, keep, next_chunk, CHUNK, scratch))
        return int(kernel.apply_rule(*part, arguments, keep, next_chunk, CHUNK))

    bad = 0
    for found in share(work, _tasks(parameters, threads), threads):
        bad |= found
    for bit, cause in ((1, "gradient"), (2, "step"), (4, "parameter")):
        if bad & bit:
            return cause
    return ""


def applied(rule: Rule, numbers: Numbers, parameters: Parameters, threads: int = 1) -> tuple[Parameters, str]:
    """The pure form: what `apply_in_place` would leave, in new vectors, and what was not finite."""
    theta, gradient, states = parameters
    after = Parameters(theta.copy(), gradient, tuple(state.copy() for state in states))
    return after, apply_in_place(rule, numbers, [after], threads)


def write_points(rule: Rule, numbers: Numbers, theta: Vector, states: tuple[Vector, ...], out: Vector) -> None:
    """out <- where the rule takes the gradient in the step with these numbers."""
    arguments = tuple(float(number) for number in rule.split(numbers)[0])
    _kernel_of(rule).point_rule(theta, states, arguments, out)


def write_answers(rule: Rule, theta: Vector, states: tuple[Vector, ...], out: Vector) -> None:
    """out <- which point is the result."""
    _kernel_of(rule).answer_rule(theta, states, out)


def _check(rule: Rule, parameters: Sequence[Parameters]) -> None:
    for theta, gradient, states in parameters:
        if len(states) != len(rule.state):
            raise SpecificationError(f"{rule.name} has {len(rule.state)} vectors of state, not {len(states)}")
        for name, vector in zip(("theta", "gradient", *rule.state), (theta, gradient, *states)):
            if vector.dtype not in (np.float64, np.float32) or vector.dtype != theta.dtype:
                raise SpecificationError(
                    f"{name} is {vector.dtype}: theta, gradient and state must all be float64, or all float32",
                    option=name,
                    value=str(vector.dtype),
                    allowed="float64 or float32",
                )
            if vector.shape != (theta.size,) or not vector.flags.c_contiguous:
                raise SpecificationError(
                    f"{name} has shape {vector.shape}: theta, gradient and state must be contiguous vectors of one "
                    "length",
                    option=name,
                    value=vector.shape,
                )


def _takes_quotients(kernel: Any, parameters: Sequence[Parameters], arguments: Numbers) -> bool:
    """Whether this step divides by exact quotients: the same bytes either way."""
    low, high = DIVISORS
    usual = kernel.DIVISORS and all(low <= arguments[i] <= high for i in kernel.DIVISORS)
    if not usual or sum(part.theta.size for part in parameters) < QUOTIENT_WORK:
        return False
    first = parameters[0]
    return _quotients_pay(kernel, len(first.states), len(arguments), first.theta.dtype)


@cache
def _quotients_pay(kernel: Any, states: int, numbers: int, kind: np.dtype[Any]) -> bool:
    """Whether exact quotients take less time than this processor's divider, which may be as fast. Timed once."""

    def seconds(loop: Callable[..., object], *scratch: Vector) -> float:
        theta, gradient, *state = (np.linspace(0.3, 0.9, TIMED).astype(kind) for _ in range(2 + states))
        times = []
        for _ in range(6):  # the first one compiles
            start = perf_counter()
            loop(theta, gradient, tuple(state), (0.7,) * numbers, 1.0, np.zeros(1, np.int64), CHUNK, *scratch)
            times.append(perf_counter() - start)
        return min(times)

    return seconds(kernel.apply_rule_by_quotients, np.empty(BLOCK)) < seconds(kernel.apply_rule)


def _term_sums(kernel: Any, rule: Rule, parameters: Sequence[Parameters], threads: int) -> Numbers:
    """`Rule.term_sums` over all vectors, one behind the other, in the order of the law."""
    if rule.terms is None:
        return ()
    size = sum(part.theta.size for part in parameters)
    leaves = np.zeros((max(-(-size // LEAF), 1), count_of_sums(rule.terms)))  # type: ignore[arg-type]
    start = 0
    for part_of_all in parameters:  # a leaf may begin in one vector and end in the next
        first = -start % LEAF
        cuts = [0, *range(first or CHUNK, part_of_all.theta.size, CHUNK), part_of_all.theta.size]
        parts = [(start + a, part_of_all.part(a, b)) for a, b in zip(cuts, cuts[1:])]

        def work(part: tuple[int, Parameters]) -> None:
            kernel.add_terms(*part[1], part[0], leaves)

        share(work, parts, threads)
        start += part_of_all.theta.size
    sums = np.empty(leaves.shape[1])
    table_kernel().combine(leaves, sums)
    return tuple(sums.tolist())


def _tasks(parameters: Sequence[Parameters], threads: int) -> list[tuple[Parameters, Vector]]:
    """Each vector with the counter of its chunks: as often as threads can share it, and then each takes chunks until
    none is left. (A call for each chunk would take a tenth of the time of `momentum`.)"""
    tasks = []
    for found in parameters:
        next_chunk = np.zeros(1, np.int64)
        tasks += [(found, next_chunk)] * max(min(threads, -(-found.theta.size // CHUNK)), 1)
    return tasks


def _kernel_of(rule: Rule) -> ModuleType:
    functions = rule.step, rule.point, rule.answer, rule.terms
    return _apply_kernel(*functions, len(rule.state), rule.takes_theta, rule.decays)


@cache
def _apply_kernel(
    step: FunctionType,
    point: FunctionType | None,
    answer: FunctionType | None,
    terms: FunctionType | None,
    states: int,
    takes_theta: bool,
    decays: bool,
) -> ModuleType:
    text = Text()
    for module, names in IMPORTED.items():
        text.use(*(getattr(module, name) for name in names))
    bind_rule(text, step, point, terms, states, takes_theta, read=READ[:states], write=WRITE[:states])
    state = ", ".join(["theta", *READ[:states]])
    value = "theta" if answer is None else f"{text.add(answer)}({state})"
    text.define(f"def answer_point(theta, state, j):\n    return {value}\n")
    text.define(f"def held(theta, keep):\n    return theta{' * keep' if decays else ''}\n")
    loops = [apply_loops.apply_rule, apply_loops.add_terms, apply_loops.point_rule, apply_loops.answer_rule]
    if _bind_quotients(text, step, states, takes_theta):
        loops.append(apply_loops.apply_rule_by_quotients)
    for function in loops:
        text.add(function, KERNEL, BOUND)
    return load(f"apply_{step.__name__}", str(text))


def _bind_quotients(text: Text, step: FunctionType, states: int, takes_theta: bool) -> bool:
    """Bind `update_by_quotients`, if the rule divides by numbers and the processor can do that without dividing."""
    numbers = step.__code__.co_argcount - 1 - takes_theta - states
    rewritten, divisors = with_quotients(step, numbers) if has_fused_multiply_add() else ("", ())
    text.line(f"DIVISORS = {divisors}")
    if not divisors:
        return False
    text.define(rewritten)
    old = READ[:states]
    arguments = ", ".join(["g", *(["theta"] if takes_theta else []), *old, *(f"numbers[{i}]" for i in range(numbers))])
    results = ", ".join(["step", *(f"new_{i}" for i in range(states)), "good"])
    lines = [f"{results} = {step.__name__}_by_quotients({arguments})"]
    lines += [f"new_{i} = where(good, new_{i}, {old[i]})\n    {WRITE[i]}" for i in range(states)]
    body = "\n    ".join([*lines, "return step, good"])
    text.define(f"def update_by_quotients(g, theta, state, j, numbers, new_state, k):\n    {body}\n")
    return True
