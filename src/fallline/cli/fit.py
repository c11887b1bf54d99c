"""`fallline fit`: train a model on a table, and say how good it is."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from ..errors import DivergenceError, RunError, SpecificationError
from .additions import penalties_of, transforms_of
from .choices import chosen_loss, chosen_rule, chosen_schedule
from .console import say, show, show_json
from .interrupt import ending_at_once
from .predict import check_folder_of
from .progress import Progress, progress
from .words import on_command_line, refused, values

if TYPE_CHECKING:
    from ..api import Run

Word = str | None


def fit(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="The table: a file, a folder of files, or a pattern such as 'trips/*.csv'."
        ),
    ],
    targets: Annotated[list[str], typer.Option("--target", "-t", metavar="COLUMN", help="The column to predict.")],
    model: Annotated[Word, typer.Option(metavar="NAME", help="linear (the default).")] = None,
    loss: Annotated[
        Word,
        typer.Option(
            metavar="NAME",
            help="auto (by the target), squared, logistic, softmax, absolute, huber, quantile, epsilon_insensitive, "
            "squared_epsilon_insensitive, hinge, squared_hinge, modified_huber, poisson, gamma or tweedie; or "
            "MODULE:NAME of your own.",
        ),
    ] = None,
    loss_option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=X", help="An option of the loss, such as delta=2 of huber or level=0.9 of quantile."
        ),
    ] = None,
    rule: Annotated[
        Word, typer.Option(metavar="NAME", help="See `fallline rules`; or MODULE:NAME of your own.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=X", help="A hyper-parameter of the rule, such as momentum=0.9; may be repeated."),
    ] = None,
    penalty: Annotated[
        Word,
        typer.Option(
            metavar="NAME,…", help="l2, l1, elastic_net, group_l1 (by column), non_negative, box; or MODULE:NAME."
        ),
    ] = None,
    alpha: Annotated[Word, typer.Option(metavar="X", help="The penalty's strength (1e-4).")] = None,
    l1_ratio: Annotated[Word, typer.Option(metavar="X", help="The share of l1 in elastic_net (0.5).")] = None,
    lower: Annotated[Word, typer.Option(metavar="X", help="box: the least that a scaled coefficient may be.")] = None,
    upper: Annotated[Word, typer.Option(metavar="X", help="box: the most.")] = None,
    clip_norm: Annotated[Word, typer.Option(metavar="X", help="The most that a gradient's norm may be.")] = None,
    clip_value: Annotated[Word, typer.Option(metavar="X", help="The most that each of its entries may be.")] = None,
    trust_ratio: Annotated[Word, typer.Option(metavar="NAME", help="lamb or lars.")] = None,
    decoupled_decay: Annotated[
        Word, typer.Option(metavar="X", help="Shrink all parameters by rate * X in every step.")
    ] = None,
    accumulate: Annotated[Word, typer.Option(metavar="N", help="Batches that make one step.")] = None,
    average: Annotated[
        Word,
        typer.Option(metavar="NAME[:X]", help="Answer with an average: polyak[:START], tail[:PART], exponential[:X]."),
    ] = None,
    learning_rate: Annotated[Word, typer.Option(metavar="X", help="auto (measured), or a number above 0.")] = None,
    schedule: Annotated[
        Word,
        typer.Option(
            metavar="NAME",
            help="auto (plateau, or constant for a given rate), constant, step, milestones, exponential, inverse_time, "
            "invscaling, optimal, polynomial, cosine, cosine_restarts, linear_warmup, one_cycle, cyclic, "
            "warmup_stable_decay, reduce_on_plateau or plateau.",
        ),
    ] = None,
    schedule_option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=X", help="An option of the schedule, such as patience=5; may be repeated."),
    ] = None,
    batch_size: Annotated[Word, typer.Option(metavar="N", help="Rows in a batch: auto, full or a number.")] = None,
    epochs: Annotated[
        Word, typer.Option(metavar="N", help="Passes over the table: auto or a number, which are all made.")
    ] = None,
    tolerance: Annotated[
        Word, typer.Option(metavar="X", help="Relative fall of the loss that counts as progress (1e-4), or none.")
    ] = None,
    patience: Annotated[Word, typer.Option(metavar="N", help="Looks without progress that are borne (5).")] = None,
    validation: Annotated[
        Word,
        typer.Option(
            metavar="X",
            help="Rows held out to judge the model: auto (a fifth), a fraction, last:N, column:NAME, another table's "
            "path, or none.",
        ),
    ] = None,
    scale: Annotated[Word, typer.Option(metavar="NAME", help="standard (the default) or none.")] = None,
    storage: Annotated[
        Word, typer.Option(metavar="NAME", help="float64 (the default), or float32: half the memory.")
    ] = None,
    start: Annotated[
        Word, typer.Option(metavar="MODEL_OR_RUN", help="Begin at the coefficients of this model (a warm start).")
    ] = None,
    no_intercept: Annotated[bool, typer.Option("--no-intercept", help="Fit no intercept.")] = False,
    no_shuffle: Annotated[bool, typer.Option("--no-shuffle", help="Take the rows in table order.")] = False,
    sample_weight: Annotated[Word, typer.Option(metavar="COLUMN", help="A column of weights for the rows.")] = None,
    drop: Annotated[list[str] | None, typer.Option(metavar="C,…", help="Leave these columns out.")] = None,
    only: Annotated[list[str] | None, typer.Option(metavar="C,…", help="Use these columns alone.")] = None,
    categorical: Annotated[
        list[str] | None, typer.Option(metavar="C,…", help="Columns of numbers that are names, such as a zip code.")
    ] = None,
    hashed: Annotated[
        list[str] | None, typer.Option(metavar="C,…", help="Text columns to hash into --max-categories features.")
    ] = None,
    max_categories: Annotated[
        Word, typer.Option(metavar="N", help="Values that a text column keeps (50); the rest is one, other.")
    ] = None,
    encoding: Annotated[Word, typer.Option(metavar="NAME", help="Of a text file, such as latin-1 (utf-8).")] = None,
    seed: Annotated[
        Word, typer.Option(metavar="N", help="Decides which rows are held out, and their order (0).")
    ] = None,
    threads: Annotated[Word, typer.Option(metavar="N", help="Threads (all cores); they change no result.")] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Record the run in this new folder, not under runs/.")
    ] = None,
    no_record: Annotated[bool, typer.Option("--no-record", help="Record no run.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="MODEL", help="Also write the model to this file.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would become of each column; train and write nothing.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
) -> None:
    """Train a model on a raw table.

    What is left out is chosen for the table, and reported. The run is recorded under runs/.
    """
    target = one_target(targets)
    words: dict[str, object] = {
        "target": target,
        "model": model,
        "loss": chosen_loss(loss, loss_option),
        "rule": chosen_rule(rule, option, learning_rate),
        "learning_rate": learning_rate,
        "schedule": chosen_schedule(schedule, schedule_option),
        "batch_size": batch_size,
        "epochs": epochs,
        "tolerance": tolerance,
        "patience": patience,
        "validation": validation,
        "scale": scale,
        "storage": storage,
        "start": start,
        "intercept": False if no_intercept else None,
        "shuffle": False if no_shuffle else None,
        "sample_weight": sample_weight,
        "drop": drop,
        "only": only,
        "categorical": categorical,
        "hashed": hashed,
        "max_categories": max_categories,
        "encoding": encoding,
        "seed": seed,
        "threads": threads,
    }
    penalty_words = {"alpha": alpha, "l1_ratio": l1_ratio, "lower": lower, "upper": upper}
    words["penalty"] = penalties_of(penalty, penalty_words)
    transform_words = {"clip_value": clip_value, "clip_norm": clip_norm, "trust_ratio": trust_ratio}
    transform_words |= {"decoupled_decay": decoupled_decay, "accumulate": accumulate, "average": average}
    words["transforms"] = transforms_of(transform_words)
    keep = Keep(data, target, record, no_record or (dry_run and record is None), output)
    keep.check()
    if dry_run:
        _dry_run(data, words, json)
        return
    with progress(data, target) as shown:
        try:
            run, ended = _trained(data, words, shown)
        except SpecificationError as error:
            raise refused(error, words | penalty_words | transform_words) from error
        keep.save(run)
    _tell(run, ended, shown, keep, json, words)


def one_target(targets: list[str]) -> str:
    """The one target that was named."""
    if len(targets) > 1:
        message = f"--target: {len(targets)} columns are named, {', '.join(targets)}; name one"
        raise SpecificationError(message, option="target", value=targets, allowed="one column")
    return targets[0]


def _dry_run(data: str, words: dict[str, object], json: bool) -> None:
    from .dry_run import dry_run

    try:
        with ending_at_once():
            dry_run(data, values(words), json, words)
    except SpecificationError as error:
        raise refused(error, words) from error


class Keep(NamedTuple):
    """Where a run and its model go."""

    data: str
    target: str
    record: Path | None
    no_record: bool
    output: Path | None

    def check(self) -> None:
        """Refuse, before anything is computed, what could not be kept afterwards."""
        if self.record is not None and self.no_record:
            raise SpecificationError("--record and --no-record: give one of them", option="record")
        if self.record is not None and self.record.exists():
            raise RunError(f"--record {self.record} exists already: name another folder, or remove it")
        if not self.no_record:
            folder = self.record or Path("runs") / self._name()
            _check_can_be_made(folder, "--record" if self.record else "the run cannot be recorded:")
        if self.output is not None:
            check_folder_of("--output", self.output)

    def save(self, run: Run) -> None:
        if not self.no_record:
            self._record(run)
        if self.output is not None and run.stop != "diverged":
            run.model.save(self.output)

    def _record(self, run: Run) -> None:
        from ..runs.record import free_folder

        while run.folder is None:
            folder = self.record or free_folder(self._name())
            try:
                run.save(folder)
            except RunError:
                if self.record is not None or not folder.exists():
                    raise  # otherwise another process took the name; the next one is free

    def _name(self) -> str:
        return re.sub(r"[^\w.-]+", "_", f"{_stem(self.data)}-{self.target}").lstrip(".")


def _stem(data: str) -> str:
    """The name of a file without what tells its kind; of a folder, and of a pattern's folder, its own."""
    path = Path(data)
    if any(sign in path.name for sign in "*?["):
        return path.parent.name or "files"
    name = path.name
    for ending in (".gz", ".zst", ".bz2"):
        name = name.removesuffix(ending)
    return name if path.is_dir() else Path(name).stem


