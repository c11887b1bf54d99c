"""Scores that are gathered piece by piece are those of all rows at once."""

from __future__ import annotations

import numpy as np
import pytest

from fallline.losses import LOGISTIC, SQUARED
from fallline.models.digest import Digest
from fallline.models.tally import Tally


def tallied(loss: object, classes: bool, found: np.ndarray, targets: np.ndarray, cuts: list[int]) -> dict:
    tally = Tally(loss, classes)
    for part, goal in zip(np.split(found, cuts), np.split(targets, cuts), strict=True):
        tally.add(part, goal)
    return tally.result()


def test_numbers(rng: np.random.Generator) -> None:
    """R², errors and the trivial ones, against their definitions; where the pieces end matters to 1e-12 at most."""
    targets = rng.normal(1e6, 3, 5000)
    found = targets + rng.normal(size=5000)
    errors, deviations = found - targets, targets - targets.mean()
    expected = {
        "rows": 5000,
        "loss": np.mean(errors**2),
        "r2": 1 - np.sum(errors**2) / np.sum(deviations**2),
        "rmse": np.sqrt(np.mean(errors**2)),
        "mae": np.mean(np.abs(errors)),
        "trivial_rmse": targets.std(),
        "trivial_mae": np.mean(np.abs(deviations)),
    }
    for cuts in ([], [1, 2, 700], [0, 4999]):
        assert tallied(SQUARED, False, found, targets, cuts) == pytest.approx(expected, rel=1e-10)


def test_classes(rng: np.random.Generator) -> None:
    """Accuracy, log loss, AUC with ties, and the confusion matrix, against their definitions."""
    targets = (rng.random(400) < 0.3).astype(float)
    found = np.round(targets + rng.normal(size=400), 1)
    first, second = found[targets == 0], found[targets == 1]
    pairs = (second[:, None] > first).mean() + (second[:, None] == first).mean() / 2
    share = 1 / (1 + np.exp(-found))
    for cuts in ([], [1, 150, 399]):
        scores = tallied(LOGISTIC, True, found, targets, cuts)
        assert scores["auc"] == pytest.approx(pairs, rel=1e-12)
        assert scores["log_loss"] == pytest.approx(
            -np.mean(np.log(np.where(targets == 1, share, 1 - share))), rel=1e-12
        )
        assert scores["confusion"] == [
            [np.sum(first <= 0), np.sum(first > 0)],
            [np.sum(second <= 0), np.sum(second > 0)],
        ]
        assert scores["accuracy"] == np.mean((found > 0) == (targets == 1))
        assert scores["trivial_accuracy"] == pytest.approx(max(targets.mean(), 1 - targets.mean()))


def test_one_class_has_no_area() -> None:
    """The AUC of one class alone is not a number."""
    assert np.isnan(tallied(LOGISTIC, True, np.array([0.5, -1.0]), np.ones(2), [])["auc"])


def test_a_digest_keeps_within_its_limit(rng: np.random.Generator) -> None:
    """Beyond its limit it holds groups; area and mean distance are off by less than one part in the limit."""
    values = rng.normal(size=200_000)
    group = values + rng.normal(size=200_000) > 0.5
    exact, small = Digest(1 << 20), Digest(500)
    for part in np.split(np.arange(200_000), 40):
        exact.add(values[part], group[part])
        small.add(values[part], group[part])
    assert small._size <= 1000 + 5000
    assert abs(small.area() - exact.area()) < 1 / 500
    assert abs(small.mean_distance(0.2) - exact.mean_distance(0.2)) < 1 / 500
    assert exact.mean_distance(0.2) == pytest.approx(np.mean(np.abs(values - 0.2)))
