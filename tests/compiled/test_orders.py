"""The orders of epochs that are made while steps are taken."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import fallline
from fallline.compiled import orders
from fallline.compiled.runtime import THREAD_WORK, CompiledRuntime
from fallline.order.shuffle import Sizes, epoch_rows

ROWS, COLUMNS = orders.FEWEST + 37, 20


def test_the_next_order_is_made_on_another_thread(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two threads every order but the first one is made on another thread than the steps, whether batches are
    shared out among threads or not; the run has the bytes of one thread. With a table of fewer rows, or one thread,
    they are not."""
    x = rng.normal(size=(ROWS, COLUMNS))
    y = x @ rng.normal(size=COLUMNS) + rng.normal(size=ROWS)
    real, made = orders.order_of, []

    def noted(seed: int, epoch: int, sizes: Sizes, first: int | None = None) -> object:
        made.append((epoch, threading.current_thread() is threading.main_thread()))
        return real(seed, epoch, sizes, first)

    monkeypatch.setattr(orders, "order_of", noted)
    monkeypatch.setattr(CompiledRuntime, "work_per_call", 1 << 18)  # several looks an epoch

    def fitted(rows: int, threads: int, batch: int = 500) -> fallline.Run:
        made.clear()
        options = {"rule": "adam", "learning_rate": 0.01, "batch_size": batch, "epochs": 3, "validation": None}
        return fallline.fit(x[:rows], y[:rows], threads=threads, runtime="compiled", **options)

    one = fitted(ROWS, 1)
    assert made == [(0, True), (1, True), (2, True)]
    two = fitted(ROWS, 2)
    assert sorted(made) == [(0, True), (1, False), (2, False)]
    assert one.history.equals(two.history)
    assert one.model.theta.tobytes() == two.model.theta.tobytes()
    fitted(orders.FEWEST - 1, 2)
    assert made == [(0, True), (1, True), (2, True)]
    large = THREAD_WORK // COLUMNS + 1
    two = fitted(ROWS, 2, batch=large)
    assert sorted(made) == [(0, True), (1, False), (2, False)]
    one = fitted(ROWS, 1, batch=large)
    assert one.history.equals(two.history)
    assert one.model.theta.tobytes() == two.model.theta.tobytes()


def test_an_order_that_was_begun_is_taken_by_those_who_want_it(rng: np.random.Generator) -> None:
    """Whatever was begun, what is taken is the order that is asked for: of this seed, epoch and sizes; twice, too."""
    seed, sizes = int(rng.integers(1 << 40)), Sizes.of(ROWS, 2, 500)
    expected = [np.array(epoch_rows(seed, epoch, sizes)).tobytes() for epoch in (0, 1)]
    one = orders.Orders()
    for begun in (None, 0, 1):
        for epoch in (0, 1):
            if begun is not None:
                one.begin(seed, begun, sizes)
                one.begin(seed, begun, sizes)
            assert one.take(seed, epoch, sizes).tobytes() == expected[epoch]
            assert one.take(seed, epoch, sizes).tobytes() == expected[epoch]
    one.begin(seed + 1, 0, sizes)
    assert one.take(seed, 0, sizes).tobytes() == expected[0]
    one.begin(seed, 0, Sizes.of(ROWS, 200, 500))
    assert one.take(seed, 0, sizes).tobytes() == expected[0]
