"""Sparse rows through the public face: SciPy's matrices and svmlight files, fitted, saved, recorded, explained."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import fallline
from fallline.compiled.sparse import SparseRuntime
from fallline.compiled.sparse_scaling import sparse_scales
from fallline.data.sources import DEFAULT, svmlight
from fallline.data.sparse import of_matrix
from fallline.descent import history
from fallline.plain.scaling import uncentred_scale


class Matrix:
    """What Fallline asks of a sparse matrix of SciPy's, which the tests do not need: CSR arrays under SciPy's names."""

    def __init__(self, dense: np.ndarray, indices: Any = None, data: Any = None, indptr: Any = None):
        rows, columns = np.nonzero(dense)
        self.shape = dense.shape
        self.indptr = np.searchsorted(rows, np.arange(len(dense) + 1)).astype(np.int32) if indptr is None else indptr
        self.indices = columns.astype(np.int32) if indices is None else indices
        self.data = dense[rows, columns] if data is None else data
        self.nnz = len(self.data)

    def tocsr(self) -> Matrix:
        return self


def rows_of(rng: np.random.Generator, rows: int = 400, columns: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Rows with a tenth of their numbers, and a target that they explain."""
    dense = rng.normal(size=(rows, columns)) * (rng.random((rows, columns)) < 0.1)
    return dense, dense @ rng.normal(size=columns) + 0.1 * rng.normal(size=rows)


