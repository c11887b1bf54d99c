"""Ways in which an optimizer's arithmetic commonly departs from its rule, each named as a person would name it.

A deviation is an edit of the rule's own text, or of the numbers and gradients that it is given; nothing here is a
second definition of a rule. `check` runs the edited rule; the deviation that takes the optimizer's steps is the fault.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ..rules import Rule

Arguments = dict[str, float]


@dataclass(frozen=True)
class Deviation:
    """What differs, in words; edits: (the rule's text, what stands there instead), all of which must apply.

    change: alters the named numbers of a step, given k. gradient: alters g, given theta and the numbers. keep: what
    theta is multiplied by, given the learning rate. first_state: of the named state vectors. late: each step has the
    learning rate of the one before.
    """

    words: str
    edits: tuple[tuple[str, str], ...] = ()
    change: Callable[[int, Arguments], Arguments] | None = None
    gradient: Callable[[float, float, Arguments], float] | None = None
    keep: Callable[[float], float] | None = None
    first_state: dict[str, float] = field(default_factory=dict)
    late: bool = False


def edit(words: str, *edits: tuple[str, str]) -> Deviation:
    return Deviation(words, edits)


def number(words: str, **values: Callable[[int, Arguments], float]) -> Deviation:
    """A deviation in which these numbers have other values, each a function of the step and the right numbers."""
    return Deviation(words, change=lambda k, numbers: {name: value(k, numbers) for name, value in values.items()})


def _late(k: int, beta: float) -> float:
    return _correction(k + 1, beta)


def _correction(k: int, beta: float) -> float:
    power = 1.0
    for _ in range(k):
        power *= beta
    return 1.0 - power


DEVIATIONS: tuple[Deviation, ...] = (
    edit("epsilon is inside the root", ("sqrt(v_hat) + epsilon", "sqrt(v_hat + epsilon)")),
    edit("epsilon is inside the root", ("sqrt(v) + epsilon", "sqrt(v + epsilon)")),
    edit(
        "epsilon is added before the bias correction (the paper's epsilon-hat form)",
        ("sqrt(v_hat) + epsilon", "(sqrt(v) + epsilon) / sqrt(v_correction)"),
    ),
    edit("there is no epsilon", ("sqrt(v_hat) + epsilon", "sqrt(v_hat) + 1e-300")),
    edit("there is no epsilon", ("sqrt(v) + epsilon", "sqrt(v) + 1e-300")),
    edit("the root is missing: the gradient is divided by v", ("sqrt(v_hat)", "v_hat")),
    edit("the root is missing: the gradient is divided by v", ("sqrt(v)", "v")),
    number("the bias of m is not corrected", m_correction=lambda k, n: 1.0),
    number("the bias of v is not corrected", v_correction=lambda k, n: 1.0),
    number("no bias is corrected", m_correction=lambda k, n: 1.0, v_correction=lambda k, n: 1.0),
    number(
        "the bias corrections count the steps from 2",
        m_correction=lambda k, n: _late(k, n["beta1"]),
        v_correction=lambda k, n: _late(k, n["beta2"]),
    ),
    number(
        "beta1 and beta2 are exchanged",
        beta1=lambda k, n: n["beta2"],
        beta2=lambda k, n: n["beta1"],
        m_correction=lambda k, n: n["v_correction"],
        v_correction=lambda k, n: n["m_correction"],
    ),
    number(
        "v is averaged with beta1",
        beta2=lambda k, n: n["beta1"],
        v_correction=lambda k, n: n["m_correction"],
    ),
    edit("m adds the whole gradient, without the factor 1 - beta1", ("(1.0 - beta1) * g", "g")),
    edit("v adds the whole squared gradient, without the factor 1 - beta2", ("(1.0 - beta2) * g * g", "g * g")),
    edit("v adds the whole squared gradient, without the factor 1 - decay", ("(1.0 - decay) * g * g", "g * g")),
    edit("v averages |g| instead of g²", ("(1.0 - beta2) * g * g", "(1.0 - beta2) * abs(g)")),
    edit("v averages |g| instead of g²", ("(1.0 - decay) * g * g", "(1.0 - decay) * abs(g)")),
    edit("v averages m² instead of g²", ("(1.0 - beta2) * g * g", "(1.0 - beta2) * m * m")),
    edit(
        "v averages (g - m)² instead of g²",
        ("(1.0 - beta2) * g * g", "(1.0 - beta2) * (g - m) * (g - m)"),
    ),
    edit(
        "the step uses v from before this gradient",
        ("v = decay * v + (1.0 - decay) * g * g", "old = v; v = decay * v + (1.0 - decay) * g * g"),
        ("sqrt(v) + epsilon", "sqrt(old) + epsilon"),
    ),
    edit(
        "the step uses v from before this gradient",
        ("v = beta2 * v + (1.0 - beta2) * g * g", "old = v; v = beta2 * v + (1.0 - beta2) * g * g"),
        ("v_hat = v / v_correction", "v_hat = old / v_correction"),
    ),
    edit(
        "v is the sum of squared gradients, and not their average", ("decay * v + (1.0 - decay) * g * g", "v + g * g")
    ),
    edit("the step follows the gradient, and not m", ("rate * m_hat", "rate * g")),
    edit(
        "the momentum is Nesterov's",
        ("m_hat = m / m_correction", "m_hat = (beta1 * m + (1.0 - beta1) * g) / m_correction"),
    ),
    edit("the momentum is Nesterov's", ("rate * b,", "rate * (g + momentum * b),")),
    edit("the momentum is the heavy ball's, and not Nesterov's", ("rate * (g + momentum * b),", "rate * b,")),
    edit(
        "the momentum is damped: the gradient enters with 1 - momentum",
        ("momentum * b + g", "momentum * b + (1.0 - momentum) * g"),
    ),
    edit(
        "the learning rate is inside the velocity",
        ("b = momentum * b + g", "b = momentum * b + rate * g"),
        ("rate * b,", "b,"),
    ),
    edit("the velocity is reset to the gradient: there is no momentum", ("b = momentum * b + g", "b = g")),
    Deviation("the step goes uphill", gradient=lambda g, theta, numbers: -g),
    Deviation("only the gradient's sign is used", gradient=lambda g, theta, numbers: float((g > 0) - (g < 0))),
    Deviation("the gradient is halved", gradient=lambda g, theta, numbers: 0.5 * g),
    Deviation("the gradient is doubled", gradient=lambda g, theta, numbers: 2.0 * g),
    Deviation("gradients are clipped to [-1, 1]", gradient=lambda g, theta, numbers: min(max(g, -1.0), 1.0)),
    Deviation("v starts at 1", first_state={"v": 1.0}),
    Deviation("a learning rate that changes takes effect one step late", late=True),
)


def weight_decay(size: float, rule_decays: bool) -> tuple[Deviation, ...]:
    """How an optimizer that was given a weight decay may use it, other than its rule."""
    coupled = Deviation(
        f"the weight decay {size:g} is added to the gradient (coupled, L2)",
        gradient=lambda g, theta, numbers: g + size * theta,
        keep=lambda rate: 1.0,
    )
    decoupled = Deviation(
        f"the weight decay {size:g} shrinks the parameter, times the learning rate (decoupled)",
        keep=lambda rate: 1.0 - rate * size,
    )
    unscaled = Deviation(
        f"the weight decay {size:g} shrinks the parameter, not times the learning rate", keep=lambda rate: 1.0 - size
    )
    ignored = Deviation("the weight decay is ignored", keep=lambda rate: 1.0)
    return (coupled, unscaled, ignored) if rule_decays else (coupled, decoupled, unscaled)


def edited(rule: Rule, deviations: tuple[Deviation, ...]) -> Callable[..., Any] | None:
    """The rule's step with the deviations' edits, or None where one of them does not apply to its text."""
    edits = [pair for deviation in deviations for pair in deviation.edits]
    if not edits:
        return rule.step
    text = _text(rule.step)
    for old, new in edits:
        if old not in text:
            return None
        text = text.replace(old, new)
    return _function(text, rule.step)


@cache
def _text(step: Callable[..., Any]) -> str:
    """A scalar function's text without annotations, in one spelling."""
    definition = ast.parse(textwrap.dedent(inspect.getsource(step))).body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.returns, definition.decorator_list = None, []
    for argument in definition.args.args:
        argument.annotation = None
    return ast.unparse(definition)


@cache
def _function(text: str, step: Callable[..., Any]) -> Callable[..., Any]:
    """The function that an edited text defines; the text is the rule's own and this file's."""
    names = dict(step.__globals__)
    exec(compile(text, f"<{step.__name__}, edited>", "exec"), names)
    function: Callable[..., Any] = names[step.__name__]
    return function
