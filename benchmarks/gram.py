"""1,000 full-batch epochs of the squared loss, 1,000,000 × 20, beside a loop in NumPy; the parameters must be equal.

    python benchmarks/gram.py [--rows N] [--columns N] [--epochs N] [--rounds 3]

Ours are the epochs of a fit, with X'X and the losses measured on the way; beside it stands the whole of `fallline.fit`,
which reads, checks, hashes, encodes and scales the table before. The loop is NumPy's two products with X for each epoch
and nothing else; a tenth of its epochs are run, and its time is reckoned from them, but for the last round, which runs
them all and compares.
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
    times = []
    for turn in range(given.rounds):
        start = time.perf_counter()
        run = fallline.fit(x, y, validation=None, **options)
        ours = time.perf_counter() - start
        last = turn == given.rounds - 1
        epochs = given.epochs if last else max(given.epochs // 10, 1)
        start = time.perf_counter()
        theta = loop(z, y, epochs)
        theirs = (time.perf_counter() - start) * given.epochs / epochs
        times.append((ours, theirs, run.seconds))
    difference = float(np.abs(run.model.theta - theta).max() / np.abs(theta).max())
    print(f"{given.rows:,} x {given.columns}, {given.epochs:,} epochs; parameters agree to {difference:.1e}")
    for name, at in (("the epochs", 2), ("the whole fit", 0)):
        ratio = median(one[1] / one[at] for one in times)
        print(f"{name}: {median(one[at] for one in times):.3f} s, NumPy / ours {ratio:.0f}")
    print(f"NumPy: {median(one[1] for one in times):.2f} s")


if __name__ == "__main__":
    main()
