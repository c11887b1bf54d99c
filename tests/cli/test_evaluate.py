"""`fallline evaluate`, `fit --dry-run`, and predictions written in pieces."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

import fallline as package
from fallline.cli.scores import score_lines

from .conftest import COMMAND, DIAMONDS, LINE, PENGUINS, Done, environment, fallline_in, listing

Fallline = Callable[..., Done]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models of sex and of price."""
    folder = tmp_path_factory.mktemp("models")
    for data, target in ((PENGUINS, "sex"), (DIAMONDS, "price")):
        package.fit(data, target=target, epochs=2).model.save(folder / target)
    return folder


def test_scores_are_the_models_own(folder: Path) -> None:
    """--json prints what the API says; the report shows the same in words, of numbers and of classes."""
    evaluate = fallline_in(folder)
    found = evaluate("evaluate", "sex", PENGUINS, "--json").json
    model = package.load(folder / "sex")
    assert found == {**model.evaluate(PENGUINS), "classes": ["female", "male"], "notes": []}
    said = evaluate("evaluate", "sex", PENGUINS).out
    for words in ("333 rows of penguins.csv", "accuracy", "ROC", "log loss", "predicted female"):
        assert words in said
    said = evaluate("evaluate", "price", DIAMONDS).out
    for words in ("53,940 rows of diamonds.csv", "R²", "mean absolute error, in price"):
        assert words in said


def test_evaluate_refuses(folder: Path) -> None:
    """A table without the target, one without needed columns, one whose target is missing throughout: exit 2."""
    evaluate = fallline_in(folder)
    rows = [row.split(",") for row in Path(PENGUINS).read_text(encoding="utf-8").splitlines()[:5]]
    tables = {
        "has no column 'sex'": [row[:6] + row[7:] for row in rows],
        "there are no columns 'species', 'island'": [row[2:] for row in rows],
        "no row has a target": [rows[0], *([*row[:6], "NA", row[7]] for row in rows[1:])],
    }
    for says, table in tables.items():
        (folder / "bad.csv").write_text("\n".join(map(",".join, table)) + "\n")
        before = listing(folder)
        done = evaluate("evaluate", "sex", "bad.csv")
        assert (done.code, done.out) == (2, "") and says in done.complaint
        assert listing(folder) == before
    (folder / "bad.csv").unlink()


def test_dry_run(fallline: Fallline, tmp_path: Path) -> None:
    """Every column of the table with what it holds and becomes; nothing is trained, nothing written."""
    done = fallline(
        "fit", PENGUINS, "--target", "sex", "--dry-run", "--drop", "year", "--hashed", "island", "--max-categories", 4
    )
    assert (done.code, done.err) == (0, "")
    lines = [line.split() for line in done.out.splitlines()]
    assert ["body_mass_g", "int64", "2", "a", "number,", "scaled"] in lines
    for words in (
        "3 categories: Adelie, Chinstrap, Gentoo",
        "4 hashed features",
        "left out: is dropped",
        "female or male",
    ):
        assert words in done.out
    assert "11 rows with a missing sex left out" in done.out
    found = fallline("fit", PENGUINS, "-t", "sex", "--dry-run", "--json", "--validation", "last:100").json
    assert (found["rows"], len(found["columns"])) == (333, 8)
    assert found["held_out"] == sum(row.split(",")[6] != "NA" for row in Path(PENGUINS).read_text().splitlines()[-100:])
    assert listing(tmp_path) == []


def test_dry_run_loads_no_engine() -> None:
    """It reads and looks, so it needs no Numba."""
    arguments = ["fit", LINE, "-t", "y", "--dry-run"]
    code = f"import sys; from fallline.cli import main; main({arguments!r}); print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment())
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize("output", ["p.csv", "p.parquet"])
def test_a_bad_row_far_down_leaves_nothing(output: str, folder: Path) -> None:
    """The predictions of earlier rows were on their way to the file already; it is not there, nor a part of it."""
    lines = Path(DIAMONDS).read_text().splitlines()
    content = "\n".join([*lines, *lines[1:], *lines[1:3], "nonsense" + lines[1][lines[1].index(",") :]]) + "\n"
    (folder / "bad.csv.gz").write_bytes(gzip.compress(content.encode(), 1))
    before = listing(folder)
    done = fallline_in(folder)("predict", "price", "bad.csv.gz", "--output", output)
    assert done.code == 2 and "row 107,883 (line 107,884), column 'carat': 'nonsense' is not a number" in done.complaint
    assert listing(folder) == before


