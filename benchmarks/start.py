"""From the start of a process to its first step: with an empty cache of kernels, and with one that is there.

    python benchmarks/start.py [--rounds 5]

Each round starts a process with an empty cache and then another with what it left, in turn: a fit of 1,000 × 10 with
the options given, timed from its first line (the import of fallline is a figure of its own) to its first report after
a step. "first step after import" of the later process is what a user of a warm cache waits for.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

CODE = """
import time
begin = time.perf_counter()
import json, sys
import numpy as np
import fallline
imported = time.perf_counter()
rng = np.random.default_rng(0)
x = rng.standard_normal((1_000, 10))
y = x @ rng.standard_normal(10) + rng.standard_normal(1_000)
first = []
fallline.fit(x, y, progress=lambda descent: first.append(time.perf_counter()) if descent.k and not first else None,
             **json.loads(sys.argv[1]))
print(json.dumps([imported - begin, first[0] - imported]))
"""
CASES: dict[str, dict[str, object]] = {
    "all defaults": {},
    "adam, batches of 64": {"rule": "adam", "batch_size": 64, "epochs": 3},
    "adam, batches of 64, rate given": {"rule": "adam", "batch_size": 64, "epochs": 3, "learning_rate": 0.01},
}


def process(cache: str, options: dict[str, object]) -> list[float]:
    source = str(Path(__file__).resolve().parents[1] / "src")
    environment = {**os.environ, "FALLLINE_CACHE": cache, "PYTHONPATH": source}
    command = [sys.executable, "-c", CODE, json.dumps(options)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print("| options | process | import, s | first step after import, s |\n|---|---|---|---|")
    for name, options in CASES.items():
        times: dict[str, list[list[float]]] = {"first ever": [], "later": []}
        for _ in range(given.rounds):
            with tempfile.TemporaryDirectory() as cache:
                for found in times.values():
                    found.append(process(cache, options))
        for which, found in times.items():
            importing, first = (median(column) for column in zip(*found, strict=True))
            print(f"| {name} | {which} | {importing:.2f} | {first:.2f} |", flush=True)


if __name__ == "__main__":
    main()