def _check_can_be_made(folder: Path, what: str) -> None:
    parent = folder.parent
    while not parent.exists() and parent != parent.parent:
        parent = parent.parent
    if not parent.is_dir():
        raise SpecificationError(f"{what} {folder}: {parent} is a file, not a folder", option="record")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise SpecificationError(
            f"{what} {folder}: the folder {parent} cannot be written; give --record DIR or --no-record", option="record"
        )


def _trained(
    data: str, words: dict[str, object], shown: Progress
) -> tuple[Run, KeyboardInterrupt | DivergenceError | None]:
    """The run, and the exception that it ended with, if it did."""
    options: dict[str, Any] = values(words)
    try:
        with ending_at_once():
            from ..api import fit as train

            return train(data, **options, progress=shown), None
    except (KeyboardInterrupt, DivergenceError) as error:
        run: Run | None = getattr(error, "run", None)
        if run is None:
            raise
        return run, error


def _tell(
    run: Run,
    ended: KeyboardInterrupt | DivergenceError | None,
    shown: Progress,
    keep: Keep,
    json: bool,
    words: dict[str, object],
) -> None:
    """Print the result; a run that was cut short ends in an error message and its exit code."""
    from .report import Outcome, report

    diverged = isinstance(ended, DivergenceError)
    outcome = Outcome(run, shown.meter, keep.data, None if diverged else keep.output)
    message = ""
    if isinstance(ended, DivergenceError):
        message = on_command_line(str(ended), words) + _how_to_look(run)
    elif ended is not None:
        kept = run.folder or keep.output
        message = f"{ended}; " + (f"what was learned so far is in {kept}" if kept else "nothing was saved")
    if json:
        show_json(outcome.to_dict() | ({"error": message} if message else {}))
    elif not diverged:
        show(report(outcome))
    if ended is not None:
        say(message)
        raise typer.Exit(1 if diverged else 130)


def _how_to_look(run: Run) -> str:
    if run.folder is None:
        return ""
    return f". The run is kept: fallline explain {run.folder} --step {run.steps + 1}"
