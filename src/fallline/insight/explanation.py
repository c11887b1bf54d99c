"""What an explanation of a step consists of."""

from __future__ import annotations

from dataclasses import dataclass
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
    """One row of the batch. number: its place in the table, from 1. terms: (x - mean) for each feature."""

    number: int
    features: tuple[float, ...]
    terms: tuple[float, ...]
    target: float
    weight: float
    score: float
    prediction: float
    value: float
    slope: float


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
    penalty: float | None = None
    whole: tuple[Part, ...] = ()
    text: str = ""

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
