"""Both ends of the Hessian's spectrum, against a dense eigenvalue solver."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fallline.compiled.runtime import Arrays
from fallline.losses import LOSSES
from fallline.measures.curvature import extremes
from fallline.measures.hessian import HessianProduct, preconditioned
from fallline.measures.lanczos import lanczos


def test_both_ends_of_an_indefinite_matrix() -> None:
    """On diag(-5, 3, 1) the ends are -5 and 3; power iteration would call -5 the largest."""
    diagonal = np.array([-5.0, 3.0, 1.0])
    found = lanczos(lambda vector: diagonal * vector, 3)
    assert (found.smallest, found.largest) == pytest.approx((-5.0, 3.0), rel=1e-12)
    assert np.abs(found.flattest) == pytest.approx([1, 0, 0], abs=1e-9)
    assert np.abs(found.sharpest) == pytest.approx([0, 1, 0], abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e3, 1e3).map(lambda value: value if abs(value) > 1e-100 else 0.0), min_size=1, max_size=40),
    st.integers(0, 2**32 - 1),
    st.sampled_from([1e-150, 1.0, 1e150]),
)
def test_any_symmetric_matrix(spectrum: list[float], seed: int, unit: float) -> None:
    """Ends are within 1e-6 of the largest magnitude, whatever the spectrum, repeated and zero values included, if the
    eigenvalues' squares neither overflow nor underflow."""
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(spectrum), len(spectrum))))
    matrix = (rotation * spectrum) @ rotation.T * unit
    matrix = (matrix + matrix.T) / 2.0
    exact = np.linalg.eigvalsh(matrix)
    found = lanczos(lambda vector: matrix @ vector, len(matrix))
    close = 1e-6 * np.abs(exact).max()
    assert abs(found.smallest - exact[0]) <= close
    assert abs(found.largest - exact[-1]) <= close
    assert found.products <= len(matrix)


def test_a_large_matrix_takes_few_products(rng: np.random.Generator) -> None:
    """Of order 2,000 with two isolated ends, fewer than 60 products are enough, and the bits are the same again."""
    diagonal = np.concatenate([rng.uniform(-1.0, 1.0, 1998), [-3.0, 4.0]])
    found, again = (lanczos(lambda vector: diagonal * vector, 2000) for _ in range(2))
    assert (found.smallest, found.largest) == pytest.approx((-3.0, 4.0), rel=1e-6)
    assert found.products < 60
    assert found.sharpest.tobytes() == again.sharpest.tobytes()


def test_a_matrix_that_is_not_finite_says_so() -> None:
    """NaN in a product makes both ends NaN, not a number that looks like one."""
    found = lanczos(lambda vector: vector * np.nan, 4)
    assert np.isnan([found.smallest, found.largest]).all()


def test_the_hessian_s_ends_and_products(case: Any, dense: Any) -> None:
    """H v, lambda and the ends of S H are those of the dense matrices, on a batch and on the whole table."""
    problem, theta, rows = case
    for chosen in (None, rows):
        z, _, second, weights, _ = dense(problem, theta, np.arange(problem.rows) if chosen is None else chosen)
        hessian = (z * (weights * second)[:, None]).T @ z
        exact = np.linalg.eigvalsh(hessian)
        found = extremes(problem, theta, chosen)
        assert (found.smallest, found.largest) == pytest.approx((exact[0], exact[-1]), abs=1e-6 * exact[-1])
        assert found.condition == pytest.approx(exact[-1] / exact[0], rel=1e-3)
        vector = np.linspace(1.0, 2.0, len(theta))
        assert np.allclose(HessianProduct(problem, theta, chosen)(vector), hessian @ vector, rtol=1e-10)
        scales = np.linspace(0.1, 3.0, len(theta))
        product = preconditioned(HessianProduct(problem, theta, chosen), scales)
        eigenvalues = np.linalg.eigvals(scales[:, None] * hessian).real
        assert lanczos(product, len(theta)).largest == pytest.approx(eigenvalues.max(), rel=1e-6)


def test_blocks_of_rows_change_nothing(case: Any) -> None:
    """The product streamed over blocks of 7 rows is that of one block."""
    problem, theta, rows = case
    vector = np.linspace(-1.0, 2.0, len(theta))
    whole, streamed = (HessianProduct(problem, theta, rows, block)(vector) for block in (1 << 14, 7))
    assert np.allclose(whole, streamed, rtol=1e-12)


def test_rows_without_weight_have_no_curvature(case: Any) -> None:
    """A batch of total weight 0 has the Hessian 0, not NaN."""
    problem, theta, rows = case
    problem.weights[rows] = 0.0
    assert extremes(problem, theta, rows).largest == 0.0


@pytest.mark.parametrize("columns", [30, 80])
def test_independent_columns(columns: int, rng: np.random.Generator) -> None:
    """Both ends of a spectrum without gaps, which takes dozens of products, each of which would make an error of
    orthogonality several times as large: within 1e-6 of a dense eigen-solver."""
    for rows in (2 * columns, 20 * columns):
        x = rng.normal(size=(rows, columns))
        one, zero = np.ones(columns), np.zeros(columns)
        problem = Arrays(x, x[:, 0], np.ones(rows), LOSSES["squared"], zero, one, intercept=False)
        exact = np.linalg.eigvalsh(2.0 * x.T @ x / rows)  # the loss is (score - target)²
        found = extremes(problem, zero)
        assert (found.smallest, found.largest) == pytest.approx((exact[0], exact[-1]), abs=1e-6 * exact[-1])
