"""`explain`: the arithmetic of one real step, worked out like a page of a textbook.

Every number shown is made by the plain runtime's own functions on the step's own rows, so it is the real step.
"""

from __future__ import annotations

from dataclasses import replace

from ..descent.loop import Descent
from ..plain.gradient import batch_gradient
from ..plain.problem import Problem
from .additions import Worked
from .explain_classes import class_lines, class_rows, left_to_right
from .explanation import Explanation, Parameter, Row
from .page import page
from .trace import Line, trace


def explain(
    descent: Descent,
    problem: Problem,
    numbers: list[int],
    names: tuple[str, ...],
    title: str,
    focus: int | None = None,
    applied: bool = True,
    places: dict[int, str] | None = None,
    classes: tuple[str, ...] = (),
) -> Explanation:
    """Explain the next step of a descent. problem: its batch in plain lists; numbers: those rows' numbers.

    focus: the number of a row to work out in full. applied: False for a step at which the descent diverged. places:
    where rows stand in their file. classes: the target's, where each has a score.
    """
    plan, k = descent.plan, descent.k + 1
    rule = plan.rule
    theta = [float(value) for value in descent.state.theta]
    states = [[float(vector[j]) for vector in descent.state.rule_state] for j in range(len(theta))]
    more, all_numbers = descent.additions, descent.numbers(k)[0]
    arguments = rule.split(more.split(all_numbers)[0])[0]
    point = theta
    if rule.point is not None:
        point = [rule.point(value, *state, *arguments) for value, state in zip(theta, states)]
    loss, gradient, weight = batch_gradient(problem, point, range(problem.rows), more.part)
    worked = Worked(rule, more, theta, point, states, gradient, all_numbers)
    rows = (class_rows if problem.loss.many else _rows)(problem, point, numbers)
    parameters = []
    scales, count = problem.parameter_scales, problem.scores
    code = rule.step.__code__
    for j, before in enumerate(theta):
        values = (worked.gradients[j], *([before] if rule.takes_theta else []), *states[j], *worked.arguments)
        named = dict(zip(code.co_varnames[: code.co_argcount], values, strict=True))
        inverse = scales[j] if j < len(scales) else 1.0
        slopes = [row.slopes[j % count] if row.slopes else row.slope for row in rows]
        terms = [row.terms[j // count] if j < len(scales) else 1.0 for row in rows]
        total = left_to_right([row.weight * slope * term for row, slope, term in zip(rows, slopes, terms)])
        lines = tuple(trace(rule.step, named, ("step", *rule.state)))
        name = names[j // count] if j < len(scales) else "intercept"
        name += f" of {classes[j % count]}" if classes else ""
        parameters.append(
            Parameter(
                *(name, before, point[j], total, inverse, gradient[j], lines),
                *(worked.steps[j], worked.keep, worked.after[j], worked.penalized[j]),
                *(
                    tuple(parts[j])
                    for parts in (worked.slope_parts, worked.gradient_parts, worked.step_parts, worked.theta_parts)
                ),
            )
        )
    at = numbers.index(focus) if focus is not None else None
    lines = () if at is None else class_lines(problem, rows[at], classes) if classes else _lines(problem, rows[at])
    explained = Explanation(
        k,
        descent.rate(k),
        title,
        rule.name,
        rule.formula,
        problem.loss.name,
        problem.loss.formula,
        names,
        tuple(problem.means),
        tuple(problem.inverse_scales),
        tuple(rows),
        weight,
        left_to_right([row.weight * row.value for row in rows]),
        loss,
        tuple(parameters),
        problem.intercept,
        at,
        lines,
        applied,
        places or {},
        more.penalty(point) if more.penalties else None,
        tuple(worked.whole),
        classes=classes,
    )
    return replace(explained, text=page(explained))


def _rows(problem: Problem, theta: list[float], numbers: list[int]) -> list[Row]:
    coefficients = [w * inverse for w, inverse in zip(theta, problem.inverse_scales)]
    rows = []
    for i, features in enumerate(problem.features):
        terms = [x - mean for x, mean in zip(features, problem.means, strict=True)]
        score = left_to_right([x * u for x, u in zip(terms, coefficients)])
        if problem.intercept:
            score += theta[-1]
        value, slope = problem.loss.row(score, problem.targets[i], *problem.loss.numbers)
        rows.append(
            Row(
                numbers[i],
                tuple(features),
                tuple(terms),
                problem.targets[i],
                problem.weights[i],
                score,
                problem.loss.inverse_link(score),
                value,
                slope,
            )
        )
    return rows


def _lines(problem: Problem, row: Row) -> tuple[Line, ...]:
    """The row's loss, line by line."""
    return tuple(trace(problem.loss.row, _named(problem, row), ("value", "slope")))


def _named(problem: Problem, row: Row) -> dict[str, float]:
    code = problem.loss.row.__code__
    return dict(zip(code.co_varnames[: code.co_argcount], (row.score, row.target, *problem.loss.numbers), strict=True))
