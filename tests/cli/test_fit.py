"""`fallline fit` on real tables."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import DIAMONDS, LINE, PENGUINS, PLAIN_LINE, Done, fallline_in, listing

Fallline = Callable[..., Done]


@pytest.fixture(scope="module")
def diamonds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """The README's first command, and the folder it ran in."""
    folder = tmp_path_factory.mktemp("diamonds")
    return folder, fallline_in(folder)("fit", DIAMONDS, "--target", "price")


def test_line_to_the_last_bit(fallline: Fallline) -> None:
    """The five points through the general machinery give the plain descent's w and b, to the last digit."""
    found = fallline(*PLAIN_LINE, "--json", "--no-record").json
    assert (found["coefficients"]["x"], found["intercept"]) == (2.021281045682893, 2.923168672645527)
    assert (found["stop"], found["steps"], found["epochs"], found["learning_rate"]) == ("epochs", 1000, 1000.0, 0.01)
    assert found["run"] is None and found["model"] is None


def test_line_report_shows_every_digit(line_runs: Path, fallline: Fallline) -> None:
    """For a small unscaled model the report prints coefficients that can be compared digit by digit."""
    out = fallline(*PLAIN_LINE).out
    assert re.search(r"^  x +2\.021281045682893$", out, re.M)
    assert re.search(r"^  intercept +2\.923168672645527$", out, re.M)


@pytest.mark.parametrize(("epochs", "said"), [("1", "(1 step, 1 epoch, "), ("2", "(2 steps, 2 epochs, ")])
def test_one_epoch_is_no_epochs(fallline: Fallline, epochs: str, said: str) -> None:
    """The report counts steps and epochs as one says it."""
    assert said in fallline(*PLAIN_LINE, "--epochs", epochs, "--no-record").out


def test_diamonds_json(fallline: Fallline, tmp_path: Path) -> None:
    """--json is one JSON object and nothing else; diamonds reach R² 0.91, close to the exact 0.920."""
    done = fallline("fit", DIAMONDS, "--target", "price", "--json", "--output", "price.safetensors")
    found = done.json
    assert done.code == 0 and found["stop"] == "converged"
    assert found["evaluation"]["r2"] >= 0.91
    assert found["evaluation"]["rmse"] < 1200 < 3900 < found["evaluation"]["trivial_rmse"]
    assert 10_000 < found["coefficients"]["carat"] < 12_500
    assert found["specification"]["descent"]["learning_rate"] == found["learning_rate"]
    assert "auto" not in [found["specification"]["descent"][name] for name in ("batch_size", "epochs", "rule")]
    assert found["rows_per_second"] > 10_000 and "limit" in found["learning_rate_reason"]
    assert (found["run"], found["model"]) == ("runs/diamonds-price", "price.safetensors")
    assert {"price.safetensors", "runs/diamonds-price/spec.json"} <= set(listing(tmp_path))


def test_report_says_what_a_stranger_needs(diamonds: tuple[Path, Done]) -> None:
    """The report has the reason, the scores beside the trivial ones, coefficients, rate, speed, places."""
    folder, done = diamonds
    assert done.code == 0
    for part in (
        "Converged: the training loss has stopped falling",
        "  schedule plateau, lowered whenever the loss stood still: ",
        "always the mean",
        "in price",
        "So one more unit of carat adds",
        "of the stable limit",
        "rows/s",
        "runs/diamonds-price/model.safetensors",
        "fallline explain runs/diamonds-price --step 1",
        f"fallline predict runs/diamonds-price {DIAMONDS}",
    ):
        assert part in done.out
    assert listing(folder) == [
        "runs",
        "runs/diamonds-price",
        "runs/diamonds-price/model.safetensors",
        "runs/diamonds-price/spec.json",
    ]


def test_plain_lines_without_a_terminal(diamonds: tuple[Path, Done]) -> None:
    """Where output is no terminal there is no escape code, and progress is lines with loss and rate on stderr."""
    _, done = diamonds
    assert "\x1b" not in done.out + done.err and "\r" not in done.out + done.err
    assert re.search(r"^fallline: fitting price from diamonds.csv: loss [\d,.]+, rate [\d.e-]+, epoch", done.err, re.M)


def test_penguins(fallline: Fallline) -> None:
    """A text target with two values is a classification; its report has accuracies and log-odds."""
    done = fallline("fit", PENGUINS, "--target", "sex")
    right = re.search(r"right \(accuracy\) +([\d.]+)% +([\d.]+)%", done.out)
    assert right and float(right[1]) > 80 > 65 > float(right[2])
    assert "the log-odds of sex being male" in done.out
    assert "11 rows with a missing sex left out" in done.out


def test_runs_do_not_overwrite_each_other(line_runs: Path, tmp_path: Path, fallline: Fallline) -> None:
    """A second run of the same table and target gets a folder of its own; --record names one."""
    short = ("fit", LINE, "--target", "y", "--epochs", "5", "--json")
    assert fallline(*short).json["run"] == "runs/line-y"
    assert fallline(*short).json["run"] == "runs/line-y-2"
    assert fallline(*short, "--record", "here/mine").json["run"] == "here/mine"
    assert (tmp_path / "here/mine/spec.json").is_file()


def test_options_reach_the_specification(fallline: Fallline) -> None:
    """Options, lists with commas and repeated ones included, stand in the specification as they were given."""
    options = "--drop x,y --drop z --categorical table --max-categories 5 --rule adam --learning-rate 0.5 --epochs 2"
    more = "--schedule plateau --batch-size 1000 --patience 3 --validation 0.1 --scale none --no-intercept --no-shuffle"
    last = "--seed 7 --threads 1 --tolerance 0.01 --no-record --json"
    done = fallline("fit", DIAMONDS, "--target", "price", *options.split(), *more.split(), *last.split())
    specification = json.loads(done.out)["specification"]
    descent = specification["descent"]
    names = [column["name"] for column in specification["schema"]["columns"]]
    assert names == ["carat", "cut", "color", "clarity", "depth", "table"]
    assert (descent["rule"]["name"], descent["learning_rate"], descent["epochs"]) == ("adam", 0.5, 2)
    assert (descent["schedule"]["name"], descent["batch_size"], descent["patience"]) == ("plateau", 1000, 3)
    assert (specification["validation"], specification["scale"], specification["intercept"]) == (0.1, False, False)
    assert (descent["shuffle"], descent["seed"], descent["tolerance"]) == (False, 7, 0.01)
