"""What measuring and watching cost: their share of a fit, measured inside it.

    python benchmarks/measures.py FOLDER [--fits 11]                                  FOLDER: of diamonds.csv

fit        `fallline.fit` on the table in memory, from its columns to the model. Each share is of this.
measures   of the curvature, and the rate that follows from it, before step 1.
watching   the looks at the loss: whether it still falls, the schedule, and the states that are kept to go back to.
trials     short descents at several rates, that an adaptive rule's own rate is chosen by: they are not measures, and
           are in none of the other figures.
descent    from the first step to the last, with the looks; measures and watching are given as a share of it too.
Medians of several fits' processor time, on one thread, after one that compiles. A fit from a file, or in a process of
its own, takes longer for the same measures.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from tables import TABLES

import fallline
from fallline.descent.loop import Descent
from fallline.planning import settle

SOME = ("diamonds", "randhie", "diabetes")
RULES = ("momentum", "adam")
Spent = dict[str, float]


def watched(owner: Any, name: str, spent: Spent, as_name: str) -> None:
    """Put a function in the place of the owner's, which adds up the time it takes."""
    function: Callable[..., Any] = getattr(owner, name)

    def timed(*arguments: Any, **options: Any) -> Any:
        begun = time.thread_time()
        try:
            return function(*arguments, **options)
        finally:
            spent[as_name] = spent.get(as_name, 0.0) + time.thread_time() - begun

    setattr(owner, name, timed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fits", type=int, default=11)
    options = parser.parse_args()
    spent: Spent = {}
    for owner, name, as_name in (
        *((settle, name, "measures") for name in ("measure", "settled_decay", "measured_rate", "plain_rate")),
        (settle, "try_rates", "trials"),
        (Descent, "_look", "watching"),
    ):
        watched(owner, name, spent, as_name)
    print("| table | rule | fit, ms | measures | watching | both | trials | descent, ms | both, of it |")
    print("|---|---|---|---|---|---|---|---|---|")
    for table in TABLES:
        if table.name in SOME:
            data, target = table.load(options.folder)
            for rule in RULES:
                fits = [shares(spent, data, target, table.loss, rule) for _ in range(options.fits + 1)][1:]
                middle = {name: median(fit[name] for fit in fits) for name in fits[0]}
                print(f"| {table.name} | {rule} | {line(middle)} |", flush=True)


def shares(spent: Spent, data: Any, target: Any, loss: str, rule: str) -> Spent:
    """One fit's times and shares."""
    spent.clear()
    begun = time.thread_time()
    run = fallline.fit(data, target=target, loss=loss, rule=rule, validation=None, threads=1, runtime="compiled")
    whole = time.thread_time() - begun
    measures, watching, trials = spent["measures"], spent["watching"], spent.get("trials", 0.0)
    descent = run.seconds
    return {
        "fit": 1e3 * whole,
        "measures": measures / whole,
        "watching": watching / whole,
        "both": (measures + watching) / whole,
        "trials": trials / whole,
        "descent": 1e3 * descent,
        "of it": (measures + watching) / (measures + descent),
    }


def line(shares: Spent) -> str:
    times = ("fit", "descent")
    return " | ".join(f"{value:.3g}" if name in times else f"{value:.1%}" for name, value in shares.items())


if __name__ == "__main__":
    main()
