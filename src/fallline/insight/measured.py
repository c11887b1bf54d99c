"""One step of a run, measured: how the loss bends there, how noisy its gradient is, and what the step did."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

from ..compiled.runtime import Arrays, Floats, Rows
from ..descent.loop import Descent
from ..measures.change import change_of_step
from ..measures.curvature import extremes
from ..measures.effective_step import effective_steps
from ..measures.gradient import loss_and_gradient
from ..measures.hessian import HessianProduct
from ..measures.influence import sharpness_shares, step_shares
from ..measures.noise import critical_batch_size, noise_parts, noise_scale
from ..measures.path import cosine
from ..measures.stability import stable_rate, stable_rate_of_state
from ..measures.update_ratio import update_ratio

ROWS = 5  # that are named
FEW_COLUMNS = 200  # up to which the critical batch size is worked out: it costs a pass for each column


@dataclass(frozen=True)
class Measured:
    """Step k, measured at theta(k - 1) on its own batch unless it says table.

    largest, smallest: eigenvalues of the batch's Hessian; table_largest, table_smallest: of all rows'. stable_limit:
    the rule's, on the batch (None: not known). predicted_change, actual_change: of the batch's loss, by the quadratic
    picture and in fact. noise_scale, critical_batch_size: of the table, in rows. cosine: of the gradient with that of
    the step before (None in step 1). update_ratio: |theta(k) - theta(k - 1)| / |theta(k - 1)|. effective_steps: step /
    gradient of each parameter whose gradient is not 0, by name. step_rows, sharpness_rows: the rows with the largest
    shares, numbered from 1.
    """

    step: int
    learning_rate: float
    loss: float
    gradient_norm: float
    largest: float
    smallest: float
    table_largest: float
    table_smallest: float
    stable_limit: float | None
    predicted_change: float
    actual_change: float
    noise_scale: float
    critical_batch_size: float | None
    cosine: float | None
    update_ratio: float
    effective_steps: dict[str, float]
    step_rows: list[tuple[int, float]]
    sharpness_rows: list[tuple[int, float]]

    def to_dict(self) -> dict[str, object]:
        return asdict(self)

    def __str__(self) -> str:
        lines = []
        for name, value in asdict(self).items():
            if isinstance(value, dict):
                text = ", ".join(f"{key} {one:.4g}" for key, one in value.items())
            elif isinstance(value, list):
                text = ", ".join(f"row {row:,}: {share:.2%}" for row, share in value)
            else:
                text = "-" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
            lines.append(f"{name.replace('_', ' '):<20} {text}")
        return "\n".join(lines) + "\n"


def measured(descent: Descent, problem: Arrays, numbers: Rows, names: tuple[str, ...]) -> Measured:
    """The next step of a descent. numbers: the number of each of the problem's rows in its table, from 1."""
    k, rule = descent.k + 1, descent.plan.rule
    theta, state = (np.array(values, dtype=np.float64) for values in (descent.state.theta, descent.state.rule_state))
    rows = np.asarray(descent.batch(k))
    settings, rate = descent.numbers(k)[0], descent.rate(k)
    loss, gradient = _next_gradient(descent, problem)
    before = _gradient_before(descent, problem)
    descent.run(until=k)
    after = np.array(descent.state.theta, dtype=np.float64)
    batch, table = extremes(problem, theta, rows), extremes(problem, theta)
    if rule.adaptive:
        limit = stable_rate_of_state(rule, settings, state, HessianProduct(problem, theta, rows))
    else:
        limit = stable_rate(rule, settings, batch.largest)
    change = change_of_step(problem, theta, theta - after, rows)
    effective = effective_steps(theta - after, gradient)
    labels = [*names, *(["intercept"] if problem.intercept else [])]
    return Measured(
        k,
        rate,
        loss,
        float(np.sqrt(np.sum(gradient * gradient))),
        batch.largest,
        batch.smallest,
        table.largest,
        table.smallest,
        limit,
        change.predicted,
        change.actual,
        noise_scale([noise_parts(problem, theta)]),
        critical_batch_size(problem, theta) if problem.columns <= FEW_COLUMNS else None,
        None if before is None or math.isnan(turn := cosine(before, gradient)) else turn,
        update_ratio(theta, after),
        {label: value for label, value in zip(labels, effective.tolist(), strict=True) if not math.isnan(value)},
        _largest(step_shares(problem, theta, rows), numbers[rows]),
        _largest(sharpness_shares(problem, theta, rows), numbers[rows]),
    )


def _next_gradient(descent: Descent, problem: Arrays) -> tuple[float, Floats]:
    """The loss and the gradient of the next step, where its rule takes them."""
    rule, k = descent.plan.rule, descent.k + 1
    theta = [float(value) for value in descent.state.theta]
    if rule.point is not None:
        arguments, _ = rule.split(descent.numbers(k)[0])
        states = zip(*np.asarray(descent.state.rule_state).tolist(), strict=True)
        theta = [rule.point(value, *state, *arguments) for value, state in zip(theta, states, strict=True)]
    return loss_and_gradient(problem, np.array(theta), np.asarray(descent.batch(k)))


def _gradient_before(descent: Descent, problem: Arrays) -> Floats | None:
    """The latest step's gradient; None before step 1."""
    if descent.k == 0:
        return None
    earlier = Descent(descent.runtime, descent.plan, start_loss=descent.start_loss)
    earlier.run(until=descent.k - 1)
    return _next_gradient(earlier, problem)[1]


def _largest(shares: Floats, numbers: Rows) -> list[tuple[int, float]]:
    order = np.argsort(-np.abs(shares), kind="stable")[:ROWS]
    return [(int(numbers[i]), float(shares[i])) for i in order]
