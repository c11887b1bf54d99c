"""The public face: `fit`, `load`, `open_run`, and the run that they give back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from inspect import signature
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from . import __version__
from .compiled.choose import compiled_runtime
from .compiled.gram import GramRuntime
from .compiled.runtime import CompiledRuntime, Floats
from .compiled.sparse import SparseArrays
from .data.origin import Place
from .data.reading import Reading
from .data.schema import Schema
from .data.sources import read
from .descent.interrupt import Interrupt
from .descent.loop import Descent
from .descent.plan import Plan
from .descent.specification import Specification
from .errors import RunError, SpecificationError
from .insight.divergence import divergence_error
from .insight.explain import explain
from .insight.explain_sparse import explain_sparse
from .insight.explanation import Explanation
from .insight.find_rate import RateSearch, find_rate
from .insight.measured import Measured, measured
from .insight.page import rows_on_page
from .losses import Loss, loss_from_dict
from .models.linear import LinearModel
from .models.load import linear_model, load
from .penalties import Penalty
from .plain.additions import NONE
from .plain.descent import PlainRuntime
from .planning import options
from .planning.asked import DEFAULT_TOLERANCE
from .planning.begin import begin, features_of
from .planning.prepare import Prepared, prepare
from .planning.rate import learning_rate as measured_rate
from .planning.settle import Settled, measure
from .rules import Rule
from .runs import record as records
from .schedules import Schedule
from .transforms import Transform

__all__ = ["RateSearch", "Run", "RunState", "find_learning_rate", "fit", "load", "open_run"]

NOT_FOR_BEGIN = ("record", "progress")  # options of `fit` that change nothing before step 1


class RunState:
    """What stands after a step. theta: flat float64 vector, coefficients of the scaled features first, intercept last.

    rule_state: a vector like theta for each name in the rule's state ("m", "v", …). average: that of the parameters so
    far, where a transform keeps one, or None.
    """

    def __init__(self, theta: Floats, rule_state: dict[str, Floats], average: Floats | None = None):
        self.theta, self.rule_state, self.average = theta, rule_state, average


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
        evaluation: dict[str, Any],
        prepared: Callable[[], Prepared],
        title: str,
        descent: Descent | None = None,
        seconds: float = 0.0,
        threads: int = 1,
        runtime: str = "auto",
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
        penalty, and the norm that of its smooth part's gradient, before any clipping. From X'X (gram) losses are
        measured at steps 1, 2, 4, 8, … and the last one, and null elsewhere.
        """
        if self._descent is None:
            self._descent = self._replayed(self.steps)
        found, sizes = self._descent.history, self.specification.plan.sizes
        steps = np.arange(1, len(found.losses) + 1)
        unmeasured = self.specification.plan.gram  # NaN: not measured in that step
        return pa.table(
            {
                "step": steps,
                "epoch": (steps - 1) // sizes.steps,
                "loss": pa.array(found.losses.copy(), from_pandas=unmeasured),
                "objective": pa.array(found.objectives.copy(), from_pandas=unmeasured),
                "gradient_norm": found.norms.copy(),
                "learning_rate": found.rates,
            }
        )

    def at(self, k: int) -> RunState:
        """The state after step k, exactly; at(0) is the start. The run is replayed up to there."""
        descent = self._replayed(self._checked_step(k, 0))
        vectors = [np.array(vector, dtype=np.float64) for vector in descent.state.rule_state]
        names = self.specification.plan.rule.state
        average = descent.state.average
        return RunState(
            np.array(descent.state.theta, dtype=np.float64),
            dict(zip(names, vectors, strict=True)),
            None if average is None else np.array(average, dtype=np.float64),
        )

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
        shown = [numbers[at] for at in rows_on_page(len(numbers), None if row is None else numbers.index(row))]
        found = prepared.find([number - 1 for number in shown])
        places = {number: place.inside for number, place in zip(shown, found) if place.inside}
        names = self.model.schema.features
        if isinstance(prepared.problem, SparseArrays):
            arrays = prepared.problem
            return explain_sparse(descent, arrays, batch, numbers, names, self.title, row, not diverged, places)
        problem = prepared.problem.in_lists(batch)
        classes = tuple(map(str, self.model.classes)) if problem.loss.many else ()
        return explain(descent, problem, numbers, names, self.title, row, not diverged, places, classes)

    def locate(self, row: int) -> Place:
        """Where a row of the table (counted from 1, as `explain` does) stands: its file and line, or row group and row.

        Of a recorded run the table is read again. SpecificationError for a row that is not in the table.
        """
        prepared = self._prepared()
        if isinstance(row, bool) or not hasattr(row, "__index__") or not 1 <= row.__index__() <= prepared.total:
            raise SpecificationError(
                f"row {row!r} is not in the table: it has rows 1 to {prepared.total:,}", option="row", value=row
            )
        return prepared.find([row.__index__() - 1])[0]

    def measure(self, step: int) -> Measured:
        """Step k measured: curvature of its batch and of the table, stable limit, predicted and actual change of the
        loss, noise scale and critical batch size, cosine with the gradient before, update ratio, effective step of each
        parameter, the rows that the step and the sharpness are made of. `str()` is a page of it.

        Each quantity's formula, cost and source stand in its file in `fallline.measures`.
        """
        k, prepared = self._checked_step(step, 1), self._prepared()
        if isinstance(prepared.problem, SparseArrays):
            raise SpecificationError(
                "measure: a step on sparse rows is not measured in this version; `explain` works it out",
                option="step",
                value=step,
            )
        return measured(self._replayed(k - 1), prepared.problem, prepared.rows + 1, self.model.schema.features)

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
            _runtime(self._runtime, self._prepared(), self.specification.plan, self.model.schema, self._threads),
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
    penalty: str | Penalty | tuple[str | Penalty, ...] | None = None,
    rule: str | Rule | None = None,
    learning_rate: float | str = "auto",
    schedule: str | Schedule = "auto",
    transforms: str | Transform | tuple[str | Transform, ...] = (),
    batch_size: int | str = "auto",
    epochs: int | str = "auto",
    tolerance: float | None = DEFAULT_TOLERANCE,
    patience: int = 5,
    validation: Any = "auto",
    sample_weight: Any = None,
    scale: str | None = "standard",
    intercept: bool = True,
    shuffle: bool = True,
    seed: int = 0,
    storage: str = "float64",
    start: Any = None,
    gram: str | bool = "auto",
    threads: int | None = None,
    drop: Iterable[str] = (),
    only: Iterable[str] | None = None,
    categorical: Iterable[str] = (),
    hashed: Iterable[str] = (),
    max_categories: int = 50,
    encoding: str | None = None,
    record: str | PathLike[str] | None = None,
    resume: bool = False,
    progress: Callable[[Descent], object] | None = None,
    runtime: str = "auto",
) -> Run:
    """Train a model on a raw table by gradient descent, and return the run.

    data: the path of a file (.csv, .tsv, .parquet, .arrow, .feather, .npy, .npz, .svm; text may be compressed), of a
    folder of them or a pattern such as "trips/*.csv"; or an Arrow, pandas or polars table, a dict of columns, an array
    (n, d), a SciPy sparse matrix, or an iterator of batches. encoding: of text files, UTF-8 unless given.
    target: a column's name, or an array of n values. loss: a name or an object from `fallline.losses`; "auto":
    squared for a number, logistic for two classes, softmax for text with more.
    penalty: a name or an object from `fallline.penalties`, or a tuple of them. transforms: objects from
    `fallline.transforms`, which a step takes in its own order, whatever theirs is.
    rule: a name or an object from `fallline.rules`. A rate given to the rule wins over learning_rate="auto"; a given
    rate is kept constant unless a schedule is given. batch_size: rows, or "full". tolerance: the relative fall of the
    training loss that counts as progress; `patience` looks without progress end a stage, and in the end the run. Given
    epochs switch the tolerance off unless it is given too. validation: the fraction of rows held out ("auto": a fifth,
    from 50 rows on), by the hash of their numbers; or "last:1000" or "last:0.2", the last rows; or "column:NAME", the
    rows in which that column says true, 1 or test (it is no feature then); or another table, or its path (a path that
    begins like one of these is written "./last:…"). Their scores are reported and steer nothing. sample_weight: a
    column's name, or n numbers. drop, only, categorical: columns to leave out, to use alone, to take as names whatever
    they hold. A column of text keeps its max_categories most frequent values; one that is `hashed` becomes
    max_categories 0/1 features by the hash of its values. scale: "standard" or None. storage:
    "float64", or "float32" to keep features in half the memory, each less its column's first value; arithmetic stays in
    float64, and so do targets, weights and parameters. start: a model or a run, or the path of one, with the same
    features: the descent begins at its coefficients (a warm start). threads: changes no bit. record: a
    folder to record the run in. progress: called with the descent now and then. runtime: "compiled" or "plain"; "auto"
    begins in plain Python where that takes less time than to compile. The bits are the same.

    Raises DataError for an unusable table, SpecificationError for an impossible option, DivergenceError when the loss
    goes up and up, and KeyboardInterrupt on Ctrl-C; the last two with the run so far as `.run`.
    """
    given = dict(locals())
    if record is not None and Path(record).exists():
        raise RunError(f"{record} exists already: name another folder to record the run in, or remove it")
    given["start"] = _model_of(start)
    begun = begin(**{name: value for name, value in given.items() if name not in NOT_FOR_BEGIN})
    del data, given  # from here on, only what was encoded is needed
    plan, chosen = begun.settled.plan, begun.wish.learning_rate is None
    descent = Descent(_runtime(runtime, begun.prepared, plan, begun.schema, begun.threads), plan, backs_off=chosen)
    run = _carried_out(
        descent, begun.specification, begun.schema, begun.prepared, begun.settled, begun.notes, begun.name, progress
    )
    run.learning_rate_reason, run._threads, run._runtime = begun.settled.rate_reason, begun.threads, runtime
    if record is not None:
        run.save(record)
    return _ended(run, descent, begun.prepared, begun.settled, begun.spreads)


