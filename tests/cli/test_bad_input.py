"""Bad input: one clear line on stderr, exit 2, and nothing left behind."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from fallline.cli import main

from .conftest import DIAMONDS, LINE, Done, listing

Fallline = Callable[..., Done]

TABLES: dict[str, tuple[str, bytes, tuple[str, ...]]] = {
    "0 bytes": ("t.csv", b"", ("t.csv", "empty")),
    "header only": ("t.csv", b"x,y\n", ("t.csv", "no rows")),
    "constant target": ("t.csv", b"x,y\n1,5\n2,5\n3,5\n", ("'y'", "constant", "5")),
    "missing target": ("t.csv", b"x,y\n1,\n2,\n3,\n", ("'y'", "missing")),
    "ragged": ("t.csv", b"x,y\n1,5\n2,7,9\n3,9\n", ("row 2", "line 3", "3 values")),
    "infinity": ("t.csv", b"x,y\n1,5\n2,7\ninf,9\n", ("row 3", "'x'", "inf", "finite")),
    "minus infinity in the target": ("t.csv", b"x,y\n1,5\n2,-inf\n3,9\n", ("row 2", "'y'", "-inf")),
    "not Parquet": ("t.parquet", b"x,y\n1,5\n2,7\n", ("t.parquet", "not a Parquet file")),
    "torn footer": ("t.parquet", b"PAR1" + bytes(500), ("t.parquet", "cut off")),
    "truncated gzip": (
        "t.csv.gz",
        gzip.compress(b"x,y\n" + b"1,5\n2,7\n" * 9999)[:90],
        ("t.csv.gz", "gzip", "after row"),
    ),
    "two columns of one name": ("t.csv", b"x,y,y\n1,5,6\n2,7,8\n", ("more than one column is named 'y'",)),
    "mixed encodings": ("t.csv", b"x,y,c\n1,5,\xc3\xa9\n2,7,\xe9\n", ("row 2 (line 3)", "'c'", "UTF-8")),
    "a column with one value": ("t.csv", b"x,y\n1,5\n1,7\n", ("t.csv", "x has one value (1): left out")),
    "svmlight": ("t.svm", b"1 1:2\n2 1\n", ("row 2 (line 2)", "index:value")),
    "unknown suffix": ("t.txt", b"x,y\n1,5\n2,7\n", ("t.txt", ".csv", ".parquet")),
}


@pytest.mark.parametrize("case", TABLES)
def test_unusable_table(case: str, fallline: Fallline, tmp_path: Path) -> None:
    """A table that cannot be used is refused in one line that says what and where."""
    name, content, said = TABLES[case]
    (tmp_path / name).write_bytes(content)
    before = listing(tmp_path)
    done = fallline("fit", name, "--target", "y", "--output", "model.safetensors")
    assert (done.code, done.out) == (2, "")
    assert all(part in done.complaint for part in said), done.complaint
    assert listing(tmp_path) == before


def test_empty_pattern_and_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pattern that matches nothing, and a folder without tables, are refused by fit, predict and evaluate alike."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trips").mkdir()
    (tmp_path / "model").write_text("")
    before = listing(tmp_path)
    for data, says in (("trips/*.csv", "no file matches trips/*.csv"), ("trips", "trips holds no file of a kind")):
        code = main(["fit", data, "--target", "y"])
        out, err = capsys.readouterr()
        assert (code, out) == (2, "") and says in Done(code, out, err).complaint
    assert listing(tmp_path) == before


def test_missing_file_and_unknown_column(fallline: Fallline, tmp_path: Path) -> None:
    """A wrong name is answered with the nearest right one."""
    (tmp_path / "prices.csv").write_text("x,y\n1,5\n2,7\n", encoding="utf-8")
    missing = fallline("fit", "price.csv", "--target", "y")
    assert (missing.code, missing.out) == (2, "") and "did you mean prices.csv?" in missing.complaint
    unknown = fallline("fit", DIAMONDS, "--target", "prise")
    assert (unknown.code, unknown.out) == (2, "") and "did you mean 'price'?" in unknown.complaint
    assert listing(tmp_path) == ["prices.csv"]


# option, value -> what the line says is allowed
OPTIONS = {
    ("--rule", "adm"): "sgd, momentum, nesterov, adagrad",
    ("--learning-rate", "fast"): "a number above 0, or auto",
    ("--learning-rate", "-1"): "a number above 0, or auto",
    ("--learning-rate", "nan"): "a number above 0, or auto",
    ("--epochs", "0"): "a whole number of at least 1, or auto",
    ("--epochs", "1.5"): "a whole number of at least 1, or auto",
    ("--batch-size", "huge"): "a whole number of at least 1, or auto, or full",
    ("--loss", "hinges"): "squared, logistic",
    ("--loss", "hinge"): "two classes",
    ("--loss-option", "delta=2"): "name the loss with --loss",
    ("--loss", "logistic"): "two classes",
    ("--model", "mlp"): "linear",
    ("--scale", "minmax"): "standard or none",
    ("--schedule", "cosign"): "one of auto, constant, ",
    ("--validation", "2"): "from 0 to below 1",
    ("--validation", "some"): "a fraction, auto, none, last: and a number of rows, column: and a name, or the path",
    ("--validation", "last:x"): "last: and a whole number of rows",
    ("--validation", "column:z"): "there is no column 'z'",
    ("--encoding", "latin-11"): "the name of an encoding",
    ("--hashed", "z"): "there is no column 'z'",
    ("--only", "y"): "the target",
    ("--categorical", "y"): "the target",
    ("--hashed", "y"): "the target",
    ("--target", "x"): "2 columns are named, y, x; name one",
    ("--tolerance", "tiny"): "a number from 0 to below 1, or none",
    ("--patience", "0"): "a whole number of at least 1",
    ("--seed", "-1"): "a whole number of at least 0",
    ("--threads", "0"): "a whole number of at least 1",
    ("--max-categories", "0"): "a whole number of at least 1",
    ("--drop", "z"): "there is no column 'z'",
    ("--only", "z"): "there is no column 'z'",
    ("--categorical", "z"): "there is no column 'z'",
    ("--sample-weight", "z"): "there is no column 'z'",
    ("--drop", "y"): "the target",
    ("--output", "no/model"): "there is no folder no",
    ("--bogus", "1"): "No such option",
}


@pytest.mark.parametrize(("option", "value"), OPTIONS)
def test_wrong_option_value(
    option: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A value that an option cannot have is refused in one line with the option, the value and what is allowed; so it
    is where nothing would be trained."""
    monkeypatch.chdir(tmp_path)
    for also in ([], ["--dry-run"]):
        code = main(["fit", LINE, "--target", "y", option, value, *also])
        out, err = capsys.readouterr()
        assert (code, out) == (2, "")
        complaint = Done(code, out, err).complaint
        assert option in complaint and OPTIONS[option, value] in complaint, complaint
        assert value in complaint or option in ("--bogus", "--loss-option")
        assert listing(tmp_path) == []


