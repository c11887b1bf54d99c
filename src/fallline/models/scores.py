"""How good predictions are, beside a trivial predictor that knows only the targets' mean or their commoner class."""

from __future__ import annotations

import numpy as np

from ..data.values import Floats
from ..losses import Loss
from .elementwise import elementwise


def scores(loss: Loss, found: Floats, targets: Floats, classes: bool) -> dict[str, float]:
    """rows, loss, and of a number: r2, rmse (root mean square error), mae (mean absolute error), of classes: accuracy.

    Each error has a twin `trivial_…`, what the trivial predictor gets on the same rows.
    """
    values = elementwise(loss.row)(found, targets, *loss.numbers)[0]
    result = {"rows": float(len(targets)), "loss": float(np.mean(values))}
    if classes:
        return result | _of_classes(found, targets)
    return result | _of_numbers(elementwise(loss.inverse_link)(found), targets)


def class_scores(loss: Loss, found: Floats, targets: Floats) -> dict[str, float]:
    """rows, loss and accuracy of a loss with a score for each class, found (n, K); and of the commonest class."""
    slopes = [0.0] * loss.scores
    values = [loss.row(scores, target, slopes) for scores, target in zip(found.tolist(), targets.tolist(), strict=True)]
    counts = np.bincount(targets.astype(np.int64), minlength=loss.scores)
    return {
        "rows": float(len(targets)),
        "loss": float(np.mean(values)),
        "accuracy": float(np.mean(np.argmax(found, axis=1) == targets)),
        "trivial_accuracy": float(counts.max() / len(targets)),
    }


def _of_numbers(found: Floats, targets: Floats) -> dict[str, float]:
    errors, deviations = found - targets, targets - targets.mean()
    spread = float(np.mean(deviations**2))
    return {
        "r2": 1.0 - float(np.mean(errors**2)) / spread if spread > 0.0 else float("nan"),
        "rmse": float(np.sqrt(np.mean(errors**2))),
        "mae": float(np.mean(np.abs(errors))),
        "trivial_rmse": float(np.sqrt(spread)),
        "trivial_mae": float(np.mean(np.abs(deviations))),
    }


def _of_classes(found: Floats, targets: Floats) -> dict[str, float]:
    share = float(targets.mean())
    return {
        "accuracy": float(np.mean((found > 0.0) == (targets > 0.5))),
        "trivial_accuracy": max(share, 1.0 - share),
    }
