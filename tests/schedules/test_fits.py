"""`fit` with every schedule: by name and by object, plain and compiled, and on the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from schedule_cases import EXAMPLES, FUNCTIONS

import fallline
from fallline import schedules as s
from fallline.cli import main
from fallline.schedules import SCHEDULES, schedule_from_dict
from fallline.sums import tree_sum

ROWS = 90
X = np.random.default_rng(5).normal(size=(ROWS, 2))
Y = X @ [2.0, -1.0] + 0.5 + np.random.default_rng(6).normal(size=ROWS)


def fitted(schedule: Any, **options: Any) -> fallline.Run:
    return fallline.fit(X, Y, schedule=schedule, **{"rule": "adam", "batch_size": 20, "validation": None, **options})


@pytest.mark.parametrize("schedule", EXAMPLES, ids=repr)
def test_plain_and_compiled_are_equal(schedule: s.Schedule) -> None:
    """A run with a schedule has the same bytes in both runtimes, and the schedule's own rates."""
    plain, compiled = (fitted(schedule, epochs=12, learning_rate=0.05, runtime=name) for name in ("plain", "compiled"))
    assert np.array(plain.model.theta).tobytes() == np.array(compiled.model.theta).tobytes()
    settled = schedule.settled(12 * 5)
    assert plain.specification.plan.schedule == settled.to_dict()
    if not schedule.watches:
        assert plain.history.column("learning_rate").to_pylist() == [settled.rate(k, 0.05) for k in range(1, 61)]


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "sequence"])
@pytest.mark.parametrize("rate", ["auto", 0.05])
def test_by_name(name: str, rate: Any) -> None:
    """A schedule's name is enough, with a measured rate too, and nothing in the specification is open."""
    run = fitted(name, epochs=6, learning_rate=rate)
    assert run.steps == 30
    plan = run.specification.plan
    assert plan.schedule["name"] == name
    assert not any(getattr(plan.new_schedule(), option) is None for option in SCHEDULES[name].left_open)
    base = plan.learning_rate
    assert 0.0 <= min(run.history.column("learning_rate").to_pylist()) <= base


@pytest.mark.parametrize("schedule", FUNCTIONS[::3], ids=repr)
def test_recorded_and_opened_again(schedule: s.Schedule, tmp_path: Path) -> None:
    """The settled schedule is in the record, and a step of the opened run is the step that was taken."""
    path = tmp_path / "table.csv"
    rows = [f"{a!r},{b!r},{y!r}" for (a, b), y in zip(X.tolist(), Y.tolist(), strict=True)]
    path.write_text("\n".join(["a,b,y", *rows]) + "\n", encoding="utf-8")
    run = fallline.fit(str(path), "y", rule="sgd", schedule=schedule, batch_size=30, epochs=5, record=tmp_path / "run")
    again = fallline.open_run(tmp_path / "run")
    assert again.specification.plan.schedule == run.specification.plan.schedule
    assert schedule_from_dict(again.specification.plan.schedule) == schedule.settled(run.specification.plan.steps)
    assert np.array(again.at(run.steps).theta).tobytes() == np.array(run.model.theta).tobytes()


def epoch_losses(run: fallline.Run) -> list[float]:
    """The mean loss of each epoch, from what the history has of its batches."""
    sizes = run.specification.plan.sizes
    counts = [float(sizes.rows_of(t)) for t in range(sizes.steps)]
    losses = run.history.column("loss").to_pylist()
    epochs = [losses[i : i + sizes.steps] for i in range(0, len(losses), sizes.steps)]
    return [tree_sum([c * loss for c, loss in zip(counts, epoch)]) / tree_sum(counts) for epoch in epochs]