def written(path: Path, dense: np.ndarray, labels: Any, first: int = 1) -> Path:
    lines = [
        " ".join([str(label), *(f"{j + first}:{x!r}" for j, x in enumerate(row.tolist()) if x != 0.0)])
        for row, label in zip(dense, labels, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("rule", ["sgd", "adagrad", "adam"])
def test_a_sparse_fit_has_the_bytes_of_an_unscaled_dense_one(rng: np.random.Generator, rule: str) -> None:
    """Without scaling nothing is centred either way: parameters, history and held-out scores are the same."""
    dense, y = rows_of(rng)
    options: dict[str, Any] = {"rule": rule, "learning_rate": 0.01, "epochs": 3, "batch_size": 32, "scale": None}
    sparse, filled = fallline.fit(Matrix(dense), y, **options), fallline.fit(dense, y, **options)
    assert sparse.model.theta.tobytes() == filled.model.theta.tobytes()
    assert sparse.history.equals(filled.history)
    assert sparse.evaluation == filled.evaluation
    assert sparse.model.coefficients == filled.model.coefficients
    assert sparse.model.predict(Matrix(dense)).tobytes() == filled.model.predict(dense).tobytes()
    assert sparse.model.predict(dense).tobytes() == filled.model.predict(dense).tobytes()
    plain = fallline.fit(Matrix(dense), y, runtime="plain", **options)
    assert plain.model.theta.tobytes() == sparse.model.theta.tobytes()


def test_norms_that_nobody_has_asked_for_are_made_later(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The norms of steps on single rows are those of dense rows whenever they are asked for: at the end, after every
    epoch, when they become too many, and after some steps were thrown away."""
    dense, y = rows_of(rng)
    options: dict[str, Any] = {"rule": "sgd", "learning_rate": 0.01, "epochs": 4, "batch_size": 1, "scale": None}
    expected = fallline.fit(dense, y, **options).history
    assert fallline.fit(Matrix(dense), y, **options).history.equals(expected)
    asked: list[bytes] = []

    def ask(descent: Any) -> None:
        asked.append(descent.history.norms.tobytes())

    monkeypatch.setattr(history, "MOST_UNMADE", 700)
    for progress in (None, ask):
        again = fallline.fit(Matrix(dense), y, progress=progress, **options)
        assert again.history.equals(expected)
    whole = expected.column("gradient_norm").to_numpy().tobytes()
    assert asked
    assert all(whole.startswith(part) for part in asked)
    kept = fallline.fit(Matrix(dense), y, **options)._descent.history
    kept.forget_after(500)
    assert kept.norms.tobytes() == whole[: 500 * 8]


def test_norms_are_made_once_whoever_asks_and_whatever_happens(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two threads that ask at the same time, and one that is interrupted in the middle, get the norms of dense rows."""
    dense, y = rows_of(rng)
    options: dict[str, Any] = {"rule": "sgd", "learning_rate": 0.01, "epochs": 4, "batch_size": 1, "scale": None}
    monkeypatch.setattr(SparseRuntime, "work_per_call", 1 << 12)  # so that the norms come in several pieces
    expected = fallline.fit(dense, y, **options).history
    run = fallline.fit(Matrix(dense), y, **options)
    with ThreadPoolExecutor(2) as pool:
        assert all(found.equals(expected) for found in pool.map(lambda _: run.history, range(8)))
    run = fallline.fit(Matrix(dense), y, **options)
    make, made = SparseRuntime._norms_of_rows, []

    def interrupted(runtime: SparseRuntime, rows: Any, shares: Any) -> Any:
        made.append(make(runtime, rows, shares))
        if len(made) == 2:
            raise KeyboardInterrupt
        return made[-1]

    monkeypatch.setattr(SparseRuntime, "_norms_of_rows", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _ = run.history
    assert run.history.equals(expected)


def test_scaled_columns_are_divided_by_their_deviation(rng: np.random.Generator) -> None:
    """Each column's scale has the bytes of the plain definition, zeros counted, and is NumPy's deviation to 1e-12; a
    constant column has scale 1, and a column that is always 0 too."""
    dense = rng.normal(size=(3_000, 12)) * (rng.random((3_000, 12)) < 0.3) * 10.0 ** rng.integers(-3, 4, 12)
    dense[:, 3], dense[:, 4] = 7.5, 0.0
    dense[:, 5] = 1e6 + rng.normal(size=3_000)
    found = sparse_scales(of_matrix(Matrix(dense)), tuple("abcdefghijkl"))
    assert found.tolist() == [uncentred_scale(column) for column in dense.T.tolist()]
    assert found[3] == found[4] == 1.0
    expected = np.where(dense.min(axis=0) == dense.max(axis=0), 1.0, dense.std(axis=0))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    with pytest.raises(fallline.DataError, match="'b': its spread is too small"):
        sparse_scales(of_matrix(Matrix(np.array([[1.0, 1e-320], [2.0, 0.0]]))), ("a", "b"))


def test_auto_learns_sparse_rows(rng: np.random.Generator) -> None:
    """With nothing chosen by hand the fit explains the target, by a rule that visits only what a batch has."""
    dense, y = rows_of(rng, 3_000)
    run = fallline.fit(Matrix(dense), y)
    assert run.specification.plan.rule.name == "adagrad"
    assert run.evaluation["r2"] > 0.9
    assert any("visit only" in note for note in run.notes)
    swept = fallline.fit(Matrix(dense), y, rule="momentum", epochs=2)
    assert any("every step visits all 31" in note for note in swept.notes)


def test_duplicates_are_added_up_and_columns_sorted(rng: np.random.Generator) -> None:
    """As SciPy does; the matrix that was given stays as it is."""
    sparse = pytest.importorskip("scipy.sparse", reason="the sorting is SciPy's own")
    given = sparse.csr_matrix((np.array([2.0, 3.0, 4.0]), np.array([2, 0, 2]), np.array([0, 3, 3])), shape=(2, 3))
    found = of_matrix(given)
    assert found.dense().tolist() == [[3.0, 0.0, 6.0], [0.0, 0.0, 0.0]]
    assert given.indices.tolist() == [2, 0, 2]
    dense, y = rows_of(rng, 60)
    wanted = fallline.fit(Matrix(dense), y, epochs=1, rule="sgd", learning_rate=0.01).model.theta.tobytes()
    for kind in ("csr_matrix", "csc_matrix", "coo_matrix", "csr_array"):
        run = fallline.fit(getattr(sparse, kind)(dense), y, epochs=1, rule="sgd", learning_rate=0.01)
        assert run.model.theta.tobytes() == wanted, kind


def test_a_model_of_sparse_rows_is_saved_and_loaded(rng: np.random.Generator, tmp_path: Path) -> None:
    """Its file holds all that it needs; sample weights and two classes work as with dense rows."""
    dense, y = rows_of(rng)
    weights = rng.random(400)
    run = fallline.fit(Matrix(dense), (y > 0).astype(int), sample_weight=weights, epochs=2)
    run.model.save(tmp_path / "m.safetensors")
    model = fallline.load(tmp_path / "m.safetensors")
    assert model.predict_proba(Matrix(dense)).tobytes() == run.model.predict_proba(Matrix(dense)).tobytes()
    assert set(model.predict(Matrix(dense)).tolist()) <= {0, 1}
    assert list(model.coefficients)[:2] == ["x1", "x2"]


@pytest.mark.parametrize("first", [0, 1])
def test_an_svmlight_file_is_the_matrix_that_it_holds(rng: np.random.Generator, tmp_path: Path, first: int) -> None:
    """The same bytes as from a matrix; columns keep the file's numbers; runs are recorded, replayed, explained."""
    dense, y = rows_of(rng)
    dense[:, 0], dense[:, -1] = 1.5, -0.5
    labels = np.where(y > 0, 1, -1).tolist()
    path = written(tmp_path / "rows.svm", dense, labels, first)
    run = fallline.fit(path, epochs=2, batch_size=16, rule="adagrad", learning_rate=0.1, record=tmp_path / "run")
    twin = fallline.fit(Matrix(dense), (y > 0).astype(int), epochs=2, batch_size=16, rule="adagrad", learning_rate=0.1)
    assert run.model.theta.tobytes() == twin.model.theta.tobytes()
    assert run.evaluation == twin.evaluation
    assert next(iter(run.model.coefficients)) == f"x{first}"
    assert run.model.classes == (-1, 1)
    opened = fallline.open_run(tmp_path / "run")
    assert opened.at(7).theta.tobytes() == run.at(7).theta.tobytes()
    assert str(opened.explain(5)) == str(run.explain(5))
    assert opened.model.evaluate(path) == run.model.evaluate(path)
    path.write_text(path.read_text().replace("1.5", "1.25", 1))
    with pytest.raises(fallline.RunError, match="has changed since"):
        fallline.open_run(tmp_path / "run").at(1)


def test_a_step_is_explained_by_the_features_of_its_batch(rng: np.random.Generator) -> None:
    """The explained update is the step's, to the last bit, and features that the batch does not have are left out."""
    dense, y = rows_of(rng)
    run = fallline.fit(Matrix(dense), y, batch_size=2, epochs=1, rule="adagrad", learning_rate=0.1)
    explained = run.explain(9)
    batch = dense[[row.number - 1 for row in explained.rows]]
    assert list(explained.feature_names) == [f"x{j + 1}" for j in np.flatnonzero(batch.any(axis=0))]
    after = dict(zip([*run.model.coefficients, "intercept"], run.at(9).theta.tolist(), strict=True))
    assert all(parameter.after == after[parameter.name] for parameter in explained.parameters)
    with pytest.raises(fallline.SpecificationError, match="sums over all parameters"):
        fallline.fit(Matrix(dense), y, rule="dog", epochs=1).explain(1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 3:0.5\n0 2:nan\n", r"rows.svm, row 2 \(line 2\): '2:nan' has no finite number as its value"),
        ("1 3:0.5\n\n# note\n0 2:1e999\n", r"rows.svm, row 2 \(line 4\): '2:1e999' is too large"),
        ("1 3:0.5\nx 2:1\n", r"rows.svm, row 2 \(line 2\): 'x' is not a finite number"),
        ("1 3:0.5\n0 2\n", r"rows.svm, row 2 \(line 2\): '2' is not index:value"),
        ("1 3:0.5\n0 2:1:1\n", r"rows.svm, row 2 \(line 2\): '2:1:1' has no finite number"),
        ("1 3:0.5\n0 -2:1\n", r"rows.svm, row 2 \(line 2\): '-2:1' is not index:value"),
        ("1 3:0.5\n0 2:1 2:1\n", r"rows.svm, row 2 \(line 2\): '2:1' stands twice"),
        ("# nothing\n", r"rows.svm: there are no rows"),
        ("1 3:0.5\n0 99999999999999999999:1\n", r"row 2 \(line 2\): '99999999999999999999:1' is not index:value"),
        ("1 1:1\n1 2:1\n", r"the target is constant: every value is 1"),
    ],
)
def test_a_file_that_is_not_svmlight_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """The error names the line and the token."""
    (tmp_path / "rows.svm").write_text(text)
    with pytest.raises(fallline.DataError, match=message):
        fallline.fit(tmp_path / "rows.svm")


def test_unusual_lines_are_read_as_they_are_meant(tmp_path: Path) -> None:
    """Comments, blank lines, tabs, signs, falling indices, empty rows, a missing last line end, Windows' line ends."""
    text = "+1 3:+.5 1:2.\t2:-0 # first\r\n\n# only a comment\r\n-1\n  1 4:1E-3 "
    (tmp_path / "rows.svm").write_bytes(text.encode())
    table = svmlight.read(str(tmp_path / "rows.svm"), DEFAULT)
    assert table.sparse.dense().tolist() == [[2.0, -0.0, 0.5, 0.0], [0.0] * 4, [0.0, 0.0, 0.0, 0.001]]
    assert table.columns.column("label").to_pylist() == [1, -1, 1]
    assert [table.where(row) for row in range(3)] == ["row 1 (line 1)", "row 2 (line 4)", "row 3 (line 5)"]


def test_prediction_takes_the_columns_of_training(rng: np.random.Generator, tmp_path: Path) -> None:
    """A file's indices beyond those of training are unknown and left out; a matrix must have as many columns."""
    dense, y = rows_of(rng, columns=6)
    dense[0, 5] = 1.0
    run = fallline.fit(Matrix(dense), y, epochs=1, rule="sgd", learning_rate=0.01)
    (tmp_path / "new.svm").write_text("0 1:1 6:2 9:5\n0 9:1\n")
    wanted = run.model.predict(np.array([[1.0, 0, 0, 0, 0, 2.0], [0] * 6]))
    assert run.model.predict(tmp_path / "new.svm").tobytes() == wanted.tobytes()
    (tmp_path / "new.svm").write_text("0 1:1\n0 0:1\n")
    with pytest.raises(
        fallline.DataError, match=r"line 2\): an index is 0, where the model's own file counted .* from 1"
    ):
        run.model.predict(tmp_path / "new.svm")
    with pytest.raises(fallline.DataError, match="has 5 columns, where the model was trained on 6"):
        run.model.predict(Matrix(dense[:, :5]))
    with pytest.raises(fallline.DataError, match="trained on sparse rows; give"):
        run.model.predict(pa.table({"x1": [1.0]}))


def test_a_matrix_that_cannot_be_used_is_refused(rng: np.random.Generator) -> None:
    """Each message says what is wrong and where."""
    dense, y = rows_of(rng, 40, 5)
    dense[7, 2] = np.nan
    with pytest.raises(fallline.DataError, match="row 8, column 'x3': the value is nan"):
        fallline.fit(Matrix(dense), y)
    dense[7, 2] = 1.0
    good = Matrix(dense)
    for wrong in (
        Matrix(dense, indices=good.indices + 5),
        Matrix(dense, indices=good.indices - 5),
        Matrix(dense, indptr=good.indptr + 1),
        Matrix(dense, indptr=good.indptr[::-1]),
        Matrix(dense, data=good.data[:-1]),
    ):
        with pytest.raises(fallline.DataError, match="contradicts itself"):
            fallline.fit(wrong, y)
    with pytest.raises(fallline.DataError, match="holds complex128 values"):
        fallline.fit(Matrix(dense.astype(complex)), y)
    with pytest.raises(fallline.DataError, match="3 dimensions"):
        fallline.fit(SimpleNamespace(tocsr=None, shape=(1, 2, 3), nnz=0), y)
    with pytest.raises(fallline.DataError, match="40 rows, but 39 target values"):
        fallline.fit(good, y[:-1])
    with pytest.raises(fallline.SpecificationError, match="give an array of its values"):
        fallline.fit(good, "price")
    with pytest.raises(fallline.SpecificationError, match="only cannot be used with sparse rows"):
        fallline.fit(good, y, only=["x1"])
    with pytest.raises(fallline.SpecificationError, match="sparse rows have none; give an array"):
        fallline.fit(good, y, sample_weight="w")


def test_plain_python_does_not_fill_up_a_large_matrix() -> None:
    """Hundreds of thousands of zeros a row are not written out."""
    wide = SimpleNamespace(
        shape=(60, 300_000), nnz=60, indptr=np.arange(61), indices=np.arange(60), data=np.arange(60.0)
    )
    wide.tocsr = lambda: wide
    with pytest.raises(fallline.SpecificationError, match=r"would write out 1\d,\d00,000 numbers"):
        fallline.fit(wide, np.arange(60.0), runtime="plain", rule="sgd", learning_rate=0.1, epochs=1)


def test_an_unscaled_sparse_descent_that_diverges_says_so(rng: np.random.Generator) -> None:
    """The error is that of dense rows: step, cause, advice, and the run."""
    dense, y = rows_of(rng)
    with pytest.raises(fallline.DivergenceError, match="diverged at step") as caught:
        fallline.fit(Matrix(dense), y, rule="sgd", learning_rate=50.0, epochs=20, batch_size=16)
    assert caught.value.run.stop == "diverged"


def test_what_sparse_rows_do_not_support_is_refused(rng: np.random.Generator, tmp_path: Path) -> None:
    """One clear SpecificationError each, which names the option."""
    dense, y = rows_of(rng, 60, 5)
    matrix = Matrix(dense)
    names = np.array(["a", "b", "c"])[np.digitize(y, np.quantile(y, [0.3, 0.6]))]
    few: dict[str, Any] = {"epochs": 1, "rule": "sgd", "learning_rate": 0.01}
    for target, options, says in (
        (y, {"hashed": ["x1"]}, "hashed cannot be used"),
        (y, {"categorical": ["x1"]}, "categorical cannot be used"),
        (y, {"drop": "x1"}, "drop cannot be used"),
        (y, {"validation": "column:x1"}, "validation='column:x1' is not possible"),
        (y, {"validation": Matrix(dense)}, "has no target 'y' beside its sparse rows"),
        (y, {"gram": True, "batch_size": "full"}, "here the rows are sparse"),
        (names, {}, 'loss="softmax" is not available for sparse rows'),
    ):
        with pytest.raises(fallline.SpecificationError, match=says):
            fallline.fit(matrix, target, **{**few, **options})
    with pytest.raises(fallline.SpecificationError, match="a step on sparse rows is not measured"):
        fallline.fit(matrix, y, **few).measure(1)
    for name in ("a.svm", "b.svm"):
        written(tmp_path / name, dense, y.tolist())
    with pytest.raises(fallline.DataError, match="read one at a time"):
        fallline.fit(tmp_path, "label")


def test_scipy_as_validation_and_a_wrong_encoding(rng: np.random.Generator, tmp_path: Path) -> None:
    """A matrix compares element by element, and a file may be in another encoding: neither ends in a traceback."""
    sparse = pytest.importorskip("scipy.sparse", reason="its comparison is SciPy's own")
    dense, y = rows_of(rng, 60, 5)
    with pytest.raises(fallline.SpecificationError, match="has no target 'y'"):
        fallline.fit(sparse.csr_matrix(dense), y, validation=sparse.csr_matrix(dense))
    with pytest.raises(fallline.DataError, match="is not utf-16 text"):
        fallline.fit(written(tmp_path / "a.svm", dense, y.tolist()), encoding="utf-16")


def test_another_file_is_held_out(rng: np.random.Generator, tmp_path: Path) -> None:
    """The rows of a second svmlight file, with fewer columns or more, are what the model is judged by."""
    dense, y = rows_of(rng, 120, 8)
    dense[:, 6:] = 0.0
    training = written(tmp_path / "a.svm", dense[:, :6], y.tolist())
    options: dict[str, Any] = {"epochs": 2, "rule": "adagrad", "learning_rate": 0.1}
    for columns in (3, 6, 8):
        other = written(tmp_path / f"{columns}.svm", dense[:, :columns], y.tolist())
        run = fallline.fit(training, validation=other, **options)
        assert run.evaluation["rows"] == 120
        assert run.evaluation == run.model.evaluate(other)
        assert run.locate(5).line == 5


def test_find_learning_rate_is_what_fit_takes(rng: np.random.Generator) -> None:
    """Trials run on the sparse rows themselves."""
    dense, y = rows_of(rng, 200, 8)
    found = fallline.find_learning_rate(Matrix(dense), y, batch_size=16)
    run = fallline.fit(Matrix(dense), y, batch_size=16, epochs=1)
    assert found.suggestion == run.specification.plan.learning_rate


def test_ordinary_columns_and_sparse_rows(rng: np.random.Generator, tmp_path: Path) -> None:
    """A model of an array takes sparse rows, whose zeros are written out; so does an iterator of sparse batches."""
    dense, y = rows_of(rng, 80, 6)
    run = fallline.fit(dense, y, epochs=1)
    path = written(tmp_path / "a.svm", dense[:, :4], y.tolist())
    for data in (Matrix(dense), iter([Matrix(dense[:50]), Matrix(dense[50:])])):
        assert run.model.predict(data).tobytes() == run.model.predict(dense).tobytes()
    short = np.where(np.arange(6) < 4, dense, 0.0)
    assert run.model.predict(path).tobytes() == run.model.predict(short).tobytes()


def test_storage_in_32_bits(rng: np.random.Generator) -> None:
    """Sparse rows in float32 agree with plain Python by bytes, and with a float64 descent on the rounded numbers; one
    that float32 cannot hold is an error."""
    dense, y = rows_of(rng)
    options: dict[str, Any] = {"validation": None, "epochs": 2}
    wanted = fallline.fit(Matrix(dense.astype(np.float32).astype(np.float64)), y, **options)
    for runtime in ("compiled", "plain"):
        run = fallline.fit(Matrix(dense), y, storage="float32", runtime=runtime, **options)
        assert run.at(run.steps).theta.tobytes() == wanted.at(wanted.steps).theta.tobytes()
    dense[3, 4] = 1e39
    with pytest.raises(fallline.DataError, match="too large for storage") as caught:
        fallline.fit(Matrix(dense), y, storage="float32", **options)
    assert "\n" not in str(caught.value)
