"""`explain` for a step on sparse rows: the features that its batch has, and the intercept.

Whatever is 0 in the whole batch adds nothing to a score or a gradient, so the page's numbers are the step's own.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from ..compiled.sparse import SparseArrays
from ..descent.loop import Descent
from ..errors import SpecificationError
from .explain import explain
from .explanation import Explanation


def explain_sparse(
    descent: Descent,
    problem: SparseArrays,
    batch: np.ndarray[tuple[int], np.dtype[np.int64]],
    numbers: list[int],
    names: tuple[str, ...],
    title: str,
    focus: int | None = None,
    applied: bool = True,
    places: dict[int, str] | None = None,
) -> Explanation:
    """As `explain`. batch: the step's rows in the problem."""
    if descent.plan.rule.terms is not None:
        raise SpecificationError(
            f"explain: a step of {descent.plan.rule.name} takes sums over all parameters, which is not worked out for "
            f"sparse rows",
            option="rule",
            value=descent.plan.rule.name,
        )
    part, rows, kept = problem.of_rows(batch)
    state = SimpleNamespace(
        theta=np.asarray(descent.state.theta)[kept],
        rule_state=[np.asarray(vector)[kept] for vector in descent.state.rule_state],
    )
    seen = SimpleNamespace(
        plan=descent.plan,
        k=descent.k,
        state=state,
        numbers=descent.numbers,
        rate=descent.rate,
        additions=descent.additions,  # none: sparse rows refuse them
    )
    used = tuple(names[j] for j in kept.tolist()[: part.columns])
    batch_in_lists = part.in_lists(rows)
    return explain(seen, batch_in_lists, numbers, used, title, focus, applied, places)  # type: ignore[arg-type]
