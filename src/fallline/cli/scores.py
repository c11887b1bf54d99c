"""The scores of a model as lines of a report, beside those of a predictor that knows no column."""

from __future__ import annotations

from typing import Any

from .console import Line, columns, number

HUGE = 1e6  # an R² from which on nobody counts the digits


def score_lines(found: dict[str, Any], rows: str, target: str) -> list[Line]:
    """A table of scores. rows: which rows they are of, in words."""
    if "accuracy" in found:
        table = [
            (f"On {rows}", "this model", "always the commoner class"),
            ("right (accuracy)", f"{found['accuracy']:.1%}", f"{found['trivial_accuracy']:.1%}"),
        ]
        table += [("area under the ROC curve", f"{found['auc']:.4f}", "0.5")] if "auc" in found else []
        table += [("log loss", f"{found['log_loss']:.4f}", "")] if "log_loss" in found else []
    else:
        table = [
            (f"On {rows}", "this model", "always the mean"),
            ("R²", f"{found['r2']:.4f}" if abs(found["r2"]) < HUGE else number(found["r2"]), "0"),
            (f"root mean square error, in {target}", number(found["rmse"]), number(found["trivial_rmse"])),
            (f"mean absolute error, in {target}", number(found["mae"]), number(found["trivial_mae"])),
        ]
        table += [("mean deviance", number(found["deviance"]), "")] if "deviance" in found else []
    head, *body = columns(table, right=(1, 2), indent="")
    return [Line(head, "bold"), *map(Line, body)]


def confusion_lines(found: dict[str, Any], classes: tuple[Any, ...]) -> list[Line]:
    """The confusion matrix: a line for each true class, a column for each predicted one."""
    head = ("True class", *(f"predicted {label}" for label in classes))
    rows = [(str(label), *(f"{count:,}" for count in line)) for label, line in zip(classes, found["confusion"])]
    first, *body = columns([head, *rows], right=tuple(range(1, len(head))), indent="")
    return [Line(first, "bold"), *map(Line, body)]
