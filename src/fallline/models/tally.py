"""The scores of a model, gathered piece by piece: the same numbers whatever file the rows came from."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.values import Floats
from ..losses import Loss
from .digest import Digest
from .elementwise import elementwise


class Tally:
    """Takes in scores and targets; `result` says how good the predictions are. Rows are not weighted.

    rows, loss (and deviance, where the loss has one). Of a number: r2 (the share of the variance that is explained),
    rmse (root mean square error), mae (mean absolute error). Of two classes: accuracy, log_loss, auc (the area under
    the ROC curve), confusion (a row for each true class, a column for each predicted one). trivial_… is what a
    predictor gets on the same rows that knows only the targets' mean, or their commoner class.
    """

    def __init__(self, loss: Loss, classes: bool):
        self.loss, self.classes = loss, classes
        self.rows = 0
        self.sums: dict[str, float] = {}
        self.mean = self.squares = 0.0  # of the targets, and the sum of their squared deviations from it
        self.digest = Digest()
        self.confusion = np.zeros((2, 2), dtype=np.int64)  # rows: the true class; columns: the predicted one

    def add(self, found: Floats, targets: Floats) -> None:
        """found: the scores of some rows; targets: their numbers, or 0 and 1."""
        if not len(targets):
            return
        numbers = self.loss.numbers
        self._sum("loss", elementwise(self.loss.row)(found, targets, *numbers)[0])
        deviance = getattr(self.loss, "deviance", None)
        if deviance is not None:
            self._sum("deviance", elementwise(deviance)(found, targets, *numbers))
        self._take_in(targets)
        (self._classes if self.classes else self._numbers)(found, targets)

    def _sum(self, name: str, values: Floats) -> None:
        self.sums[name] = self.sums.get(name, 0.0) + float(np.sum(values))

    def _take_in(self, targets: Floats) -> None:
        """Chan, Golub and LeVeque (1983): mean and squares of all from those of two parts."""
        mean, count = float(targets.mean()), len(targets)
        shift, total = mean - self.mean, self.rows + count
        self.squares += float(np.sum((targets - mean) ** 2)) + shift * shift * self.rows * count / total
        self.mean += shift * count / total
        self.rows = total

    def _numbers(self, found: Floats, targets: Floats) -> None:
        errors = elementwise(self.loss.inverse_link)(found) - targets
        self._sum("squares", errors**2)
        self._sum("distances", np.abs(errors))
        self.digest.add(targets)

    def _classes(self, found: Floats, targets: Floats) -> None:
        second, predicted = targets > 0.5, found > 0.0
        np.add.at(self.confusion, (second.astype(int), predicted.astype(int)), 1)
        self.digest.add(found, second)
        if self.loss.probability is not None and self.loss.name != "logistic":  # whose own loss it is
            share = elementwise(self.loss.probability)(found)
            right = np.where(second, share, 1.0 - share)
            self._sum("log_loss", -np.log(np.maximum(right, np.finfo(float).tiny)))

    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = {"rows": float(self.rows), "loss": self.sums["loss"] / self.rows}
        if "deviance" in self.sums:
            found["deviance"] = self.sums["deviance"] / self.rows
        return found | (self._of_classes(found["loss"]) if self.classes else self._of_numbers())

    def _of_numbers(self) -> dict[str, float]:
        squares = self.sums["squares"]
        return {
            "r2": 1.0 - squares / self.squares if self.squares > 0.0 else float("nan"),
            "rmse": float(np.sqrt(squares / self.rows)),
            "mae": self.sums["distances"] / self.rows,
            "trivial_rmse": float(np.sqrt(self.squares / self.rows)),
            "trivial_mae": self.digest.mean_distance(self.mean),
        }

    def _of_classes(self, loss: float) -> dict[str, Any]:
        share = self.mean
        log_loss = loss if self.loss.name == "logistic" else self.sums.get("log_loss", float("nan")) / self.rows
        return {
            "accuracy": float(np.trace(self.confusion)) / self.rows,
            "trivial_accuracy": max(share, 1.0 - share),
            **({} if self.loss.probability is None else {"log_loss": log_loss}),
            "auc": self.digest.area(),
            "confusion": self.confusion.tolist(),
        }
