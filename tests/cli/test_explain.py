"""`fallline explain`: steps 1 and 2 of the five points are the textbook's."""

from __future__ import annotations

import re
from pathlib import Path

from .conftest import fallline_in


def test_first_step(line_runs: Path) -> None:
    """Step 1 from zero: loss 89, gradients -62 and -18, new parameters 0.62 and 0.18."""
    page = fallline_in(line_runs)("explain", "runs/line-y", "--step", "1").out
    assert page.startswith("Step 1: line.csv, y")
    assert re.search(r"445 / 5 = 89$", page, re.M)
    assert re.search(r"-310 / 5 = -62$", page, re.M) and re.search(r"-90 / 5 = -18$", page, re.M)
    assert re.search(r"= 0\.62$", page, re.M) and re.search(r"= 0\.18$", page, re.M)


def test_second_step_unrounded(line_runs: Path) -> None:
    """--json holds every number of step 2 unrounded; it starts where step 1 ended."""
    found = fallline_in(line_runs)("explain", "runs/line-y", "--step", "2", "--row", "3", "--json").json
    x, intercept = found["parameters"]
    assert (x["before"], intercept["before"]) == (0.62, 0.18)
    assert abs(found["loss"] - 52.2504) < 1e-9 and abs(x["gradient"] - -47.28) < 1e-9
    assert [row["number"] for row in found["rows"]] == [1, 2, 3, 4, 5]
    assert found["rows"][found["focus"]]["number"] == 3


def test_steps_and_rows_that_are_not_there(line_runs: Path) -> None:
    """A step or row outside the run is refused with what there is."""
    explain = fallline_in(line_runs)
    step = explain("explain", "runs/line-y", "--step", "1001")
    assert (step.code, step.out) == (2, "") and "steps 1 to 1,000" in step.complaint
    row = explain("explain", "runs/line-y", "--step", "1", "--row", "6")
    assert (row.code, row.out) == (2, "") and "1, 2, 3, 4, 5" in row.complaint
