"""Each measure against a naive twin: the formula of its file, written out over dense matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fallline
from fallline.compiled.runtime import CompiledRuntime
from fallline.measures.change import change_of_loss
from fallline.measures.convergence import best_factor, observed_factor, predicted_factor
from fallline.measures.effective_step import effective_steps, steady_steps
from fallline.measures.gradient import loss_and_gradient
from fallline.measures.influence import sharpness_shares, step_shares
from fallline.measures.noise import critical_batch_size, noise_parts, noise_parts_of_norms, noise_scale
from fallline.measures.path import cosines, path_efficiency
from fallline.measures.rows import RowParts
from fallline.measures.update_ratio import update_ratio
from fallline.rules import Adam, Lion, Momentum


def test_rows_and_the_gradient(case: Any, dense: Any) -> None:
    """Row by row, loss, slope, |z|² and z · v are those of the row's own formula; the gradient is their mean."""
    problem, theta, rows = case
    z, slopes, second, weights, losses = dense(problem, theta, rows)
    vector = np.linspace(-1.0, 1.0, len(theta))
    parts = RowParts(problem, theta, rows, vector)
    for got, expected in (
        (parts.losses, losses),
        (parts.slopes, slopes),
        (parts.seconds, second),
        (parts.lengths, (z**2).sum(axis=1)),
        (parts.along, z @ vector),
    ):
        assert np.allclose(got, expected, rtol=1e-11, atol=1e-13)
    loss, gradient = loss_and_gradient(problem, theta, rows)
    assert loss == pytest.approx(weights @ losses, rel=1e-12)
    assert np.allclose(gradient, z.T @ (weights * slopes), rtol=1e-10, atol=1e-12)
    assert loss_and_gradient(problem, theta)[0] == CompiledRuntime(problem, Adam()).loss(theta)


def test_predicted_against_actual_change(case: Any, dense: Any) -> None:
    """-rate |g|² + ½ rate² g' H g: exact for a squared loss, within 1 % for a small step on any."""
    problem, theta, rows = case
    z, slopes, second, weights, _ = dense(problem, theta, rows)
    g = z.T @ (weights * slopes)
    bend = g @ ((z * (weights * second)[:, None]).T @ z) @ g
    rate = (1e-3 if problem.loss.name == "logistic" else 1.7) * (g @ g) / bend
    found = change_of_loss(problem, theta, rate, rows)
    assert found.predicted == pytest.approx(-rate * (g @ g) + rate**2 / 2 * bend, rel=1e-9)
    assert found.ratio == pytest.approx(1.0, rel=1e-6 if problem.loss.name == "squared" else 1e-2)
    assert found.best_multiple * rate == pytest.approx((g @ g) / bend, rel=1e-9)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_predicted_against_observed_convergence(momentum: float, rng: np.random.Generator) -> None:
    """Full-batch descent on a quadratic falls by the predicted factor a step, to 2 %."""
    x = np.linalg.qr(rng.normal(size=(300, 3)))[0] * np.sqrt(300 * np.array([1.0, 0.5, 0.05]))
    y = x @ [1.0, -2.0, 3.0] + rng.normal(size=300)
    rule = Momentum(momentum=momentum) if momentum else fallline.rules.SGD()  # type: ignore[attr-defined]
    options = {"batch_size": "full", "scale": None, "validation": None, "intercept": False}
    spectrum = np.linalg.eigvalsh(2.0 * x.T @ x / 300)
    rate = 1.2 / spectrum[-1]
    run = fallline.fit(x, y, rule=rule, learning_rate=rate, epochs=120, **options)
    coefficients = np.linalg.lstsq(x, y)[0]
    optimum = float(np.mean((x @ coefficients - y) ** 2))
    losses = [value for value in run.history["loss"].to_pylist()[20:] if value - optimum > 1e-9]
    predicted = predicted_factor(rate, spectrum[0], spectrum[-1], momentum)
    assert observed_factor(losses, optimum) == pytest.approx(predicted, rel=0.02)
    assert predicted_factor(2.0 / spectrum[-1] * 1.01, spectrum[0], spectrum[-1]) > 1.0


def test_the_best_factors() -> None:
    """(kappa - 1) / (kappa + 1), with sqrt(kappa) for momentum; the best rate of plain descent attains it."""
    assert predicted_factor(2.0 / (1.0 + 9.0), 1.0, 9.0) == pytest.approx(best_factor(9.0)) == pytest.approx(0.8)
    assert best_factor(9.0, momentum=True) == pytest.approx(0.5)
    assert best_factor(float("inf")) == 1.0
    assert np.isnan(observed_factor([1.0], 0.0))