@pytest.mark.parametrize("runtime", ["plain", "compiled"])
@pytest.mark.parametrize("batch_size", [20, "full"])
def test_reduce_on_plateau_sees_every_epoch(batch_size: Any, runtime: str) -> None:
    """The rates are those of the schedule when it is shown each epoch's loss, and every step is replayed exactly."""
    schedule = s.ReduceOnPlateau(factor=0.5, patience=1, threshold=0.02, cooldown=1, min_rate=0.01)
    seen: dict[int, bytes] = {}
    run = fitted(
        schedule,
        epochs=60,
        learning_rate=0.2,
        batch_size=batch_size,
        runtime=runtime,
        progress=lambda descent: seen.update({descent.k: np.array(descent.state.theta).tobytes()}),
    )
    expected, twin = [], s.ReduceOnPlateau(**schedule.options)
    for loss in epoch_losses(run):
        expected.append(twin.rate(1, 0.2))
        twin.see(loss)
    steps = run.specification.plan.sizes.steps
    assert run.history.column("learning_rate").to_pylist() == [rate for rate in expected for _ in range(steps)]
    assert len(set(expected)) > 3
    for k in list(seen)[::7]:
        assert run.at(k).theta.tobytes() == seen[k], k


@pytest.mark.conformance
def test_reduce_on_plateau_is_torch_s_on_a_run_s_losses() -> None:
    """torch's scheduler, shown the epochs' losses of a run, has the run's learning rates."""
    import torch

    run = fitted(s.ReduceOnPlateau(factor=0.3, patience=2, threshold=0.01), epochs=80, learning_rate=0.2)
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.2)
    peer = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=2, threshold=0.01, eps=0.0)
    steps, theirs = run.specification.plan.sizes.steps, []
    for loss in epoch_losses(run):
        theirs.append(optimizer.param_groups[0]["lr"])
        peer.step(loss)
    ours = run.history.column("learning_rate").to_pylist()[::steps]
    assert len(set(ours)) > 3
    assert all(abs(a - b) <= 1e-12 * 0.2 for a, b in zip(ours, theirs, strict=True))


def test_reduce_on_plateau_comes_to_an_end() -> None:
    """Where fit chooses the epochs, the run converges once the rate is down, and not before."""
    for schedule in (s.ReduceOnPlateau(patience=3), s.ReduceOnPlateau(factor=0.5, patience=1, min_rate=0.1)):
        run = fitted(schedule)
        rates = run.history.column("learning_rate").to_pylist()
        assert run.stop == "converged"
        assert min(rates) <= max(schedule.min_rate, 1e-8) * rates[0]


def test_a_rate_that_moves_is_given_time() -> None:
    """A standstill of the loss ends a run at a constant rate; while the rate still falls it is not the end."""
    options: dict[str, Any] = {"epochs": 200, "tolerance": 0.01, "patience": 2, "learning_rate": 0.05}
    assert fitted("constant", **options).stop == "converged"
    moving = fitted("cosine", **options)
    assert (moving.stop, moving.steps) == ("epochs", 1000)


def test_a_schedule_that_fit_does_not_know_is_refused() -> None:
    """A wrong name, a wrong type, or a class of one's own is a SpecificationError that lists the names."""

    class Own(s.Constant):
        name = "own"

    for wrong in ("cosin", 3, None, Own(), s.Cosine, "sequence"):
        with pytest.raises(fallline.SpecificationError, match=r"schedule=.*\"cosine\"") as caught:
            fitted(wrong)
        assert caught.value.option == "schedule" and '"sequence"' not in str(caught.value.allowed)


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "sequence"])
def test_on_the_command_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`fallline fit --schedule NAME` runs and records the schedule."""
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("x,y\n1,5\n2,7\n3,9.5\n4,11\n5,13\n", encoding="utf-8")
    code = main(["fit", "t.csv", "--target", "y", "--schedule", name, "--epochs", "10", "--record", "r"])
    out, err = capsys.readouterr()
    assert code == 0, err
    plan = json.loads(Path("r/spec.json").read_text(encoding="utf-8"))["descent"]
    assert plan["schedule"]["name"] == name
    assert (
        name in ("constant", "linear_warmup", "cyclic", "plateau", "reduce_on_plateau", "cosine_restarts")
        or f"schedule {name}:" in out
    )


def test_help_names_every_schedule(capsys: pytest.CaptureFixture[str]) -> None:
    """The help of --schedule has the whole list, but for those that the command line cannot give."""
    main(["fit", "--help"])
    words = re.sub(r"[\s│|]+", " ", capsys.readouterr().out)
    part = words[words.index("--schedule") : words.index("--batch-size")]
    assert set(re.findall(r"\w+", part)) >= set(SCHEDULES) - {"sequence"}
