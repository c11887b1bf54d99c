"""What an explanation of a step consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any, NamedTuple

from .trace import Line


class Part(NamedTuple):
    """What a penalty or transform did: its name, its function's lines with their numbers, and what came out."""

    name: str
    lines: tuple[Line, ...]
    value: float

    def to_dict(self) -> dict[str, Any]:
        return {**self._asdict(), "lines": [line._asdict() for line in self.lines]}


@dataclass(frozen=True)
class Row:
    """One row of the batch. number: its place in the table, from 1. terms: (x - mean) for each feature.

    Where there is a score for each class, scores, probabilities and slopes are theirs, and score, prediction and slope
    those of the row's own class.
    """

    number: int
    features: tuple[float, ...]
    terms: tuple[float, ...]
    target: float
    weight: float
    score: float
    prediction: float
    value: float
    slope: float
    scores: tuple[float, ...] = ()
    probabilities: tuple[float, ...] = ()
    slopes: tuple[float, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """One parameter's part in the step. point: where the gradient is taken. sum: of the rows' gradients.

    update: the rule's lines with their numbers. keep: what decoupled decay leaves of the parameter, else 1. gradient:
    of the loss; penalized: with the smooth penalties' slopes, slope_parts. step: what the parameter loses. What else
    was done: gradient_parts to the gradient, step_parts to the rule's step, theta_parts to the parameter after it.
    """

    name: str
    before: float
    point: float
    sum: float
    inverse_scale: float
    gradient: float
    update: tuple[Line, ...]
    step: float
    keep: float
    after: float
    penalized: float
    slope_parts: tuple[Part, ...] = ()
    gradient_parts: tuple[Part, ...] = ()
    step_parts: tuple[Part, ...] = ()
    theta_parts: tuple[Part, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        parts = {
            name: [part.to_dict() for part in getattr(self, name)]
            for name in ("slope_parts", "gradient_parts", "step_parts", "theta_parts")
        }
        return {**self.__dict__, "update": [line._asdict() for line in self.update], **parts}


@dataclass(frozen=True)
class Explanation:
    """Step k taken apart. `str()` is a page of text, `to_dict()` everything in it, unrounded.

    penalty: what the penalties add to the loss, or None without any. whole: what transforms found over all parameters.
    """

    step: int
    learning_rate: float
    title: str
    rule: str
    formula: str
    loss_name: str
    loss_formula: str
    feature_names: tuple[str, ...]
    means: tuple[float, ...]
    inverse_scales: tuple[float, ...]
    rows: tuple[Row, ...]
    weight: float
    loss_sum: float
    loss: float
    parameters: tuple[Parameter, ...]
    has_intercept: bool
    focus: int | None
    focus_lines: tuple[Line, ...]
    applied: bool = True
    places: dict[int, str] = field(default_factory=dict)  # where rows on the page stand: "line 18"
    penalty: float | None = None
    whole: tuple[Part, ...] = ()
    text: str = ""
    classes: tuple[str, ...] = ()  # where there is a score for each: parameter i belongs to class i % K

    @property
    def scores(self) -> int:
        """How many scores a row has."""
        return max(len(self.classes), 1)

    def feature_of(self, i: int) -> int | None:
        """The feature that parameter i belongs to; None for an intercept."""
        j = i // self.scores
        return j if j < len(self.feature_names) else None

    def slope_of(self, row: Row, i: int) -> float:
        """The slope of a row's loss by the score that parameter i is part of."""
        return row.slopes[i % self.scores] if self.classes else row.slope

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"

    def to_dict(self) -> dict[str, Any]:
        plain = {
            name: value
            for name, value in self.__dict__.items()
            if name not in ("rows", "parameters", "focus_lines", "whole")
        }
        return {
            **plain,
            "rows": [row.__dict__ for row in self.rows],
            "parameters": [parameter.to_dict() for parameter in self.parameters],
            "whole": [part.to_dict() for part in self.whole],
            "focus_lines": [line._asdict() for line in self.focus_lines],
        }