def _model_of(start: Any) -> LinearModel | None:
    """The model that a warm start is given as: itself, or its run, or the path of one of them."""
    if isinstance(start, Run):
        return start.model
    if start is None or isinstance(start, LinearModel):
        return start
    if not isinstance(start, str | PathLike):
        raise options.refuse("start", start, "a model, a run, or the path of one of them")
    return open_run(start).model if Path(start).is_dir() else load(start)


def find_learning_rate(data: Any, target: Any = None, **options: Any) -> RateSearch:
    """Try learning rates on a table, and say which one to take: a `RateSearch`.

    Its suggestion is the rate that `fit` with the same options chooses; beside it stand the usual suggestions, each
    with its formula, and the stable limit. `str()` is the curve and all of that. options: those of `fit`, but for
    learning_rate, record and progress. Nothing is trained, and the data are left as they are.

    Raises DataError for an unusable table, SpecificationError for an impossible option.
    """
    for option in ("learning_rate", "record", "progress"):
        if option in options:
            raise SpecificationError(f"{option} has no meaning in find_learning_rate: leave it out", option=option)
    arguments = signature(fit).bind(data, target, **options)
    arguments.apply_defaults()
    given = {name: value for name, value in arguments.arguments.items() if name not in NOT_FOR_BEGIN}
    if getattr(given["rule"], "learning_rate", None) is not None:
        given["rule"] = given["rule"].with_rate(None)
    given["start"] = _model_of(given["start"])
    begun = begin(**given)
    return find_rate(begun.prepared.problem, begun.settled.plan, begun.settled.rate_reason, begun.threads)


