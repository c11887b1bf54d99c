"""`gram="auto"`: whether full-batch steps on the squared loss are taken from X'X, from the table's size alone."""

from __future__ import annotations

from dataclasses import replace

from ..compiled.gram import MOST_COLUMNS
from ..compiled.runtime import Arrays
from ..compiled.sparse import SparseArrays
from ..errors import SpecificationError
from ..losses import SQUARED
from .settle import Settled

FEWEST_ROWS = 50_000  # below that a pass over the rows is short, and the law's bits are worth more
MOST_COLUMNS_UNASKED = 1_000
ROWS_A_COLUMN = 20  # so that d² is far less than n d


def with_gram(settled: Settled, problem: Arrays, wish: bool | None) -> Settled:
    """The plan with `gram` settled. wish: None is auto. SpecificationError where gram=True is not possible."""
    plan, rows, columns = settled.plan, problem.rows, problem.columns
    obstacle = ""
    if isinstance(problem, SparseArrays):
        obstacle = "the rows are sparse, and X'X of sparse rows is not"
    elif problem.loss != SQUARED:
        obstacle = f"the loss is {problem.loss.name}, and not squared"
    elif plan.sizes.batch < plan.sizes.rows:
        obstacle = f'batches have {plan.sizes.batch:,} of {rows:,} rows, and not all (batch_size="full")'
    elif plan.new_schedule().sees:
        obstacle = f"the schedule {plan.schedule['name']} must see the loss of every epoch"
    elif columns > MOST_COLUMNS:
        obstacle = f"{columns:,} features are more than {MOST_COLUMNS:,}"
    if wish and obstacle:
        raise SpecificationError(
            f"gram=True is for full-batch descent on the squared loss, and here {obstacle}: use gram=False",
            option="gram",
            value=True,
            allowed="False",
        )
    large = rows >= max(FEWEST_ROWS, ROWS_A_COLUMN * columns) and columns <= MOST_COLUMNS_UNASKED
    if obstacle or not (wish or (wish is None and large and 4 * plan.steps >= columns)):
        return settled
    note = (
        f"gram: X'X is summed once, so that a step costs {columns:,}² and not {rows:,} rows; the last bits are other "
        "ones than those of steps on the rows (gram=False)"
    )
    notes = settled.notes if wish else [*settled.notes, note]
    return replace(settled, plan=replace(plan, gram=True), notes=notes)
