"""What `auto` is worth: twelve real tables x every rule, beside a grid of 15 rates and other people's defaults.

    python benchmarks/auto.py FOLDER [--tables a,b] [--rules c,d] [--no-grid]     FOLDER: diamonds.csv, penguins.csv

Everything is trained on all rows of a table, in raw units, with `fit`'s own defaults but for the rule. For each pair:
  excess   (loss - loss of the exact solution) / (loss of the trivial model - loss of the exact solution), losses of all
           training rows. Exact: least squares, or Newton's method to convergence. Trivial: the intercept alone.
  passes   over the table: those of the run, those thrown away by going back, and those of measuring the rate.
  grid     the same run at 15 given rates, sqrt(10) apart, around auto's but on a grid of their own. The best is the one
           of the lowest loss; `fast` is the one of fewest passes among those as good as it to within 5 % or 1e-4.
  torch    the same rule with convention="torch" at torch's default rate, constant, for as many passes as auto took.
Last comes a line for scikit-learn's SGD with its defaults, on the raw and on the standardised features.
"""

from __future__ import annotations

import argparse
import math
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import SGDClassifier, SGDRegressor
from tables import TABLES, Table

import fallline
from fallline.compiled.runtime import Arrays, CompiledRuntime
from fallline.descent.loop import Descent
from fallline.planning import options
from fallline.planning.settle import Wish, settle
from fallline.planning.trial import falling_schedule, plain_rate_of
from fallline.rules import RULES, SGD, Rule, rule_named

RATES = 15
WORTH = 0.01  # largest excess
ABOVE = 0.05  # largest excess above the grid's best
EQUAL = 1e-4  # differences of excess below this count as none: it is the tolerance of the stop rule
PASSES = 1.5


class Task(NamedTuple):
    """A prepared table and its two yardsticks."""

    table: Table
    problem: Arrays
    names: tuple[str, ...]
    exact: float
    trivial: float

    def excess(self, theta: np.ndarray) -> float:
        return (loss(self.problem, theta) - self.exact) / (self.trivial - self.exact)


class Outcome(NamedTuple):
    rate: float
    stop: str
    excess: float
    passes: float
    backoffs: int
    rule: Rule
    plain: float | None  # the rate of plain steps at the start


def loss(problem: Arrays, theta: np.ndarray) -> float:
    return CompiledRuntime(problem, SGD()).loss(theta)


def prepared(table: Table, folder: Path) -> Task:
    data, target = table.load(folder)
    run = fallline.fit(data, target=target, loss=table.loss, validation=None, epochs=1, learning_rate=1e-12)
    problem, names = run._prepared().problem, run.model.schema.features
    trivial = Arrays(
        problem.features[:, :0], problem.targets, problem.weights, problem.loss, problem.means[:0], problem.means[:0]
    )
    return Task(table, problem, names, loss(problem, solution(problem)), loss(trivial, solution(trivial)))


def solution(problem: Arrays) -> np.ndarray:
    """The exact minimum: Newton's method with halved steps, which for a squared loss is least squares."""
    z = (problem.features - problem.means) * problem.inverse_scales
    z = np.column_stack([z, np.ones(len(z))])
    weights = problem.weights / problem.weights.sum()
    theta = np.zeros(z.shape[1])
    for _ in range(100):
        scores = z @ theta
        pairs = [(*problem.loss.row(s, t), problem.loss.second(s, t)) for s, t in zip(scores, problem.targets)]
        _, slopes, seconds = np.array(pairs).T
        root = np.sqrt(weights * seconds)
        step = np.linalg.lstsq(z * root[:, None], weights * slopes / np.where(root > 0.0, root, 1.0), rcond=None)[0]
        size, here = 1.0, loss(problem, theta)
        while size > 1e-12 and not loss(problem, theta - size * step) <= here:
            size /= 2.0
        theta = theta - size * step
        if here - loss(problem, theta) <= 1e-15 * here:
            break
    return theta


def carried_out(task: Task, rule: Rule, rate: float | None, schedule: object = "auto", most: float = 0.0) -> Outcome:
    """One run. most: passes after which it ends, if above 0."""
    wish = Wish(
        rule,
        rate,
        options.checked_schedule(schedule, not rule.scheduled),
        None,
        None if most <= 0.0 else max(round(most), 1),
        options.checked_tolerance(1e-4),
        False,
        5,
        True,
        0,
    )
    settled = settle(wish, task.problem, task.names, np.full(len(task.names), np.inf))
    descent = Descent(CompiledRuntime(task.problem, settled.plan.rule), settled.plan, backs_off=rate is None)
    descent.run()
    thrown_away = descent.back_off.thrown_away if descent.back_off else 0
    passes = (descent.k + thrown_away) / settled.plan.sizes.steps + (settled.passes if rate is None else 0.0)
    excess = task.excess(descent.answer())
    plan = settled.plan
    backoffs, plain = len(descent.plan.backoffs), plain_rate_of(plan)
    return Outcome(plan.learning_rate, descent.stop, excess, passes, backoffs, plan.rule, plain)


