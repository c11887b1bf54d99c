"""An epoch on sparse rows, beside scikit-learn's SGDClassifier and LIBLINEAR: logistic loss, constant rate, no penalty.

    python benchmarks/sparse.py [--rows N] [--columns N] [--stored N] [--repeats N] [--clock thread]

Each round takes one epoch of everything, one after the other; what is printed are medians over the rounds, and of the
rounds' own ratios. Ours includes the making of the row order, and the loss of every step (of batches the gradient norm
too), which the others do not have. LIBLINEAR (scikit-learn's solver="liblinear", L2 with C = 1) is another algorithm:
its time is that of a whole fit, for scale. --clock thread counts the processor's time of the one thread that each of
them runs on, which is what says most on a machine that others use too. Needs scikit-learn.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from statistics import median

import numpy as np
import scipy.sparse
from sklearn.linear_model import LogisticRegression, SGDClassifier

from fallline.compiled.sparse import SparseArrays, SparseRuntime
from fallline.data.sparse import of_matrix
from fallline.losses import LOGISTIC
from fallline.order.shuffle import Sizes
from fallline.plain.divergence import Guard
from fallline.rules import rule_named

RATE = 0.01


def made(rows: int, columns: int, stored: int) -> tuple[scipy.sparse.csr_matrix, np.ndarray]:
    """Rows with `stored` numbers each in columns drawn evenly, and a target that they explain in part."""
    rng = np.random.default_rng(20251125)
    indices = np.sort(rng.integers(0, columns - stored, (rows, stored)), axis=1) + np.arange(stored)
    values = rng.random(rows * stored)
    indptr = np.arange(0, rows * stored + 1, stored)
    matrix = scipy.sparse.csr_matrix((values, indices.ravel().astype(np.int32), indptr), shape=(rows, columns))
    scores = matrix @ rng.normal(size=columns)
    return matrix, (scores + rng.normal(size=rows) > 0.0).astype(np.float64)


def ours(problem: SparseArrays, rule_name: str, batch: int, shuffled: bool) -> Callable[[], None]:
    """One epoch from 0, kernels compiled beforehand."""
    runtime = SparseRuntime(problem, rule_named(rule_name, learning_rate=RATE))
    sizes, guard = Sizes.of(problem.rows, problem.columns, batch), Guard(np.inf, problem.rows)
    numbers, _ = runtime.rule.numbers(1, RATE, runtime.rule.start_carry())
    table, records = np.tile(np.array(numbers), (sizes.steps, 1)), np.empty((sizes.steps, 3))
    bounds = np.minimum(np.arange(sizes.steps + 1) * batch, problem.rows)
    runtime.warm_up(runtime.start(np.zeros(problem.parameters), 1.0), 1)

    def epoch() -> None:
        state = runtime.start(np.zeros(problem.parameters), 1.0)
        order = runtime.order(0, 0, sizes) if shuffled else runtime.table_order()
        runtime._advance_in_one_call(state, order, bounds, table, guard, records)

    return epoch


def peer(matrix: scipy.sparse.csr_matrix, target: np.ndarray, shuffled: bool) -> Callable[[], None]:
    options = {"loss": "log_loss", "penalty": None, "learning_rate": "constant", "eta0": RATE, "tol": None}

    def epoch() -> None:
        SGDClassifier(max_iter=1, shuffle=shuffled, **options).fit(matrix, target)

    return epoch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option, default in (("rows", 1_000_000), ("columns", 100_000), ("stored", 50), ("repeats", 7)):
        parser.add_argument(f"--{option}", type=int, default=default)
    parser.add_argument("--clock", choices=("wall", "thread"), default="wall")
    parser.add_argument("--liblinear", action="store_true", help="also a whole fit of LIBLINEAR, in the last round")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    clock = time.thread_time if given.clock == "thread" else time.perf_counter
    matrix, target = made(given.rows, given.columns, given.stored)
    problem = SparseArrays(of_matrix(matrix), target, np.ones(given.rows), LOGISTIC, np.ones(given.columns))
    work = {
        "scikit-learn SGD, in sequence": peer(matrix, target, False),
        "sgd, single rows, in sequence": ours(problem, "sgd", 1, False),
        "scikit-learn SGD, shuffled": peer(matrix, target, True),
        "sgd, single rows, shuffled": ours(problem, "sgd", 1, True),
        "sgd, batches of 256, shuffled": ours(problem, "sgd", 256, True),
        "adagrad, single rows, shuffled": ours(problem, "adagrad", 1, True),
        "adagrad, batches of 256, shuffled": ours(problem, "adagrad", 256, True),
    }
    if given.liblinear:
        work["LIBLINEAR, a whole fit"] = lambda: LogisticRegression(solver="liblinear").fit(matrix, target)
    times: dict[str, list[float]] = {name: [] for name in work}
    for round_number in range(given.repeats):
        for name, run in work.items():
            if name.startswith("LIBLINEAR") and round_number < given.repeats - 1:
                continue
            started = clock()
            run()
            times[name].append(clock() - started)
    print(
        f"{given.rows:,} x {given.columns:,}, {given.stored} stored a row, {given.repeats} rounds, {given.clock} time"
    )
    print("| work | ns a row |\n|---|---|")
    for name, found in times.items():
        print(f"| {name} | {median(found) / given.rows * 1e9:,.0f} |")
    for what, slow, fast in (
        ("scikit-learn / ours, in sequence", "scikit-learn SGD, in sequence", "sgd, single rows, in sequence"),
        ("scikit-learn / ours, shuffled", "scikit-learn SGD, shuffled", "sgd, single rows, shuffled"),
        ("256-row adagrad / single-row sgd", "adagrad, batches of 256, shuffled", "sgd, single rows, shuffled"),
    ):
        print(f"{what}: {median([a / b for a, b in zip(times[slow], times[fast], strict=True)]):.2f}")


if __name__ == "__main__":
    main()
