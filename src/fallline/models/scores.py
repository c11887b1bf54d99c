"""How good predictions are, beside a trivial predictor that knows only the targets' mean or their commoner class."""

from __future__ import annotations

from typing import Any

from ..data.reading import PIECE
from ..data.values import Floats
from ..losses import Loss
from .tally import Tally


def scores(loss: Loss, found: Floats, targets: Floats, classes: bool) -> dict[str, Any]:
    """rows, loss (and deviance, where the loss has one), and the scores below; rows are not weighted.

    Of a number: r2 (the share of the variance that is explained), rmse (root mean square error), mae (mean absolute
    error). Of classes: accuracy, log_loss, auc (the area under the ROC curve), confusion (rows: the true class,
    columns: the predicted one). trivial_… is what the trivial predictor gets on the same rows.
    """
    tally = Tally(loss, classes)
    for start in range(0, len(targets), PIECE):
        tally.add(found[start : start + PIECE], targets[start : start + PIECE])
    return tally.result()