def grid(task: Task, auto: Outcome) -> tuple[Outcome, Outcome]:
    """The run of the lowest loss, and the fastest of those as good."""
    first = round(2.0 * math.log10(auto.rate)) - RATES // 2
    rates = [10.0 ** (power / 2.0) for power in range(first, first + RATES)]
    runs = [carried_out(task, auto.rule, rate, falling_schedule(auto.rule, rate, auto.plain)) for rate in rates]
    runs = [run for run in runs if run.stop != "diverged"]
    best = min(runs, key=lambda run: run.excess)
    equal = [run for run in runs if as_good(run, best)]
    return best, min(equal, key=lambda run: run.passes)


def as_good(run: Outcome, best: Outcome) -> bool:
    return run.excess <= (1.0 + ABOVE) * max(best.excess, 0.0) + EQUAL


def with_torch_s_default(task: Task, rule: str, passes: float) -> str:
    kind = RULES[rule]
    if "torch" not in kind.conventions:
        return "-"
    theirs = rule_named(rule, convention="torch")  # type: ignore[arg-type]
    if theirs.learning_rate is None:
        return "-"
    run = carried_out(task, theirs, theirs.learning_rate, "constant", passes)
    return "diverged" if run.stop == "diverged" else f"{run.excess:.1e}"


def sklearn_s_defaults(task: Task) -> str:
    problem, words = task.problem, []
    standard = (problem.features - problem.means) * problem.inverse_scales
    for name, features in (("raw", problem.features), ("standardised", standard)):
        classes = problem.loss.classes
        model: Any = SGDClassifier(loss="log_loss", random_state=0) if classes else SGDRegressor(random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(features, problem.targets)
        raw = features if name == "raw" else standard
        scores = raw @ model.coef_.ravel() + model.intercept_
        with np.errstate(over="ignore"):
            rows = [problem.loss.row(float(s), float(t))[0] for s, t in zip(scores, problem.targets)]
        excess = (float(np.average(rows, weights=problem.weights)) - task.exact) / (task.trivial - task.exact)
        words.append(f"{name} {excess:.1e} in {model.n_iter_} passes")
    return f"scikit-learn's SGD by default: {', '.join(words)}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tables", default=",".join(table.name for table in TABLES))
    parser.add_argument("--rules", default=",".join(RULES))
    parser.add_argument("--no-grid", action="store_true")
    given = parser.parse_args()
    counts = dict.fromkeys(("pairs", "diverged", "worth", "loss", "passes", "passes of fast"), 0)
    for table in TABLES:
        if table.name not in given.tables.split(","):
            continue
        task = prepared(table, given.folder)
        problem = task.problem
        print(f"\n{table.name}: {table.kind}, {problem.rows:,} x {problem.columns}, loss {table.loss}", flush=True)
        print("| rule | rate | excess | passes | best rate | excess | passes | fast passes | torch | misses |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        for rule in given.rules.split(","):
            auto = carried_out(task, rule_named(rule), None)
            misses = []
            counts["pairs"] += 1
            verdicts = {"diverged": auto.stop == "diverged", "worth": auto.excess > WORTH}
            beside = "- | - | - | -"
            if not given.no_grid:
                best, fast = grid(task, auto)
                verdicts["loss"] = not as_good(auto, best)
                verdicts["passes"] = auto.passes > PASSES * best.passes
                verdicts["passes of fast"] = auto.passes > PASSES * fast.passes
                beside = f"{best.rate:.2g} | {best.excess:.1e} | {best.passes:,.0f} | {fast.passes:,.0f}"
            misses = [name for name, missed in verdicts.items() if missed]
            for name in misses:
                counts[name] += 1
            rate = f"{auto.rate:.2g}" + (f" (halved {auto.backoffs} times)" if auto.backoffs else "")
            torch = with_torch_s_default(task, rule, auto.passes)
            cells = (rule, rate, f"{auto.excess:.1e}", f"{auto.passes:,.0f}", beside, torch, ", ".join(misses))
            print(f"| {' | '.join(cells)} |", flush=True)
        print(sklearn_s_defaults(task), flush=True)
    print(f"\npairs: {counts.pop('pairs')}; missed: {counts}")


if __name__ == "__main__":
    main()