def _carried_out(
    descent: Descent,
    specification: Specification,
    schema: Schema,
    prepared: Prepared,
    settled: Settled,
    notes: list[str],
    name: str,
    progress: Callable[[Descent], object] | None,
) -> Run:
    descent.runtime.warm_up(descent.state, descent.plan.sizes.batch)
    started, waited = time.perf_counter(), descent.runtime.waited
    with Interrupt() as interrupted:
        descent.run(report=progress, interrupted=interrupted)
    seconds = time.perf_counter() - started - (descent.runtime.waited - waited)
    problem = prepared.problem
    model = linear_model(problem.loss)(
        schema,
        problem.loss,
        descent.answer(),
        problem.centres,
        problem.inverse_scales,
        prepared.fills,
        intercept=problem.intercept,
        stop=descent.stop,
        training={"rows": problem.rows, "steps": descent.k, "source": name, "version": __version__},
    )
    notes = [*notes, *settled.notes]
    if descent.back_off is not None:
        notes += descent.back_off.sentences
        specification = replace(specification, plan=descent.plan)
    if descent.stop == "epochs" and settled.epochs_chosen and not specification.scale and schema.scaled.any():
        notes.append('scaling is off, which slows the descent down: use scale="standard"')
    evaluation: dict[str, Any] = {}
    if len(prepared.held_out[1]) and descent.stop != "diverged":
        evaluation = model.evaluate_features(*prepared.held_out)
    title = f"{name}, {schema.target.name}" if schema.target else name
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
        curvature = measure(prepared.problem, plan.sizes, plan.seed, plan.shuffle, plan.penalties)
        suggested = measured_rate(plan.rule, curvature)[0]
        features = tuple(name for name in run.model.schema.features for _ in range(prepared.problem.scores))
        unscaled = np.repeat(np.isfinite(spreads), prepared.problem.scores)
        error = divergence_error(descent, curvature, features, unscaled, suggested)
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
        table = read(specification.source, reading=Reading(schema.text, specification.encoding))
        if table.fingerprint() != specification.fingerprint:
            raise RunError(f"{specification.source} has changed since the run {folder}: its steps cannot be replayed")
        again = prepare(
            table,
            schema,
            loss_from_dict(specification.loss),
            validation=specification.validation,
            seed=specification.plan.seed,
            scale=specification.scale,
            intercept=specification.intercept,
            storage=specification.storage,
            warm=specification.start,
        )
        if len(again.problem.start) != again.problem.parameters:
            raise RunError(f"{folder}: the specification is damaged: start has {len(again.problem.start):,} numbers")
        return again

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


def _runtime(name: str, prepared: Prepared, plan: Plan, schema: Schema, threads: int) -> CompiledRuntime | PlainRuntime:
    problem = prepared.problem
    additions = NONE
    if plan.penalties or plan.transforms:
        additions = plan.additions(features_of(schema, problem.scores))
    if plan.gram:
        return GramRuntime(problem, plan.rule, threads, last=plan.steps, additions=additions)
    if name == "plain":
        if isinstance(problem, SparseArrays):
            options.refuse_to_fill_up(problem.rows, problem.columns)
        return PlainRuntime(problem.in_lists(np.arange(problem.rows)), plan.rule, additions)
    return compiled_runtime(problem, plan.rule, threads, additions)


def _some(numbers: list[int]) -> str:
    return ", ".join(f"{number:,}" for number in numbers[:8]) + (
        f" and {len(numbers) - 8:,} more" if len(numbers) > 8 else ""
    )
