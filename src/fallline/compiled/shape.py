"""What a step has besides the rule, as kernels are made for it: the shape of penalties and transforms, and their rows.

`rows_of` lays out the array `extra` (rows, parameters): the penalties' numbers for each coefficient, then FIRST and
NEXT of groups, then the average of the parameters. Behind the rule's numbers of a step stand those of the transforms.
`first_states` are the rows of the rule itself.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..models.elementwise import elementwise
from ..plain.additions import Additions
from ..rules.rule import Rule


class Part(NamedTuple):
    """A penalty's functions and its rows of `extra`."""

    value: FunctionType | None
    slope: FunctionType | None
    prox: FunctionType | None
    rows: range


class Change(NamedTuple):
    """A transform's functions, how many sums it takes, and where its numbers stand behind the rule's."""

    term: FunctionType | None
    finish: FunctionType
    apply: FunctionType
    share: FunctionType
    sums: int
    numbers: range


class Shape(NamedTuple):
    """All that decides the text of a kernel's additions: one text serves every choice of their numbers."""

    penalties: tuple[Part, ...] = ()
    groups: tuple[FunctionType, ...] = ()  # term, value, factor, shrunk
    group_rows: range = range(0)
    needs_scale: bool = False
    before: tuple[Change, ...] = ()
    after: tuple[Change, ...] = ()
    decay: int | None = None
    average: tuple[FunctionType, int] | None = None
    rows: int = 0  # of `extra`, the average not counted
    numbers: int = 0  # of a step's that are the transforms'

    @property
    def moves(self) -> bool:
        """Whether the step is more than the rule's own."""
        return bool(self.before or self.after or self.groups or any(part.prox for part in self.penalties))


NO_SHAPE = Shape()


def shape_of(additions: Additions) -> Shape:
    parts, groups, group_rows, row = [], (), range(0), 0
    for penalty, columns in zip(additions.penalties, additions.columns, strict=True):
        rows = range(row, row + len(columns))
        row = rows.stop
        parts.append(Part(penalty.value, penalty.slope, penalty.prox, rows))  # type: ignore[arg-type]
        if penalty.group_term is not None:
            groups = (penalty.group_term, penalty.group_value, penalty.group_factor, penalty.group_shrunk)  # type: ignore[assignment]
            group_rows = rows
    return Shape(
        tuple(parts),
        groups,
        group_rows,
        additions.needs_scale,
        tuple(_change(*pair) for pair in additions.before),
        tuple(_change(*pair) for pair in additions.after),
        None if additions.decay is None else additions.decay.start,
        None if additions.average is None else (additions.average[0].average, additions.average[1].start),  # type: ignore[arg-type]
        row + 2 * bool(groups),
        additions.count,
    )


def _change(transform: Any, place: slice) -> Change:
    found = 0 if transform.term is None else transform.term(1.0, 1.0)
    sums = len(found) if isinstance(found, tuple) else int(transform.term is not None)
    functions = (transform.term, transform.finish, transform.apply, transform.share)
    return Change(*functions, sums, range(place.start, place.stop))


def rows_of(additions: Additions, theta: Any) -> Any:
    """The array `extra` at the start of a descent from theta."""
    rows = [column for columns in additions.columns for column in columns]
    if additions.grouped is not None:
        first, following = [0.0] * len(additions.features.names), [-1.0] * len(additions.features.names)
        for group in additions.groups:
            first[group[0]] = 1.0
            for j, after in zip(group, group[1:], strict=False):
                following[j] = float(after)
        rows += [first, following]
    extra = np.zeros((len(rows) + (additions.average is not None), len(theta)))
    for i, row in enumerate(rows):
        extra[i, : len(row)] = row
    if additions.average is not None:
        extra[-1] = theta
    return extra


def first_states(rule: Rule, theta: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """The rule's state before step 1, in theta's type."""
    start = theta.astype(np.float64, copy=False)
    try:
        values = elementwise(type(rule).first_state)(rule, start)
    except (TypeError, ValueError):  # a rule of somebody's own may do what arrays cannot: if, max, super
        each = np.array([rule.first_state(value) for value in start.tolist()], dtype=np.float64)
        values = tuple(each.reshape(len(start), len(rule.state)).T)
    return tuple(np.array(np.broadcast_to(value, theta.shape), dtype=theta.dtype) for value in values)