WRONG_USAGE = {
    ("fit", LINE): "'--target'",
    ("fit", "--target", "y"): "DATA",
    ("fit", LINE, "extra", "--target", "y"): "extra",
    ("fit", LINE, "--target", "y", "--seed"): "'--seed' requires an argument (see fallline fit --help)",
    ("fit", LINE, "--target", "y", "--record", "a", "--no-record"): "--record and --no-record",
    ("fits",): "'fits'",
    ("explain", "run"): "'--step'",
    ("explain", "run", "--step", "one"): "--step one is not possible: use a whole number",
    ("rules", "adm"): "use one of sgd, momentum, nesterov, adagrad",
    ("predict", "nothing", LINE): "there is no model file or run nothing",
    ("predict", LINE, LINE): "not a Fallline model",
    ("predict", "nothing", LINE, "--output", "p.txt"): ".csv or .parquet",
    ("predict", "nothing", LINE, "--output", "no/p.csv"): "there is no folder no",
    ("evaluate", "nothing", LINE): "there is no model file or run nothing",
    ("fit", LINE, "--target", "z", "--dry-run"): "there is no column 'z'",
}


@pytest.mark.parametrize("arguments", WRONG_USAGE)
def test_wrong_usage(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is wrong on a command line is one line, exit 2."""
    monkeypatch.chdir(tmp_path)
    code = main(arguments)
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert WRONG_USAGE[arguments] in Done(code, out, err).complaint
    assert listing(tmp_path) == []


def test_process_ends_like_main(fallline: Fallline, tmp_path: Path) -> None:
    """The console script turns main's answer into the exit code, without a traceback."""
    done = fallline("fit", LINE, "--target", "y", "--rule", "adm")
    assert (done.code, done.out) == (2, "") and "--rule adm" in done.complaint
    assert listing(tmp_path) == []


def test_folder_that_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--record never writes into a folder that exists: exit 1 before anything is computed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    code = main(["fit", LINE, "--target", "y", "--record", "mine"])
    out, err = capsys.readouterr()
    assert (code, out) == (1, "") and "mine exists already" in Done(code, out, err).complaint
    assert listing(tmp_path) == ["mine"]


def test_no_run_and_damaged_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that is no run, or one whose specification is damaged, is a failed run: exit 1."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "spec.json").write_text("{", encoding="utf-8")
    for arguments, said in (
        (["explain", "nothing", "--step", "1"], "nothing is not a run"),
        (["explain", "bad", "--step", "1"], "bad/spec.json is damaged"),
        (["predict", "bad", LINE], "bad/spec.json is damaged"),
    ):
        assert main(arguments) == 1
        out, err = capsys.readouterr()
        assert out == "" and said in Done(1, out, err).complaint
