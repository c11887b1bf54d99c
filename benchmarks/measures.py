"""What measuring and watching cost: their share of a run's time, and of the descent alone, paired in one run.

    python benchmarks/measures.py FOLDER                                              FOLDER: of diamonds.csv

both       measuring and watching beside `fallline.fit` on the table in memory, from its columns to the model.
measuring  curvature, stable limits and trials, before step 1, beside these and the descent.
watching   looks at the loss, the schedule, and the states kept for going back, beside the descent they are part of.
Each is the median of several runs' processor time, on one thread, after one that compiles. A fit from a file, or in a
process of its own, takes longer for the same measures.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np
from auto import prepared
from tables import TABLES

import fallline
from fallline.compiled.runtime import CompiledRuntime
from fallline.descent.loop import Descent
from fallline.planning import options
from fallline.planning.settle import Wish, settle
from fallline.rules import rule_named

PAIRS = 5


class Watched(Descent):
    """Adds up the time of its looks."""

    looking = 0.0

    def _look(self) -> None:
        begin = time.process_time()
        super()._look()
        self.looking += time.process_time() - begin


def main() -> None:
    folder = Path(sys.argv[1])
    print("| table | rule | fit s | both | descent s | measuring | watching |\n|---|---|---|---|---|---|---|")
    for table in TABLES:
        if table.name not in ("diamonds", "randhie", "diabetes"):
            continue
        task = prepared(table, folder)
        data, target = table.load(folder)
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
            measuring, watching, both, times, fits = [], [], [], [], []
            for pair in range(PAIRS + 1):
                begin = time.process_time()
                plan = settle(wish, task.problem, task.names, np.full(len(task.names), np.inf)).plan
                settled = time.process_time() - begin
                descent = Watched(CompiledRuntime(task.problem, plan.rule), plan, backs_off=True)
                begin = time.process_time()
                descent.run()
                run = time.process_time() - begin
                begin = time.process_time()
                fallline.fit(data, target=target, loss=table.loss, rule=name, validation=None, threads=1)
                fit = time.process_time() - begin
                if pair:
                    times.append(run)
                    fits.append(fit)
                    both.append((settled + descent.looking) / fit)
                    measuring.append(settled / (settled + run))
                    watching.append(descent.looking / run)
            shares = [f"{statistics.median(shares):.1%}" for shares in (both, measuring, watching)]
            seconds = [f"{statistics.median(times):.3g}" for times in (fits, times)]
            cells = (table.name, name, seconds[0], shares[0], seconds[1], *shares[1:])
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
