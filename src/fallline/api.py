"""The public face: `fit`, `load`, `open_run`, and the run that they give back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from . import __version__
from .compiled.runtime import Arrays, CompiledRuntime, Floats
from .compiled.sparse import SparseArrays, SparseRuntime
from .data.infer import infer
from .data.schema import Schema
from .data.sources import read
from .data.sparse import SparseTable
from .data.sparse_schema import SparseSchema, infer_sparse, is_sparse, sparse_table
from .data.table import Table
from .descent.interrupt import Interrupt
from .descent.loop import Descent
from .descent.specification import Specification
from .errors import RunError, SpecificationError
from .insight.divergence import divergence_error
from .insight.explain import explain
from .insight.explain_sparse import explain_sparse
from .insight.explanation import Explanation
from .losses import Loss, loss_named
from .models.linear import LinearModel
from .models.load import load
from .plain.descent import PlainRuntime
from .plain.problem import Problem
from .planning import options
from .planning.prepare import Prepared, prepare
from .planning.rate import learning_rate as measured_rate
from .planning.settle import Settled, Wish, measure, settle
from .planning.sparse import prepare_sparse
from .rules import Rule
from .runs import record as records
from .schedules import Schedule

__all__ = ["Run", "RunState", "fit", "load", "open_run"]

DEFAULT_TOLERANCE = float("1e-4")  # an object of its own: `fit` can tell it from a tolerance that was given
HELD_OUT = 0.2
FEWEST_ROWS_TO_SPLIT = 50


class RunState:
    """What stands after a step. theta: flat float64 vector, coefficients of the scaled features first, intercept last.

    rule_state: a vector like theta for each name in the rule's state ("m", "v", …).
    """

    def __init__(self, theta: Floats, rule_state: dict[str, Floats]):
        self.theta, self.rule_state = theta, rule_state


class Run:
    """A descent that was carried out: its specification, its model, and every step of it, exactly.

    specification: frozen, nothing in it is "auto". model: predicts from raw tables. notes: what was decided or left
    out, in sentences. stop: why it ended. steps: the last step that was applied. evaluation: scores on the held-out
    rows (empty without any). seconds: time spent in the descent.
    """

    def __init__(
        self,
        specification: Specification,
        model: LinearModel,
        stop: str,
        steps: int,
        notes: Iterable[str],
        evaluation: dict[str, float],
        prepared: Callable[[], Prepared],
        title: str,
        descent: Descent | None = None,
        seconds: float = 0.0,
        threads: int = 1,
        runtime: str = "compiled",
    ):
        self.specification, self.model, self.stop, self.steps = specification, model, stop, steps
        self.notes, self.evaluation, self.seconds, self.title = tuple(notes), evaluation, seconds, title
        self.learning_rate_reason = ""
        self.folder: Path | None = None
        self._prepared, self._descent, self._threads, self._runtime = prepared, descent, threads, runtime

    @property
    def history(self) -> pa.Table:
        """A table with a row for each step: step, epoch, loss, objective, gradient_norm, learning_rate.

        Loss and gradient norm are those of the step's batch at theta(k - 1); the objective is the loss plus the
        penalty.
        """
        if self._descent is None:
            self._descent = self._replayed(self.steps)
        found, sizes = self._descent.history, self.specification.plan.sizes
        steps = np.arange(1, len(found.losses) + 1)
        return pa.table(
            {
                "step": steps,
                "epoch": (steps - 1) // sizes.steps,
                "loss": found.losses,
                "objective": found.losses,
                "gradient_norm": found.norms,
                "learning_rate": found.rates,
            }
        )

    def at(self, k: int) -> RunState:
        """The state after step k, exactly; at(0) is the start. The run is replayed up to there."""
        descent = self._replayed(self._checked_step(k, 0))
        vectors = [np.array(vector, dtype=np.float64) for vector in descent.state.rule_state]
        names = self.specification.plan.rule.state
        return RunState(np.array(descent.state.theta, dtype=np.float64), dict(zip(names, vectors, strict=True)))

    def explain(self, step: int, row: int | None = None) -> Explanation:
        """The arithmetic of step k on its own rows; `row` (counted from 1 in the table) is one to work out in full.

        The step at which a run diverged, which was not applied, can be explained too.
        """
        diverged = self.stop == "diverged" and step == self.steps + 1
        k = self.steps + 1 if diverged else self._checked_step(step, 1)
        descent, prepared = self._replayed(k - 1), self._prepared()
        batch = np.asarray(descent.batch(k))
        numbers = (prepared.rows[batch] + 1).tolist()
        if row is not None and row not in numbers:
            raise SpecificationError(
                f"row {row} is not in the batch of step {k:,}: its rows are {_some(numbers)}", option="row", value=row
            )
        names = self.model.schema.features
        if isinstance(prepared.problem, SparseArrays):
            return explain_sparse(descent, prepared.problem, batch, numbers, names, self.title, row, not diverged)
        problem = _in_lists(prepared, batch)
        return explain(descent, problem, numbers, names, self.title, row, not diverged)

    def save(self, folder: str | PathLike[str]) -> Path:
        """Record the run in a new folder: its specification and its model."""
        result = {
            "stop": self.stop,
            "steps": self.steps,
            "notes": list(self.notes),
            "evaluation": self.evaluation,
            "learning_rate_reason": self.learning_rate_reason,
        }
        self.folder = records.write(Path(folder), self.specification, self.model, result)
        return self.folder

    def _checked_step(self, k: object, least: int) -> int:
        if isinstance(k, bool) or not hasattr(k, "__index__") or not least <= k.__index__() <= self.steps:
            raise SpecificationError(
                f"step {k!r} is not in this run: it has steps {least} to {self.steps:,}",
                option="step",
                value=k,
                allowed=f"{least} to {self.steps}",
            )
        return int(k.__index__())

    def _replayed(self, k: int) -> Descent:
        descent = Descent(
            _runtime(self._runtime, self._prepared(), self.specification.plan.rule, self._threads),
            self.specification.plan,
        )
        descent.run(until=k)
        return descent

    def __repr__(self) -> str:
        return f"<run of {self.title}: {self.stop} after {self.steps:,} steps>"


def fit(
    data: Any,
    target: Any = None,
    *,
    model: str = "linear",
    loss: str | Loss = "auto",
    penalty: None = None,
    rule: str | Rule | None = None,
    learning_rate: float | str = "auto",
    schedule: str | Schedule = "auto",
    transforms: tuple[()] = (),
    batch_size: int | str = "auto",
    epochs: int | str = "auto",
    tolerance: float | None = DEFAULT_TOLERANCE,
    patience: int = 5,
    validation: float | str | None = "auto",
    sample_weight: Any = None,
    scale: str | None = "standard",
    intercept: bool = True,
    shuffle: bool = True,
    seed: int = 0,
    storage: str = "float64",
    gram: str | bool = "auto",
    threads: int | None = None,
    drop: Iterable[str] = (),
    only: Iterable[str] | None = None,
    categorical: Iterable[str] = (),
    max_categories: int = 50,
    record: str | PathLike[str] | None = None,
    resume: bool = False,
    progress: Callable[[Descent], object] | None = None,
    runtime: str = "compiled",
) -> Run:
    """Train a model on a raw table by gradient descent, and return the run.

    data: a path (.csv, .parquet), an Arrow table, a pandas or polars frame, a dict of columns, or an array (n, d).
    target: a column's name, or an array of n values. loss "auto": squared for a number, logistic for two classes.
    rule: a name or an object from `fallline.rules`. A rate given to the rule wins over learning_rate="auto"; a given
    rate is kept constant unless a schedule is given. batch_size: rows, or "full". tolerance: the relative fall of the
    training loss that counts as progress; `patience` looks without progress end a stage, and in the end the run. Given
    epochs switch the tolerance off unless it is given too. validation: the fraction of rows held out ("auto": a fifth,
    from 50 rows on); their scores are reported and steer nothing. sample_weight: a column's name, or n numbers. scale:
    "standard" or None. threads: changes no bit. record: a folder to record the run in. progress: called with the
    descent now and then. runtime: "compiled" or "plain"; the same bits.

    Raises DataError for an unusable table, SpecificationError for an impossible option, DivergenceError when the loss
    goes up and up, and KeyboardInterrupt on Ctrl-C; the last two with the run so far as `.run`.
    """
    options.refuse_what_is_not_there(model, penalty, transforms, storage, gram, resume)
    found_rule, rate = options.checked_rule(rule, learning_rate)
    wish = Wish(
        found_rule,
        rate,
        options.checked_schedule(schedule, rate is not None or (found_rule is not None and not found_rule.scheduled)),
        _batch_size(batch_size),
        options.whole("epochs", epochs, ("auto",)),
        options.checked_tolerance(tolerance),
        tolerance is not DEFAULT_TOLERANCE,
        options.whole("patience", patience) or 1,
        options.one_of("shuffle", shuffle, (True, False)),
        options.whole("seed", seed, least=0) or 0,
    )
    held_out = options.checked_validation(validation)
    scaled = options.one_of("scale", scale, ("standard", None)) is not None
    options.one_of("intercept", intercept, (True, False))
    options.one_of("runtime", runtime, ("compiled", "plain"))
    thread_count = options.checked_threads(threads)
    if record is not None and Path(record).exists():
        raise RunError(f"{record} exists already: name another folder to record the run in, or remove it")

    if is_sparse(data):
        options.refuse_for_sparse(drop, only, categorical)
        sparse, target_name, weight_name = sparse_table(data, target, sample_weight)
        table: Table = sparse
        schema: Schema = infer_sparse(sparse, target_name, weight_name)
    else:
        table, target_name, weight_name = _table(data, target, sample_weight)
        schema = infer(
            table,
            target_name,
            sample_weight=weight_name,
            drop=tuple(drop),
            categorical=tuple(categorical),
            only=None if only is None else tuple(only),
            max_categories=max_categories,
        )
    chosen_loss = options.checked_loss(loss, bool(schema.target and schema.target.classes))
    notes = list(schema.notes)
    if held_out is None:
        held_out = HELD_OUT if table.rows >= FEWEST_ROWS_TO_SPLIT else 0.0
        notes += [] if held_out else [f"no rows are held out: {table.rows} are few"]
    prepared = _prepare(
        table, schema, chosen_loss, validation=held_out, seed=wish.seed, scale=scaled, intercept=intercept
    )
    spreads = np.full(len(schema.features), np.inf) if scaled else prepared.spreads
    settled = settle(wish, prepared.problem, schema.features, spreads)
    specification = Specification(
        source=None if table.path is None else os.path.abspath(table.path),
        fingerprint=table.fingerprint(),
        target_values=table.target is not None,
        schema=schema.to_dict(),
        model=model,
        loss=chosen_loss.name,
        validation=held_out,
        scale=scaled,
        intercept=intercept,
        storage=storage,
        plan=settled.plan,
        version=__version__,
    )
    descent = Descent(_runtime(runtime, prepared, settled.plan.rule, thread_count), settled.plan)
    run = _carried_out(descent, specification, schema, prepared, settled, notes, table, progress)
    run.learning_rate_reason, run._threads, run._runtime = settled.rate_reason, thread_count, runtime
    if record is not None:
        run.save(record)
    return _ended(run, descent, prepared, settled, spreads)


def _carried_out(
    descent: Descent,
    specification: Specification,
    schema: Schema,
    prepared: Prepared,
    settled: Settled,
    notes: list[str],
    table: Table,
    progress: Callable[[Descent], object] | None,
) -> Run:
    descent.runtime.warm_up(descent.state)
    started = time.perf_counter()
    with Interrupt() as interrupted:
        descent.run(report=progress, interrupted=interrupted)
    seconds = time.perf_counter() - started
    problem = prepared.problem
    model = LinearModel(
        schema,
        problem.loss,
        descent.answer(),
        problem.means,
        problem.inverse_scales,
        prepared.fills,
        intercept=problem.intercept,
        stop=descent.stop,
        training={"rows": problem.rows, "steps": descent.k, "source": table.name, "version": __version__},
    )
    notes = [*notes, *settled.notes]
    if descent.stop == "epochs" and settled.epochs_chosen and not specification.scale and schema.scaled.any():
        notes.append('scaling is off, which slows the descent down: use scale="standard"')
    evaluation: dict[str, float] = {}
    if len(prepared.held_out[1]) and descent.stop != "diverged":
        evaluation = model.evaluate_features(*prepared.held_out)
    title = f"{table.name}, {schema.target.name}" if schema.target else table.name
    return Run(
        specification, model, descent.stop, descent.k, notes, evaluation, lambda: prepared, title, descent, seconds
    )


def _ended(run: Run, descent: Descent, prepared: Prepared, settled: Settled, spreads: Floats) -> Run:
    """The run, or the exception that it ended with."""
    if run.stop == "interrupted":
        interrupt = KeyboardInterrupt(f"interrupted after step {run.steps:,}")
        interrupt.run = run  # type: ignore[attr-defined]
        raise interrupt
    if run.stop == "diverged":
        plan = settled.plan
        curvature = measure(prepared.problem, plan.sizes, plan.seed, plan.shuffle)
        suggested = measured_rate(plan.rule, curvature)[0]
        error = divergence_error(descent, curvature, run.model.schema.features, np.isfinite(spreads), suggested)
        error.run = run
        raise error
    return run


def open_run(folder: str | PathLike[str]) -> Run:
    """Open a recorded run. Its data are read when a step is asked for; RunError if they have changed since."""
    specification, model, result = records.read(folder)
    schema = model.schema

    def prepared() -> Prepared:
        if specification.source is None or specification.target_values:
            raise RunError(f"{folder}: the run's table was in memory, so it cannot be replayed from its folder")
        table = sparse_table(specification.source)[0] if is_sparse(specification.source) else read(specification.source)
        if table.fingerprint() != specification.fingerprint:
            raise RunError(f"{specification.source} has changed since the run {folder}: its steps cannot be replayed")
        return _prepare(
            table,
            schema,
            loss_named(specification.loss),
            validation=specification.validation,
            seed=specification.plan.seed,
            scale=specification.scale,
            intercept=specification.intercept,
        )

    kept: list[Prepared] = []

    def once() -> Prepared:
        kept[:] = kept or [prepared()]
        return kept[0]

    name = Path(specification.source).name if specification.source else "a table in memory"
    title = f"{name}, {schema.target.name}" if schema.target else name
    try:
        run = Run(
            specification,
            model,
            str(result["stop"]),
            int(result["steps"]),
            result["notes"],
            dict(result["evaluation"]),
            once,
            title,
            threads=options.available_cores(),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"{folder}: the result in {records.SPECIFICATION} is damaged: {error}") from error
    run.folder = Path(folder)
    return run


def _table(data: Any, target: Any, sample_weight: Any) -> tuple[Table, str, str | None]:
    """The table with target and weights as columns of it, and those columns' names."""
    if target is None:
        raise SpecificationError("target: name the column to predict, or give an array of its values", option="target")
    by_name = isinstance(target, str)
    table = read(data, None if by_name else target)
    target_name = target if by_name else table.target
    assert target_name is not None
    if sample_weight is None or isinstance(sample_weight, str):
        return table, target_name, sample_weight
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (table.rows,):
        raise SpecificationError(
            f"sample_weight has shape {weights.shape}, and the table has {table.rows:,} rows: give one number for each",
            option="sample_weight",
            allowed="a column's name, or one number for each row",
        )
    name = "sample weight"
    while name in table.names:
        name += "_"
    table.columns = table.columns.append_column(name, pa.array(weights))
    table.path = None  # what the file holds is no longer all that the run is made of
    return table, target_name, name


