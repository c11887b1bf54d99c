"""`gradient_descent`: fit a line or a plane in plain Python, and watch it happen."""

from __future__ import annotations

from ..errors import DataError, DivergenceError, SpecificationError
from ..losses import SQUARED
from ..order.shuffle import Sizes, rows
from ..rules import rule_named
from ..sums import Vector
from .descent import PlainRuntime, State
from .divergence import Guard
from .problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..rules.rule import Numbers, Rule


def gradient_descent(
    x: Sequence[float] | Sequence[Sequence[float]],
    y: Sequence[float],
    learning_rate: float = 0.01,
    epochs: int = 1000,
    *,
    report: Callable[[str], object] | None = print,
    report_every: int = 100,
    rule: str = "sgd",
    batch_size: int | str = "full",
    seed: int = 0,
) -> tuple[float | list[float], float]:
    """Fit y = w x + b by gradient descent on the mean squared error, from w = b = 0, and return (w, b).

    x holds n numbers, or n rows of d numbers each (then w is a list of d); y holds n numbers.
    A step is theta <- theta - learning_rate * gradient, gradient = mean of 2 (w x + b - y) * (x, 1); `rule` names
    another: "momentum", "rmsprop" or "adam". A batch is all rows ("full") or batch_size of them in shuffled order; an
    epoch is one pass over the rows. Every `report_every` epochs `report` gets a line: the mean loss of the epoch's
    batches, each before its update, and the parameters after it.

    Standard library only, and by the law of every Fallline runtime: float64, rows summed in order.
    Raises DataError for unusable x or y, SpecificationError for an impossible option, DivergenceError when it goes up.
    """
    features, targets = checked_rows(x, y)
    descent_rule = rule_named(rule, learning_rate=learning_rate)
    size = checked_batch_size(batch_size, len(targets))
    for option, value in (("epochs", epochs), ("report_every", report_every)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise SpecificationError(
                f"{option}={value!r}: give a whole number of at least 1", option=option, value=value
            )

    columns = len(features[0])
    problem = Problem(features, targets, [1.0] * len(targets), SQUARED, [0.0] * columns, [1.0] * columns)
    runtime = PlainRuntime(problem, descent_rule)
    start = [0.0] * problem.parameters
    start_loss = runtime.loss(start)
    state = runtime.start(start, start_loss)
    sizes = Sizes.of(len(targets), columns, size)
    guard = Guard.of(start_loss, len(targets), size)
    carry = descent_rule.start_carry()
    k = 0
    for epoch in range(epochs):
        epoch_loss = 0.0
        for t in range(sizes.steps):
            k += 1
            batch = rows(seed, epoch, sizes, t)
            numbers, carry = descent_rule.numbers(k, learning_rate, carry)
            (loss,), _, cause = runtime.advance(state, [batch], [numbers], guard)
            if cause:
                raise diverged(k, cause, problem, descent_rule, state, numbers, start_loss, loss)
            epoch_loss += loss * len(batch)
        if report is not None and epoch % report_every == 0:
            report(line(epoch, epoch_loss / len(targets), state.theta, isinstance(x[0], int | float)))
    *w, b = state.theta
    return (w[0] if isinstance(x[0], int | float) else w), b


def line(epoch: int, loss: float, theta: Vector, single: bool) -> str:
    *w, b = theta
    shown = f"{w[0]:.4f}" if single else "[" + ", ".join(f"{value:.4f}" for value in w) + "]"
    return f"epoch={epoch}, loss={loss:.4f}, w={shown}, b={b:.4f}"


def checked_rows(
    x: Sequence[float] | Sequence[Sequence[float]], y: Sequence[float]
) -> tuple[list[list[float]], list[float]]:
    """x and y as lists of floats; DataError says which row is wrong."""
    if len(x) != len(y):
        raise DataError(f"x has {len(x)} rows and y has {len(y)}: give one y for each row of x")
    if len(x) == 0:
        raise DataError("x and y are empty: give at least one row")
    features, targets = [], []
    for i in range(len(x)):
        try:
            cell = x[i]
            features.append([float(cell)] if isinstance(cell, int | float) else [float(value) for value in cell])
            targets.append(float(y[i]))
        except (TypeError, ValueError):
            raise DataError(f"row {i + 1}: {x[i]!r} and {y[i]!r} are not numbers", row=i + 1) from None
        if len(features[i]) != len(features[0]) or not features[i]:
            raise DataError(
                f"row {i + 1} has {len(features[i])} numbers, row 1 has {len(features[0])}: give as many, at least 1",
                row=i + 1,
            )
        if not all(abs(value) < float("inf") for value in (*features[i], targets[i])):
            raise DataError(f"row {i + 1} holds NaN or infinity: leave the row out or fill it in", row=i + 1)
    return features, targets


def checked_batch_size(batch_size: int | str, count: int) -> int:
    if batch_size == "full":
        return count
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise SpecificationError(
            f'batch_size={batch_size!r}: give a whole number of rows, at least 1, or "full"',
            option="batch_size",
            value=batch_size,
            allowed='at least 1, or "full"',
        )
    return min(batch_size, count)


def diverged(
    k: int, cause: str, problem: Problem, rule: Rule, state: State, numbers: Numbers, start_loss: float, loss: float
) -> DivergenceError:
    """What went wrong in step k, and the largest rate that is stable on all rows where the rule stands."""
    from .curvature import largest_curvature  # only now: the five points are to start at once

    fixed = rule.scale is not None  # else the limit is that of plain steps
    scales = [rule.scale_at_rate_1(values, numbers) if fixed else 1.0 for values in state.by_parameter()]
    curvature, _ = largest_curvature(problem, [0.0] * problem.parameters, range(problem.rows), scales)
    limit = rule.stability / curvature if curvature > 0.0 else float("inf")
    rate = numbers[0]
    what = f"the loss grew from {start_loss:.4g} to {loss:.4g}" if cause == "growth" else f"the {cause} is not finite"
    advice = f"learning_rate={min(limit, rate) / 2:.2g}"
    return DivergenceError(
        f"diverged at step {k}: {what} at learning_rate={rate:g}; steps of all rows are stable only below {limit:.3g}. "
        f"Try {advice}",
        step=k,
        cause=what,
        advice=advice,
    )
