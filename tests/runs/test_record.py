"""A run directory: written whole, read back, replayed, and refused when damaged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import fallline


@pytest.fixture
def recorded(examples: Path, tmp_path: Path) -> Path:
    """A recorded run on a copy of the penguins."""
    shutil.copy(examples / "penguins.csv", tmp_path / "penguins.csv")
    fallline.fit(tmp_path / "penguins.csv", target="sex", batch_size=32, epochs=4, record=tmp_path / "run")
    return tmp_path / "run"


def test_a_recorded_run_replays_to_the_same_bytes(recorded: Path) -> None:
    """A run that was opened from its folder has the same steps, history and explanations as when it was made."""
    made = fallline.fit(recorded.parent / "penguins.csv", target="sex", batch_size=32, epochs=4)
    opened = fallline.open_run(recorded)
    assert (opened.stop, opened.steps, opened.notes) == (made.stop, made.steps, made.notes)
    assert opened.specification.to_dict() == made.specification.to_dict()
    assert opened.at(17).theta.tobytes() == made.at(17).theta.tobytes()
    assert opened.at(opened.steps).theta.tobytes() == opened.model.theta.tobytes()
    assert opened.history.equals(made.history)
    assert str(opened.explain(5)) == str(made.explain(5))


def test_a_run_folder_holds_these_files(recorded: Path) -> None:
    """Specification and model, and nothing half-written beside them."""
    assert sorted(path.name for path in recorded.iterdir()) == ["model.safetensors", "spec.json"]
    assert sorted(path.name for path in recorded.parent.iterdir()) == ["penguins.csv", "run"]


def test_an_existing_folder_is_not_overwritten(recorded: Path) -> None:
    """Recording into a folder that exists is refused before any training."""
    with pytest.raises(fallline.RunError, match="exists already"):
        fallline.fit(recorded.parent / "penguins.csv", target="sex", record=recorded)


def test_changed_data_are_noticed(recorded: Path) -> None:
    """A table that changed since the run cannot be replayed, and the error says so; the model still predicts."""
    table = recorded.parent / "penguins.csv"
    table.write_text(table.read_text().replace("3750", "3751", 1))
    run = fallline.open_run(recorded)
    with pytest.raises(fallline.RunError, match="has changed since"):
        run.explain(1)
    assert len(run.model.predict(table)) == 344


def test_a_missing_table_is_named(recorded: Path) -> None:
    """If the table is gone, explain says which file it wanted."""
    (recorded.parent / "penguins.csv").unlink()
    with pytest.raises(fallline.DataError, match=r"penguins\.csv"):
        fallline.open_run(recorded).explain(1)


def test_a_run_in_memory_says_that_it_cannot_be_replayed_from_disk(tmp_path: Path) -> None:
    """A run on arrays replays in the process that made it, and is refused with a reason in another."""
    run = fallline.fit([[1.0], [2.0], [3.0]], [1.0, 2.0, 4.0], epochs=10, record=tmp_path / "run")
    assert np.isfinite(run.at(10).theta).all()
    with pytest.raises(fallline.RunError, match="was in memory"):
        fallline.open_run(tmp_path / "run").at(1)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.pop("descent"),
        lambda data: data.update(format="other"),
        lambda data: data["descent"].update(rule={"name": "magic"}),
        lambda data: data["descent"].update(rows="many"),
        lambda data: data["descent"].pop("seed"),
        lambda data: data.pop("result"),
        lambda data: data["result"].pop("steps"),
        lambda data: data["result"].update(steps="all"),
    ],
)
def test_a_damaged_specification_is_refused(recorded: Path, damage: object) -> None:
    """Whatever is wrong in spec.json is a RunError of one line that names the file."""
    data = json.loads((recorded / "spec.json").read_text())
    damage(data)  # type: ignore[operator]
    (recorded / "spec.json").write_text(json.dumps(data))
    with pytest.raises(fallline.FalllineError) as caught:
        fallline.open_run(recorded)
    assert isinstance(caught.value, fallline.RunError)
    assert "\n" not in str(caught.value)


def test_no_run_and_no_json(tmp_path: Path, recorded: Path) -> None:
    """A folder without a run, and a torn spec.json, are RunErrors."""
    with pytest.raises(fallline.RunError, match="is not a run"):
        fallline.open_run(tmp_path)
    (recorded / "spec.json").write_text("{")
    with pytest.raises(fallline.RunError, match="damaged"):
        fallline.open_run(recorded)


def test_steps_out_of_range(recorded: Path) -> None:
    """at and explain name the steps that there are; a row must be in the step's batch."""
    run = fallline.open_run(recorded)
    for call in (lambda: run.at(-1), lambda: run.at(run.steps + 1), lambda: run.explain(0), lambda: run.at(1.5)):  # type: ignore[arg-type]
        with pytest.raises(fallline.SpecificationError, match="it has steps"):
            call()
    with pytest.raises(fallline.SpecificationError, match="is not in the batch"):
        run.explain(1, row=10_000)
