"""The end of a `fit`: how good the model is, what it says, where it is, and what to do next."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..descent.stopping import REASONS
from ..runs.record import MODEL
from ..schedules import SCHEDULES
from .console import Line, columns, count, duration, number, speed
from .progress import rows_until
from .scores import score_lines

if TYPE_CHECKING:
    from ..api import Run
    from ..data.schema import Schema
    from .progress import Meter

STRONGEST = 10
MOST_CLASSES = 6  # that have a column in the report
EXACT_FEATURES = 3  # up to which an unscaled model's numbers are shown in full


class Outcome:
    """A run that ended, what was measured beside it, and where it was kept."""

    def __init__(self, run: Run, meter: Meter, data: str, output: Path | None):
        self.run, self.data, self.output = run, data, output
        sizes = run.specification.plan.sizes
        self.epochs = run.steps / sizes.steps
        self.rows_per_second = meter.rows_per_second() or rows_until(sizes, run.steps) / max(run.seconds, 1e-9)

    @property
    def target(self) -> str:
        target = self.run.model.schema.target
        return target.name if target else "the target"

    @property
    def model_file(self) -> Path | None:
        folder = self.run.folder
        return self.output or (folder / MODEL if folder else None)

    def to_dict(self) -> dict[str, Any]:
        run = self.run
        return {
            "stop": run.stop,
            "steps": run.steps,
            "epochs": self.epochs,
            "evaluation": run.evaluation,
            "coefficients": run.model.coefficients,
            "intercept": run.model.intercept,
            "learning_rate": run.specification.plan.learning_rate,
            "learning_rate_reason": run.learning_rate_reason,
            "rows_per_second": self.rows_per_second,
            "notes": list(run.notes),
            "run": str(run.folder) if run.folder else None,
            "model": str(self.model_file) if self.model_file else None,
            "specification": run.specification.to_dict(),
        }


def report(outcome: Outcome) -> list[Line]:
    """The whole report; of an interrupted run only how far it came and where it is."""
    parts = [_head(outcome), _scores(outcome)]
    if outcome.run.stop != "interrupted":
        parts += [_coefficients(outcome), _how(outcome), _notes(outcome)]
    parts += [_saved(outcome), _next(outcome)]
    lines = [line for part in parts if part for line in (*part, Line(""))]
    return lines[:-1]


def _head(outcome: Outcome) -> list[Line]:
    run = outcome.run
    rows = run.specification.plan.sizes.rows
    what = f"{run.specification.model.capitalize()} model of {outcome.target}, trained on {count(rows, 'row')}"
    reason = REASONS[run.stop]
    epochs = number(outcome.epochs)
    steps = f"{count(run.steps, 'step')}, {epochs} epoch{'s' * (epochs != '1')}, {duration(run.seconds)}"
    return [Line(f"{what} of {Path(outcome.data).name}", "bold"), Line(f"{reason[0].upper()}{reason[1:]} ({steps}).")]


def _scores(outcome: Outcome) -> list[Line]:
    found = outcome.run.evaluation
    if not found:
        last = outcome.run.history.column("loss")[-1].as_py()
        return [Line(f"No rows were held out to judge it by. Its loss in the last step of training: {number(last)}")]
    return score_lines(found, count(int(found["rows"]), "held-out row"), outcome.target)


def _coefficients(outcome: Outcome) -> list[Line]:
    run, model = outcome.run, outcome.run.model
    if model.loss.many:
        return _of_classes(outcome)
    found = model.coefficients
    if not run.specification.scale and len(found) <= EXACT_FEATURES:
        exact = [*found.items(), *([("intercept", model.intercept)] if model.has_intercept else [])]
        return [Line("Coefficients, to the last digit", "bold"), *map(Line, columns([(n, repr(v)) for n, v in exact]))]
    chosen = strongest(run)
    rows = [(name, signed(found[name]), condition(model.schema, name)) for name in chosen]
    rows += [("intercept", signed(model.intercept), "always")] if model.has_intercept else []
    some = "" if len(chosen) == len(found) else f" (the {len(chosen)} strongest of {len(found)})"
    lines = [Line(f"Coefficients: what each adds to {_what_is_added_to(outcome)}{some}", "bold")]
    return [*lines, *map(Line, columns(rows, right=(1,))), Line(f"  So {_example(outcome, chosen[0])}.")]


def _of_classes(outcome: Outcome) -> list[Line]:
    """A column for each class: what a feature adds to the score of the class."""
    run, model = outcome.run, outcome.run.model
    found: dict[Any, dict[str, float]] = model.coefficients  # type: ignore[assignment]
    intercepts: dict[Any, float] = model.intercept  # type: ignore[assignment]
    classes, shown = list(found), strongest(run)
    some = "" if len(shown) == len(model.schema.features) else f" (the {len(shown)} strongest)"
    rows = [("", *map(str, classes[:MOST_CLASSES]))]
    rows += [(name, *(signed(found[c][name]) for c in classes[:MOST_CLASSES])) for name in shown]
    rows += [("intercept", *(signed(intercepts[c]) for c in classes[:MOST_CLASSES]))] if model.has_intercept else []
    more = f"; {len(classes) - MOST_CLASSES} more classes are not shown" if len(classes) > MOST_CLASSES else ""
    head = Line(f"Coefficients: what each adds to the score of a class of {outcome.target}{some}{more}", "bold")
    lines = columns(rows, right=tuple(range(1, len(rows[0]))))
    return [head, *map(Line, lines), Line("  The class with the highest score is predicted.")]


def strongest(run: Run) -> list[str]:
    """The features by what one standard deviation of them does (of what is 0 or 1: the whole of it)."""
    spreads = run._prepared().spreads.tolist()
    found = run.model.coefficients
    sizes: dict[str, float] = {name: abs(value) for name, value in found.items() if not run.model.loss.many}
    for column in found.values() if run.model.loss.many else ():
        for name, value in column.items():  # type: ignore[attr-defined]
            sizes[name] = max(sizes.get(name, 0.0), abs(value))
    effect = {
        name: size * (spread if math.isfinite(spread) else 1.0)
        for (name, size), spread in zip(sizes.items(), spreads, strict=True)
    }
    return sorted(effect, key=lambda name: -effect[name])[:STRONGEST]


def condition(schema: Schema, feature: str) -> str:
    """When a coefficient is added."""
    column = schema.column_of(feature)
    if feature in column.part_features:
        return f"for each {column.part_features[feature]}"
    if feature != column.name:
        return "where it is so"
    return {"date": "for each day", "time": "for each day", "flag": "where it is 1"}.get(column.kind, "for each unit")


def _example(outcome: Outcome, feature: str) -> str:
    """What a coefficient means, in a sentence."""
    column, value = outcome.run.model.schema.column_of(feature), outcome.run.model.coefficients[feature]
    does = f"adds {number(value)} to" if value >= 0 else f"takes {number(-value)} from"
    if feature == column.name:
        words = {"date": "one more day of ", "time": "one more day of ", "flag": "a 1 in "}
        what = words.get(column.kind, "one more unit of ") + feature
    elif feature in column.part_features:
        what = f"one more {column.part_features[feature]} in {column.name}"
    else:
        what = feature if feature.endswith(" is missing") else f"{column.name} being {feature[len(column.name) + 1 :]}"
    return f"{what} {does} {_what_is_added_to(outcome)}, all other columns unchanged"


def _what_is_added_to(outcome: Outcome) -> str:
    classes, name = outcome.run.model.classes, outcome.run.model.loss.score_name
    if classes:
        return f"the {name or 'score'} of {outcome.target} being {classes[1]}"
    return f"the {name} of {outcome.target}" if name else outcome.target


def signed(value: float) -> str:
    return ("+" if value >= 0 else "") + number(value)


def _how(outcome: Outcome) -> list[Line]:
    run, plan = outcome.run, outcome.run.specification.plan
    reason = run.learning_rate_reason.removeprefix(f"{plan.learning_rate:g}: ")
    lines = [Line("Learning rate", "bold"), Line(f"  {plan.learning_rate:g}, {reason}")]
    last = run.history.column("learning_rate")[-1].as_py()
    if last != plan.learning_rate:
        watches = SCHEDULES[str(plan.schedule["name"])].watches
        how = ", lowered whenever the loss stood still" if watches else ""
        lines.append(Line(f"  schedule {plan.schedule['name']}{how}: {last:.2g} in the end"))
    return [*lines, Line(""), Line("Speed", "bold"), Line(f"  {speed(outcome.rows_per_second)}")]


def _notes(outcome: Outcome) -> list[Line]:
    known = f"learning rate {outcome.run.learning_rate_reason}"
    notes = [note.replace('scale="standard"', "--scale standard") for note in outcome.run.notes if note != known]
    return [Line("Decided for you", "bold"), *(Line(f"  {note}") for note in notes)] if notes else []


def _saved(outcome: Outcome) -> list[Line]:
    rows = [("run", str(outcome.run.folder))] if outcome.run.folder else []
    rows += [("model", str(outcome.model_file))] if outcome.model_file else []
    if not rows:
        return [Line("Nothing was saved: leave out --no-record, or give --output MODEL, to keep the model")]
    return [Line("Saved", "bold"), *map(Line, columns(rows))]


def _next(outcome: Outcome) -> list[Line]:
    folder, kept = outcome.run.folder, outcome.run.folder or outcome.model_file
    commands = [f"fallline explain {shlex.quote(str(folder))} --step 1"] if folder else []
    if kept:
        commands.append(f"fallline predict {shlex.quote(str(kept))} {shlex.quote(outcome.data)}")
    return [Line("Next", "bold"), *(Line(f"  {command}") for command in commands)] if commands else []
