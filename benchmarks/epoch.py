"""An epoch of logistic regression through `fallline.fit`, beside JAX + optax, scikit-learn and torch.

    python benchmarks/epoch.py [--work wide,narrow] [--scale 0.1] [--rounds 5] [--peers jax,sklearn] [--clock thread]
    python benchmarks/epoch.py --against REV     # this tree beside another revision; fails where it is a fifth slower

Ours: default scaling, rows shuffled, the loss and gradient norm of every step recorded, the making of the row order
inside; the peers do neither scaling nor records. Times are those between the first and the last report of one fit, per
epoch: encoding, scaling and compiling are outside. "L" is the read limit: one thread that sums the same array once, in
vectors, in the same round. Every round runs everything once, one after the other; what is printed are medians over the
rounds, and of the rounds' own ratios. --clock thread counts the processor's time of the calling thread, which says most
on a machine that others use too (ours takes one thread then; not for JAX or torch). Needs what the extra `bench` names.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

for name in [name for name in os.environ if name.startswith("OPENBLAS_")]:
    del os.environ[name]  # they would slow NumPy or torch down
os.environ["JAX_ENABLE_X64"] = "1"

import numpy as np  # noqa: E402
from numba import njit  # noqa: E402

RATE = 0.01
SLOWER = 1.2  # times the other revision's time, from which on it is a failure


class Work(NamedTuple):
    rows: int
    columns: int
    batch: int
    rule: str
    threads: int
    epochs: int
    storage: str = "float64"


WORK = {
    "wide": Work(1_000_000, 100, 256, "adam", 2, 3),
    "wide32": Work(1_000_000, 100, 256, "adam", 2, 3, "float32"),
    "narrow": Work(5_000_000, 10, 256, "adam", 2, 4),
    "widest": Work(200_000, 500, 256, "adam", 2, 3),
    "large": Work(1_000_000, 100, 65_536, "adam", 1, 6),
    "large2": Work(1_000_000, 100, 65_536, "adam", 2, 6),
    "single": Work(1_000_000, 100, 1, "sgd", 2, 3),
}
Table = tuple[np.ndarray, np.ndarray]


def made(work: Work) -> Table:
    rows, columns = work.rows, work.columns
    rng = np.random.default_rng(20251125)
    x = rng.standard_normal((rows, columns))
    scores = x @ rng.standard_normal(columns) / np.sqrt(columns)
    target = scores + 0.5 * rng.standard_normal(rows) > 0
    return x.astype(work.storage), target.astype(work.storage)


@njit(fastmath=True)  # type: ignore[untyped-decorator]
def total(values: Any) -> float:
    found = 0.0
    for i in range(values.size):
        found += values[i]
    return found


def read_limit(table: Table, clock: Callable[[], float]) -> float:
    values, best = table[0].reshape(-1), float("inf")
    for _ in range(3):
        start = clock()
        total(values)
        best = min(best, clock() - start)
    return best


def ours(table: Table, work: Work, clock: Callable[[], float]) -> float:
    """Seconds an epoch."""
    import fallline
    from fallline.compiled.runtime import CompiledRuntime

    whole = work.rows * (work.columns + 8)
    CompiledRuntime.work_per_call = min(CompiledRuntime.work_per_call, whole // 4)  # several reports an epoch
    marks: list[tuple[float, int]] = []
    fallline.fit(
        table[0],
        table[1].astype(np.int64),
        loss="logistic",
        rule=work.rule,
        learning_rate=RATE,
        batch_size=work.batch,
        epochs=work.epochs,
        validation=None,
        threads=work.threads if clock is time.perf_counter else 1,  # of others' time it would know nothing
        storage=work.storage,
        runtime="compiled",
        progress=lambda descent: marks.append((clock(), descent.k)),
    )
    (start, first), (end, last) = marks[0], marks[-1]
    return (end - start) / (last - first) * -(-work.rows // work.batch)


def sklearn_epoch(table: Table, work: Work, clock: Callable[[], float]) -> float:
    from sklearn.linear_model import SGDClassifier

    def fitted(epochs: int) -> float:
        start = clock()
        options = {"loss": "log_loss", "alpha": 0, "learning_rate": "constant", "eta0": RATE, "tol": None}
        SGDClassifier(max_iter=epochs, **options).fit(*table)
        return clock() - start

    return fitted(2) - fitted(1)


def torch_epoch(table: Table, work: Work, clock: Callable[[], float]) -> float:
    import torch

    x, y = (torch.from_numpy(part) for part in table)
    w = torch.zeros(work.columns, dtype=x.dtype, requires_grad=True)
    b = torch.zeros(1, dtype=x.dtype, requires_grad=True)
    kind = torch.optim.Adam if work.rule == "adam" else torch.optim.SGD
    optimizer = kind([w, b], lr=RATE, fused=True)
    steps = min(-(-work.rows // work.batch), 400)  # of so many an epoch's time is reckoned: it is slow
    start = time.perf_counter()
    order = torch.randperm(work.rows)
    shuffling = time.perf_counter() - start
    start = time.perf_counter()
    for t in range(steps):
        rows = order[t * work.batch : (t + 1) * work.batch]
        optimizer.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(x[rows] @ w + b, y[rows]).backward()
        optimizer.step()
    return shuffling + (time.perf_counter() - start) * -(-work.rows // work.batch) / steps


def jax_epoch(table: Table, work: Work, clock: Callable[[], float]) -> float:
    import jax
    import jax.numpy as jnp
    import optax

    x, y = (jnp.asarray(part) for part in table)
    optimizer = optax.adam(RATE) if work.rule == "adam" else optax.sgd(RATE)
    w = jnp.zeros(work.columns + 1, x.dtype)

    def loss(w: Any, rows: Any) -> Any:
        return optax.sigmoid_binary_cross_entropy(x[rows] @ w[:-1] + w[-1], y[rows]).mean()

    def step(carry: Any, rows: Any) -> tuple[Any, None]:
        w, state = carry
        updates, state = optimizer.update(jax.grad(loss)(w, rows), state)
        return (optax.apply_updates(w, updates), state), None

    epoch = jax.jit(lambda w, state, order: jax.lax.scan(step, (w, state), order)[0])
    steps, seconds = work.rows // work.batch, []
    for _ in range(2):  # the first compiles
        start = time.perf_counter()
        order = jnp.asarray(np.random.permutation(work.rows)[: steps * work.batch].reshape(steps, work.batch))
        jax.block_until_ready(epoch(w, optimizer.init(w), order))
        seconds.append(time.perf_counter() - start)
    return seconds[-1]


PEERS = {"jax": jax_epoch, "sklearn": sklearn_epoch, "torch": torch_epoch}
LIKE = {"large": ("jax", "torch"), "large2": ("jax", "torch"), "single": ("sklearn",)}  # the others would take hours


def scaled(work: Work, scale: float) -> Work:
    return work._replace(rows=max(int(work.rows * scale), 4 * work.batch, 1000))


def compared(given: argparse.Namespace, clock: Callable[[], float]) -> None:
    heads = ("work", "rows × columns, storage, batch, rule, threads", "L, ms", "ours, ms", "ours / L", "peers / L")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for name in given.work.split(","):
        work = scaled(WORK[name], given.scale)
        table = made(work)
        peers = [one for one in given.peers.split(",") if one and one in LIKE.get(name, PEERS)]
        rounds = []
        for _ in range(given.rounds):
            limit = read_limit(table, clock)
            others = {one: PEERS[one](table, work, clock) for one in peers}
            rounds.append((limit, ours(table, work, clock), others))
        of_limit = [own / limit for limit, own, _ in rounds]
        ratios = ", ".join(f"{p} {median(o[p] / limit for limit, _, o in rounds):.1f}" for p in peers)
        shape = f"{work.rows:,} × {work.columns}, {work.storage}, {work.batch:,}, {work.rule}, {work.threads}"
        times = (1e3 * median(column) for column in list(zip(*rounds))[:2])
        print(
            f"| {name} | {shape} | {' | '.join(f'{t:.1f}' for t in times)} | {median(of_limit):.2f} | {ratios} |",
            flush=True,
        )


def against(revision: str, given: argparse.Namespace) -> int:
    """This tree and another revision in turn, each in processes of its own; 1 where this one is a fifth slower."""
    here, failed = Path(__file__).resolve().parents[1], 0
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder) / "tree"
        subprocess.run(["git", "-C", str(here), "worktree", "add", "--detach", "-q", str(there), revision], check=True)
        try:
            for name in given.work.split(","):
                ratios = []
                for turn in range(given.rounds):
                    sides = [here, there] if turn % 2 else [there, here]
                    found = {side: _one(side, name, given, Path(folder) / f"cache{side == here}") for side in sides}
                    ratios.append(found[here] / found[there])
                ratio = median(ratios)
                failed |= ratio > SLOWER
                print(f"{name}: {ratio:.2f} times the time of {revision}{' — slower' * (ratio > SLOWER)}", flush=True)
        finally:
            subprocess.run(["git", "-C", str(here), "worktree", "remove", "--force", str(there)], check=True)
    return int(failed)


def _one(side: Path, name: str, given: argparse.Namespace, cache: Path) -> float:
    """ours / L of one work, in a process that imports this side's source."""
    environment = {**os.environ, "PYTHONPATH": str(side / "src"), "FALLLINE_CACHE": str(cache)}
    command = [sys.executable, __file__, "--one", name, "--scale", str(given.scale), "--clock", given.clock]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    limit, own = json.loads(done.stdout.splitlines()[-1])
    return float(own / limit)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", default=",".join(WORK), help="some of " + ", ".join(WORK))
    parser.add_argument("--peers", default=",".join(PEERS), help="some of " + ", ".join(PEERS) + ', or ""')
    parser.add_argument("--scale", type=float, default=1.0, help="of the numbers of rows")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clock", choices=("wall", "thread"), default="wall")
    parser.add_argument("--against", metavar="REV")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    clock = time.thread_time if given.clock == "thread" else time.perf_counter
    if given.against:
        return against(given.against, given)
    if given.one:
        work = scaled(WORK[given.one], given.scale)
        table = made(work)
        print(json.dumps([read_limit(table, clock), ours(table, work, clock)]))
        return 0
    compared(given, clock)
    return 0


if __name__ == "__main__":
    sys.exit(main())
