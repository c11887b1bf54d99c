"""`batch_size`, `epochs` and how often the loss is looked at, from the number of rows and the kind of rule."""

from __future__ import annotations

from ..rules.rule import Rule

FULL_BELOW = 1024  # rows up to which a step on all of them is cheap, and free of noise
BATCH = 256
STEPS = 100_000
ROWS_VISITED = 10_000_000
FEWEST_EPOCHS = 20
STEPS_OF_A_LOOK = 100
ROWS_OF_A_LOOK = 1 << 20


def batch_size(rows: int, rule: Rule) -> tuple[int, str]:
    if rule.whole_table:
        return rows, f"batch size: all {rows:,} rows, as {rule.name} needs"
    if rows <= FULL_BELOW:
        return rows, f"batch size: all {rows:,} rows, since they are few"
    return BATCH, f"batch size: {BATCH} rows"


def epochs(rows: int, steps_per_epoch: int) -> tuple[int, str]:
    most = max(FEWEST_EPOCHS, -(-STEPS // steps_per_epoch), -(-ROWS_VISITED // rows) if steps_per_epoch > 1 else 0)
    return most, f"epochs: at most {most:,}, ended earlier when the loss stops falling"


def look_steps(batch: int, steps_per_epoch: int) -> int:
    """Steps between two looks at the loss: an epoch, so that every look sees the same rows.

    Of a table of millions of rows less is enough; epochs of only a few steps are taken together.
    """
    epochs_together = -(-STEPS_OF_A_LOOK // steps_per_epoch)
    return min(epochs_together * steps_per_epoch, max(ROWS_OF_A_LOOK // batch, STEPS_OF_A_LOOK))
