"""What measuring and watching cost: the share of a run's time that is not descent, paired in one run.

    python benchmarks/measures.py FOLDER                                              FOLDER: of diamonds.csv

measuring  curvature, stable limits and trials, before step 1, beside the whole (encoding the table is left out).
watching   looks at the loss, the schedule, the states kept for going back: a run beside the same steps without them.
Each is the median of several pairs, after one that compiles.
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from auto import prepared
from tables import TABLES

from fallline.compiled.runtime import CompiledRuntime
from fallline.descent.loop import Descent
from fallline.planning import options
from fallline.planning.settle import Wish, settle
from fallline.rules import rule_named

PAIRS = 7


def main() -> None:
    folder = Path(sys.argv[1])
    print("| table | rule | run s | measuring | watching |\n|---|---|---|---|---|")
    for table in TABLES:
        if table.name not in ("diamonds", "randhie", "diabetes"):
            continue
        task = prepared(table, folder)
        for name in ("momentum", "adam"):
            wish = Wish(
                rule_named(name),
                None,
                options.checked_schedule("auto", False),
                None,
                None,
                1e-4,
                False,
                5,
                True,
                0,
            )
            measuring, watching, times = [], [], []
            for pair in range(PAIRS + 1):
                begin = time.perf_counter()
                plan = settle(wish, task.problem, task.names, np.full(len(task.names), np.inf)).plan
                settled = time.perf_counter() - begin
                runtime = CompiledRuntime(task.problem, plan.rule)
                watched = Descent(runtime, plan, backs_off=True)
                begin = time.perf_counter()
                watched.run()
                with_looks = time.perf_counter() - begin
                bare = Descent(runtime, replace(plan, tolerance=None, schedule={"name": "constant"}))
                begin = time.perf_counter()
                bare.run(until=watched.k)
                without = time.perf_counter() - begin
                if pair:
                    times.append(with_looks)
                    measuring.append(settled / (settled + with_looks))
                    watching.append((with_looks - without) / with_looks)
            shares = " | ".join(f"{statistics.median(shares):.1%}" for shares in (measuring, watching))
            print(f"| {table.name} | {name} | {statistics.median(times):.3g} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
