"""A compiled step of every rule on 20 million parameters, beside torch.optim and a plain copy of memory.

    python benchmarks/rules.py [--size N] [--repeats N] [--rules adam,sgd] [--threads 2]

Each round runs a copy, our step and torch's step, several times each, one after the other, on the same number of
threads; what is printed are medians over the rounds, and of the rounds' own ratios. "of copy" is the memory traffic of
our step (each vector that is read, each that is written) as a share of what the fastest of three copies moves in the
same time. torch: `fused=True` where there is such a kernel for the CPU, else `foreach=True`. Needs torch.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any, NamedTuple

for name in [name for name in os.environ if name.startswith("OPENBLAS_")]:
    del os.environ[name]  # they would slow NumPy or torch down

import numpy as np  # noqa: E402
import torch  # noqa: E402

from fallline.compiled.apply import CHUNK, Parameters, apply_in_place  # noqa: E402
from fallline.compiled.shape import first_states  # noqa: E402
from fallline.rules import RULES, Rule  # noqa: E402

RATE = 1e-4
PAUSE, CALLS = 0.02, 3
FUSED, FOREACH = {"fused": True}, {"foreach": True}


class Peer(NamedTuple):
    """torch's optimizer of a rule, and its keywords."""

    kind: Any
    options: dict[str, Any]


PEERS = {
    "sgd": Peer(torch.optim.SGD, FUSED),
    "momentum": Peer(torch.optim.SGD, {"momentum": 0.9, **FUSED}),
    "nesterov": Peer(torch.optim.SGD, {"momentum": 0.9, "nesterov": True, **FUSED}),
    "adagrad": Peer(torch.optim.Adagrad, FUSED),
    "rmsprop": Peer(torch.optim.RMSprop, FOREACH),
    "adadelta": Peer(torch.optim.Adadelta, FOREACH),
    "adam": Peer(torch.optim.Adam, FUSED),
    "adamw": Peer(torch.optim.AdamW, FUSED),
    "amsgrad": Peer(torch.optim.Adam, {"amsgrad": True, **FUSED}),
    "adamax": Peer(torch.optim.Adamax, FOREACH),
    "nadam": Peer(torch.optim.NAdam, FOREACH),
    "radam": Peer(torch.optim.RAdam, FOREACH),
    "rprop": Peer(torch.optim.Rprop, FOREACH),
    "asgd": Peer(torch.optim.ASGD, FOREACH),
}


def our_step(rule: Rule, size: int, kind: Any, threads: int) -> tuple[Callable[[], None], int]:
    """A function that takes the next step, and how many bytes of memory that reads and writes."""
    draw = np.random.default_rng(1)
    theta, gradient = (draw.standard_normal(size, dtype=np.float32).astype(kind) for _ in range(2))
    vectors = Parameters(theta, gradient, first_states(rule, theta))
    place = {"k": 0, "carry": rule.start_carry()}

    def step() -> None:
        place["k"] += 1
        numbers, place["carry"] = rule.numbers(place["k"], RATE, place["carry"])
        assert apply_in_place(rule, numbers, [vectors], threads) == ""

    return step, theta.nbytes * (3 + 2 * len(rule.state))


def their_step(peer: Peer, size: int, kind: Any) -> Callable[[], object]:
    draw = np.random.default_rng(1)
    theta, gradient = (draw.standard_normal(size, dtype=np.float32).astype(kind) for _ in range(2))
    parameter = torch.nn.Parameter(torch.from_numpy(theta))
    parameter.grad = torch.from_numpy(gradient)
    made = peer.kind([parameter], lr=RATE, **peer.options)
    return made.step


def copiers(size: int, kind: Any, threads: int) -> tuple[list[Callable[[], object]], int]:
    """Functions that copy memory, in ways of which none is the fastest everywhere; and how many bytes that moves."""
    source, target = np.ones(size, kind), np.zeros(size, kind)
    pool = ThreadPoolExecutor(threads)

    def shared(parts: int) -> Callable[[], object]:
        cuts = [slice(size * i // parts, size * (i + 1) // parts) for i in range(parts)]

        def copy(thread: int) -> None:
            for cut in cuts[thread::threads]:
                np.copyto(target[cut], source[cut])

        return lambda: list(pool.map(copy, range(threads)))

    of_torch = torch.from_numpy(target).copy_
    return [shared(threads), shared(size // CHUNK + 1), lambda: of_torch(torch.from_numpy(source))], 2 * source.nbytes


def seconds(function: Callable[[], object]) -> float:
    """Of one call among several, once the threads of whoever came before have ceased to wait for work (OpenMP's do
    that on a core of ours, for some milliseconds)."""
    time.sleep(PAUSE)
    function()
    start = time.perf_counter()
    for _ in range(CALLS):
        function()
    return (time.perf_counter() - start) / CALLS


def measured(name: str, kind: Any, size: int, repeats: int, threads: int) -> str:
    """A line of the table."""
    rule = RULES[name](learning_rate=RATE)
    ours, moved = our_step(rule, size, kind, threads)
    copies, copied = copiers(size, kind, threads)
    theirs = their_step(PEERS[name], size, kind) if name in PEERS else None
    functions = [*copies, ours, *([theirs] if theirs is not None else [])]
    rounds = [[seconds(function) for function in functions] for _ in range(repeats + 2)][2:]  # compiled, pages touched
    columns = list(zip(*rounds))
    copying = min(columns[: len(copies)], key=median)
    own, *others = columns[len(copies) :]
    share = median(moved / a / (copied / b) for a, b in zip(own, copying))
    cells = [f"{1e3 * median(own):.0f}", "–", "–", f"{100 * share:.0f} %"]
    for other in others:
        form = "fused" if "fused" in PEERS[name].options else "foreach"
        cells[1] = f"{1e3 * median(other):.0f} ({form})"
        cells[2] = f"{median(a / b for a, b in zip(own, other)):.2f}"
    return f"| `{name}` | {np.dtype(kind).name} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--size", type=int, default=20_000_000)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--rules", default=",".join(RULES))
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    print("| rule | storage | ours, ms | torch, ms | ours / torch | of copy |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in given.rules.split(","):
        for kind in (np.float64, np.float32):
            print(measured(name, kind, given.size, given.repeats, given.threads), flush=True)


if __name__ == "__main__":
    main()