def _prepare(table: Table, schema: Schema, loss: Loss, **options: Any) -> Prepared:
    if isinstance(table, SparseTable) and isinstance(schema, SparseSchema):
        return prepare_sparse(table, schema, loss, **options)
    return prepare(table, schema, loss, **options)


def _runtime(name: str, prepared: Prepared, rule: Rule, threads: int) -> CompiledRuntime | PlainRuntime:
    if name == "plain":
        options.refuse_to_fill_up(prepared.problem)
        return PlainRuntime(_in_lists(prepared, np.arange(prepared.problem.rows)), rule)
    if isinstance(prepared.problem, SparseArrays):
        return SparseRuntime(prepared.problem, rule)
    return CompiledRuntime(prepared.problem, rule, threads)


def _in_lists(prepared: Prepared, rows: Any) -> Problem:
    """Some rows of the problem as plain lists."""
    arrays = prepared.problem
    features = arrays.features[rows] if isinstance(arrays, Arrays) else arrays.features.take(rows).dense()
    return Problem(
        features.tolist(),
        arrays.targets[rows].tolist(),
        arrays.weights[rows].tolist(),
        arrays.loss,
        arrays.means.tolist(),
        arrays.inverse_scales.tolist(),
        arrays.intercept,
    )


def _batch_size(batch_size: object) -> int | None:
    if batch_size == "full":
        return 1 << 62
    return options.whole("batch_size", batch_size, ("auto", "full"))


def _some(numbers: list[int]) -> str:
    return ", ".join(f"{number:,}" for number in numbers[:8]) + (
        f" and {len(numbers) - 8:,} more" if len(numbers) > 8 else ""
    )
