"""1,000 full-batch epochs of the squared loss, 1,000,000 × 20, beside a loop in NumPy; the parameters must be equal.

    python benchmarks/gram.py [--rows N] [--columns N] [--epochs N] [--rounds 3]

Ours is the whole of `fallline.fit`: encoding and scaling the table, X'X, the descent, the model. The loop is NumPy's
two products with X for each epoch and nothing else; a tenth of its epochs are run, and its time is reckoned from them,
but for the last round, which runs them all and compares.
"""

from __future__ import annotations

import argparse
import os
import time
from statistics import median

for name in [name for name in os.environ if name.startswith("OPENBLAS_")]:
    del os.environ[name]  # they would slow NumPy down

import numpy as np  # noqa: E402

import fallline  # noqa: E402

RATE = 0.01


def loop(x: np.ndarray, y: np.ndarray, epochs: int) -> np.ndarray:
    theta = np.zeros(x.shape[1])
    for _ in range(epochs):
        theta = theta - RATE * (2.0 * (x.T @ (x @ theta - y)) / len(y))
    return theta


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option, default in (("rows", 1_000_000), ("columns", 20), ("epochs", 1_000), ("rounds", 3)):
        parser.add_argument(f"--{option}", type=int, default=default)
    given = parser.parse_args()
    rng = np.random.default_rng(20261125)
    x = rng.standard_normal((given.rows, given.columns)) * rng.uniform(0.1, 10.0, given.columns) + 5.0
    y = x @ rng.standard_normal(given.columns) + rng.standard_normal(given.rows)
    z = np.column_stack([(x - x.mean(axis=0)) / x.std(axis=0), np.ones(given.rows)])
    options = {"rule": "sgd", "learning_rate": RATE, "batch_size": "full", "epochs": given.epochs, "gram": True}
    fallline.fit(x[:1000], y[:1000], validation=None, **options)  # compiles
    ratios, times = [], []
    for turn in range(given.rounds):
        start = time.perf_counter()
        run = fallline.fit(x, y, validation=None, **options)
        ours = time.perf_counter() - start
        last = turn == given.rounds - 1
        epochs = given.epochs if last else max(given.epochs // 10, 1)
        start = time.perf_counter()
        theta = loop(z, y, epochs)
        theirs = (time.perf_counter() - start) * given.epochs / epochs
        ratios.append(theirs / ours)
        times.append((ours, theirs, run.seconds))
    difference = float(np.abs(run.model.theta - theta).max() / np.abs(theta).max())
    ours, theirs, descent = (median(column) for column in zip(*times, strict=True))
    print(f"{given.rows:,} x {given.columns}, {given.epochs:,} epochs")
    print(f"fallline.fit {ours:.3f} s (of which the descent, without X'X, {descent:.3f} s), NumPy {theirs:.2f} s")
    print(f"NumPy / ours: {median(ratios):.0f}; largest difference of a parameter: {difference:.1e} of the largest")


if __name__ == "__main__":
    main()
