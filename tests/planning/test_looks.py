"""When a descent looks at its loss: only where that can change something, and as if it had looked every time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fallline
from fallline.descent.loop import Descent
from fallline.descent.stopping import Watch


def table(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    x = rng.normal(size=(rows, 4)) * [1.0, 3.0, 0.1, 20.0]
    return x, x @ [1.0, -2.0, 3.0, 0.0] + 10.0 + rng.normal(size=rows)


@pytest.mark.parametrize(
    "options",
    [
        {"rule": "momentum"},
        {"rule": "adam", "batch_size": 64},
        {"rule": "sgd", "patience": 11, "schedule": "reduce_on_plateau", "epochs": 900, "tolerance": 1e-3},
        {"rule": "sgd", "batch_size": 64, "learning_rate": 0.01, "epochs": 400, "tolerance": 1e-3, "penalty": "l1"},
        {"rule": "adagrad", "epochs": 400},
    ],
)
@pytest.mark.parametrize("rows", [40, 1100, 3000])
def test_it_is_as_if_it_had_looked_every_time(
    options: dict[str, Any], rows: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps, reason to stop, rates, losses and parameters are those of a descent that shows its watch every look at
    once; and there are fewer looks."""
    x, y = table(rng, rows)
    looks = [0]
    look = Descent._look

    def counted(self: Descent) -> None:
        looks[0] += 1
        look(self)

    monkeypatch.setattr(Descent, "_look", counted)
    found = [fallline.fit(x, y, **options)]
    seldom, looks[0] = looks[0], 0
    monkeypatch.setattr(Watch, "looks_to_say", property(lambda watch: 1))
    found.append(fallline.fit(x, y, **options))
    assert looks[0] > 0 and seldom <= looks[0]
    one, other = found
    assert (one.steps, one.stop) == (other.steps, other.stop)
    assert one.history.equals(other.history)
    assert one.model.theta.tobytes() == other.model.theta.tobytes()
    assert one.at(one.steps).theta.tobytes() == other.model.theta.tobytes()