def test_the_noise_scale_and_the_critical_batch_size(case: Any, dense: Any) -> None:
    """tr(Sigma) / |G|² and tr(H Sigma) / G' H G of the rows' gradients, one by one."""
    problem, theta, rows = case
    z, slopes, second, weights, _ = dense(problem, theta, rows)
    rowwise = z * slopes[:, None]
    mean = weights @ rowwise
    sigma = (rowwise - mean).T @ ((rowwise - mean) * weights[:, None])
    hessian = (z * (weights * second)[:, None]).T @ z
    trace, square = noise_parts(problem, theta, rows)
    assert (trace, square) == pytest.approx((np.trace(sigma), mean @ mean), rel=1e-8)
    expected = np.trace(hessian @ sigma) / (mean @ hessian @ mean)
    assert critical_batch_size(problem, theta, rows) == pytest.approx(expected, rel=1e-7)


def test_the_noise_scale_averages_before_it_divides() -> None:
    """(1 + 3) / (1 + 0) = 4, not the mean of 1 and infinity; without a gradient it is infinite."""
    assert noise_scale([(1.0, 1.0), (3.0, 0.0)]) == 4.0
    assert noise_scale([(3.0, 0.0)]) == float("inf")


def test_the_noise_scale_from_norms_at_two_batch_sizes(rng: np.random.Generator) -> None:
    """E|G_B|² = |G|² + tr(Sigma) / B at two sizes gives both back."""
    trace, square = rng.uniform(0.1, 9.0, 2)
    found = noise_parts_of_norms(8, 64, square + trace / 8, square + trace / 64)
    assert found == pytest.approx((trace, square))


def test_zig_zag() -> None:
    """Straight on is cosine 1 and efficiency 1; to and fro is -1, and a third of the way."""
    right, left = np.array([2.0, 0.0]), np.array([-1.0, 0.0])
    assert cosines([right, right, left]).tolist() == [1.0, -1.0]
    assert np.isnan(cosines([right, 0.0 * right])).all()
    points = [np.array([x, 0.0]) for x in (0.0, 2.0, 1.0)]
    assert path_efficiency(points) == pytest.approx(1.0 / 3.0)
    assert path_efficiency([points[0], points[2], points[1]]) == 1.0
    assert np.isnan(path_efficiency([right, right]))


def test_update_ratio_and_effective_steps() -> None:
    """|change| / |before|, and step / gradient: the rate of plain descent, and what Adam's scale says."""
    assert update_ratio(np.array([3.0, 4.0]), np.array([3.0, 4.5])) == pytest.approx(0.1)
    assert update_ratio(np.zeros(2), np.ones(2)) == float("inf")
    gradient = np.array([2.0, 0.0, -4.0])
    assert np.allclose(effective_steps(0.1 * gradient, gradient), [0.1, np.nan, 0.1], equal_nan=True)
    state, rule = np.array([[0.0, 0.0], [4.0, 16.0]]), Adam()
    numbers = rule.numbers(10**6, 0.5, (0.0, 0.0))[0]
    found = steady_steps(rule, numbers, state, 2)
    assert found is not None
    assert np.allclose(found, [0.5 / 2, 0.5 / 4])
    assert steady_steps(Momentum(), Momentum().numbers(1, 0.1, ())[0], np.zeros((1, 2)), 2) == pytest.approx([1.0, 1.0])
    assert steady_steps(Lion(), Lion().numbers(1, 0.1, ())[0], np.zeros((1, 2)), 2) is None


def test_shares_of_the_step_and_of_the_sharpness(case: Any, dense: Any) -> None:
    """g_i · G / (B |G|²) and second_i (z_i · v)² / (B lambda), with weights; both add up to 1."""
    problem, theta, rows = case
    z, slopes, second, weights, _ = dense(problem, theta, rows)
    rowwise = z * slopes[:, None]
    mean = weights @ rowwise
    shares = step_shares(problem, theta, rows)
    assert np.allclose(shares, weights * (rowwise @ mean) / (mean @ mean), rtol=1e-8, atol=1e-12)
    assert shares.sum() == pytest.approx(1.0)
    values, vectors = np.linalg.eigh((z * (weights * second)[:, None]).T @ z)
    shares = sharpness_shares(problem, theta, rows)
    assert np.allclose(shares, weights * second * (z @ vectors[:, -1]) ** 2 / values[-1], atol=1e-5)
    assert shares.sum() == pytest.approx(1.0)
