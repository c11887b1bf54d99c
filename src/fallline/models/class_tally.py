"""The scores of a model with a score for each class, gathered piece by piece; see `tally.Tally`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.values import Floats
from ..losses import Loss
from .elementwise import elementwise


class ClassTally:
    """Takes in scores (n, K) and targets 0, 1, … K - 1.

    rows, loss, accuracy (and that of the commonest class), log_loss, and confusion: a row for each true class, a column
    for each predicted one.
    """

    def __init__(self, loss: Loss):
        self.loss = loss
        self.rows = 0
        self.sum = 0.0
        self.confusion = np.zeros((loss.scores, loss.scores), dtype=np.int64)

    def add(self, found: Floats, targets: Floats) -> None:
        labels = targets.astype(np.int64)
        np.add.at(self.confusion, (labels, np.argmax(found, axis=1)), 1)
        self.rows += len(labels)
        for label in np.unique(labels).tolist():  # the loss asks for the score of the row's class: one at a time
            of_class = list(found[labels == label].T)
            slopes: list[Any] = [0.0] * self.loss.scores
            self.sum += float(np.sum(elementwise(self.loss.row)(of_class, label, slopes, *self.loss.numbers)))

    def result(self) -> dict[str, Any]:
        loss = self.sum / self.rows
        return {
            "rows": float(self.rows),
            "loss": loss,
            "accuracy": float(np.trace(self.confusion)) / self.rows,
            "trivial_accuracy": float(self.confusion.sum(axis=1).max()) / self.rows,
            "log_loss": loss,
            "confusion": self.confusion.tolist(),
        }