PEAK = """
import resource, sys
from fallline.cli import main
code = main(sys.argv[1:])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


@pytest.mark.parametrize("kind", ["csv", "parquet", "arrow"])
def test_memory_does_not_grow_with_the_file(kind: str, folder: Path) -> None:
    """860,000 rows more, whose features would take 180 MB: the peak of memory grows by less than 40 MB."""
    table = pyarrow.csv.read_csv(DIAMONDS)
    peaks = []
    for times in (4, 20):
        path = folder / f"large.{kind}"
        whole = pa.concat_tables([table] * times)
        if kind == "csv":
            pyarrow.csv.write_csv(whole, path)
        elif kind == "parquet":
            pyarrow.parquet.write_table(whole, path, row_group_size=50_000)
        else:
            with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, whole.schema) as ipc:
                ipc.write_table(whole, max_chunksize=50_000)
        arguments = [sys.executable, "-c", PEAK, "predict", "price", path.name, "--output", "large-predicted.parquet"]
        done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=True, env=environment())
        code, peak = done.stderr.split()[-2:]
        assert code == "0", done.stderr
        peaks.append(int(peak) // 1024)
        assert pyarrow.parquet.ParquetFile(folder / "large-predicted.parquet").metadata.num_rows == whole.num_rows
        path.unlink()
    print(peaks)
    assert peaks[1] - peaks[0] < 40


def test_a_reader_that_stops_early(folder: Path) -> None:
    """`fallline predict … | head` ends without an error."""
    command = f"{COMMAND} predict price {DIAMONDS} | head -2"
    done = subprocess.run(
        command, shell=True, cwd=folder, capture_output=True, text=True, check=True, env=environment()
    )
    assert (len(done.stdout.splitlines()), done.stderr) == (2, "")


def test_sparse_rows_on_the_command_line(tmp_path: Path) -> None:
    """A compressed svmlight file goes through every verb; what sparse rows do not support is one line and exit 2."""
    rows = [f"{1 if i % 3 else -1} {1 + i % 4}:{0.5 + i % 3} 6:{(i * 7) % 5}" for i in range(90)]
    (tmp_path / "a.svm.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    fallline = fallline_in(tmp_path)
    fit = ("fit", "a.svm.gz", "--target", "label")
    done = fallline(*fit, "--epochs", "2", "--batch-size", "16", "--record", "run")
    assert done.code == 0, done
    assert "for each unit" in done.out
    assert fallline("predict", "run", "a.svm.gz").out.count("\n") == 91
    assert "90 rows of a.svm.gz" in fallline("evaluate", "run", "a.svm.gz").out
    assert "line " in fallline("explain", "run", "--step", "3").out
    assert "recommended" in fallline("find-rate", "a.svm.gz", "--target", "label", "--batch-size", "16").out
    assert "x1 to x6" in fallline(*fit, "--dry-run").out
    for options, says in (
        (("--hashed", "x1"), "--hashed cannot be used with sparse rows"),
        (("--validation", "column:x1"), "--validation column:x1 is not possible"),
        (("--sample-weight", "w"), "sparse rows have none"),
        (("--loss", "softmax"), "not available for sparse rows"),
    ):
        done = fallline(*fit, *options)
        assert done.code == 2
        assert says in done.complaint


def test_a_hopeless_score_is_short() -> None:
    """R² of values without bound may have any size: nobody counts its digits."""
    found = {"r2": -1.5e70, "rmse": 1e40, "trivial_rmse": 1.0, "mae": 1e40, "trivial_mae": 1.0}
    assert "-1.5e+70" in "\n".join(line.text for line in score_lines(found, "3 rows", "y"))
