"""The rows of a step whose loss has a score for each class, and one row's loss worked out."""

from __future__ import annotations

from collections.abc import Sequence

from ..losses.softmax import shares
from ..plain.problem import Problem
from .explanation import Row
from .trace import Line, number


def left_to_right(values: Sequence[float]) -> float:
    """A sum as it is written on the page; the step itself adds leaves of 1,024 rows by a tree."""
    total = 0.0
    for value in values:
        total += value
    return total


def class_rows(problem: Problem, theta: list[float], numbers: list[int]) -> list[Row]:
    """Every row with its K scores, probabilities and slopes, made by the loss itself."""
    count, columns = problem.scores, problem.columns
    coefficients = [w * inverse for w, inverse in zip(theta, problem.parameter_scales)]
    rows = []
    for i, features in enumerate(problem.features):
        terms = [x - mean for x, mean in zip(features, problem.means, strict=True)]
        scores = []
        for c in range(count):
            score = left_to_right([x * coefficients[j * count + c] for j, x in enumerate(terms)])
            scores.append(score + theta[columns * count + c] if problem.intercept else score)
        slopes, probabilities = [0.0] * count, [0.0] * count
        value = problem.loss.row(scores, problem.targets[i], slopes)
        shares(scores, probabilities)
        own = int(problem.targets[i])
        rows.append(
            Row(
                numbers[i],
                tuple(features),
                tuple(terms),
                problem.targets[i],
                problem.weights[i],
                scores[own],
                probabilities[own],
                value,
                slopes[own],
                tuple(scores),
                tuple(probabilities),
                tuple(slopes),
            )
        )
    return rows


def class_lines(problem: Problem, row: Row, classes: tuple[str, ...]) -> tuple[Line, ...]:
    """The loss of one row: each class's power, their sum, the probabilities, the value and the slopes."""
    powers = [0.0] * problem.scores
    largest, total = shares(row.scores, powers)
    lines = [Line("largest", "the largest score", number(largest), largest)]
    lines.append(Line("total", "sum of exp(score - largest)", number(total), total))
    for name, score, p in zip(classes, row.scores, row.probabilities, strict=True):
        worked = f"exp({number(score)} - {number(largest)}) / {number(total)}"
        lines.append(Line(f"p[{name}]", "exp(score - largest) / total", worked, p))
    worked = f"log({number(total)}) - ({number(row.score)} - {number(largest)})"
    lines.append(Line("value", "log(total) - (score of its class - largest)", worked, row.value))
    for c, (name, p, slope) in enumerate(zip(classes, row.probabilities, row.slopes, strict=True)):
        own = c == int(row.target)
        text = "p - 1 (its own class)" if own else "p"
        lines.append(Line(f"slope[{name}]", text, f"{number(p)} - 1" if own else number(p), slope))
    return tuple(lines)
