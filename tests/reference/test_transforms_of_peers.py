"""Clipping, trust ratios, decay and averages beside torch's and optax's, in float64 on the same gradients."""

from __future__ import annotations

import os
import random
from typing import Any

import numpy as np
import pytest

from fallline.plain.additions import Additions
from fallline.transforms import (
    ClipByNorm,
    ClipByValue,
    ExponentialAverage,
    PolyakAverage,
    Transform,
    TrustRatio,
)

pytestmark = pytest.mark.conformance
LENGTHS = (1, 7, 1500)


def fresh_draw() -> random.Random:
    seed = int(os.environ.get("FALLLINE_LAW_SEED") or int.from_bytes(os.urandom(4), "little"))
    print(f"FALLLINE_LAW_SEED={seed}")
    return random.Random(seed)


def vectors(length: int, draw: random.Random) -> tuple[list[float], list[float]]:
    """A gradient and a theta of any size, zeros among them."""
    size = 10.0 ** draw.uniform(-3, 3)
    return [[draw.choice((0.0, draw.gauss(0.0, size), draw.gauss(0.0, size))) for _ in range(length)] for _ in range(2)]  # type: ignore[return-value]


def changed(transform: Transform, values: list[float], theta: list[float], rate: float = 1.0) -> list[float]:
    additions = Additions((), (transform,))
    pairs = additions.before or additions.after
    found = additions.change(pairs, values, theta, [1.0] * len(values), additions.numbers(1, rate))
    assert found is not None
    return found[0]


def optax_of(transformation: Any, values: list[float], theta: list[float]) -> list[float]:
    import jax

    with jax.enable_x64(True):
        import jax.numpy as jnp

        parameters = jnp.array(theta, dtype=jnp.float64)
        state = transformation.init(parameters)
        found, _ = transformation.update(jnp.array(values, dtype=jnp.float64), state, parameters)
        return np.asarray(found).tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("length", LENGTHS)
def test_clip_by_value_is_theirs(length: int):
    """Byte for byte: torch's clip_grad_value_ and optax's clip."""
    import optax
    import torch

    draw = fresh_draw()
    values, theta = vectors(length, draw)
    bound = abs(draw.choice(values)) or 1.0
    parameter = torch.zeros(length, dtype=torch.float64, requires_grad=True)
    parameter.grad = torch.tensor(values, dtype=torch.float64)
    torch.nn.utils.clip_grad_value_([parameter], bound)
    found = changed(ClipByValue(bound), values, theta)
    assert found == parameter.grad.tolist() == optax_of(optax.clip(bound), values, theta)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("share", [0.3, 3.0])
def test_clip_by_norm_is_theirs(length: int, share: float):
    """optax's clip_by_global_norm up to its summation; torch's clip_grad_norm_ has 1e-6 in the divisor, and so differs
    by that."""
    import optax
    import torch

    draw = fresh_draw()
    values, theta = vectors(length, draw)
    values[0] = values[0] or 1.0
    norm = float(np.linalg.norm(values))
    bound = share * norm
    found = changed(ClipByNorm(bound), values, theta)
    assert np.allclose(found, optax_of(optax.clip_by_global_norm(bound), values, theta), rtol=1e-13, atol=0.0)
    parameter = torch.zeros(length, dtype=torch.float64, requires_grad=True)
    parameter.grad = torch.tensor(values, dtype=torch.float64)
    torch.nn.utils.clip_grad_norm_([parameter], bound)
    theirs = np.array(parameter.grad.tolist())
    factor = (norm + 1e-6) / norm if share < 1.0 else 1.0
    assert np.allclose(found, theirs * factor, rtol=1e-12, atol=0.0)
    if share > 1.0:
        assert found == values


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("form", ["lars", "lamb"])
def test_the_trust_ratio_is_optax_s(length: int, form: str):
    """scale_by_trust_ratio of the gradient (lars) or of the step ÷ rate (lamb), 1 where a norm is 0."""
    import optax

    draw = fresh_draw()
    values, theta = vectors(length, draw)
    coefficient, epsilon, rate = draw.uniform(0.1, 2.0), draw.choice((0.0, 1e-3)), draw.uniform(0.01, 1.0)
    theirs = optax.scale_by_trust_ratio(trust_coefficient=coefficient, eps=epsilon)
    transform = TrustRatio(form, coefficient, epsilon)
    for t, v in ((theta, values), ([0.0] * length, values), (theta, [0.0] * length)):
        given = [rate * value for value in v] if form == "lamb" else v
        found = changed(transform, given, t, rate)
        expected = np.array(optax_of(theirs, v, t)) * (rate if form == "lamb" else 1.0)
        assert np.allclose(found, expected, rtol=1e-12, atol=0.0)


def path_and_means(
    transform: Transform, steps: int, draw: random.Random
) -> tuple[list[list[float]], list[list[float]]]:
    """A random walk, and our mean after each of its steps."""
    theta = [draw.gauss(0.0, 1.0) for _ in range(3)]
    mean, path, means = list(theta), [], []
    for k in range(1, steps + 1):
        theta = [value + draw.gauss(0.0, 0.1) for value in theta]
        (share,) = transform.numbers(k, 0.1)
        assert transform.average is not None
        mean = [transform.average(m, value, share) for m, value in zip(mean, theta, strict=True)]
        path.append(theta)
        means.append(mean)
    return path, means


@pytest.mark.parametrize("start", [0, 4])
def test_polyak_s_average_is_torch_s(start: int):
    """swa_utils.AveragedModel, updated after each step from start + 1 on."""
    import torch

    path, means = path_and_means(PolyakAverage(start), 50, fresh_draw())
    module = torch.nn.Linear(3, 1, bias=False, dtype=torch.float64)
    averaged = torch.optim.swa_utils.AveragedModel(module)
    for k, (theta, mean) in enumerate(zip(path, means, strict=True), start=1):
        if k <= start:
            assert mean == theta
            continue
        with torch.no_grad():
            module.weight.copy_(torch.tensor([theta], dtype=torch.float64))
        averaged.update_parameters(module)
        assert np.allclose(mean, averaged.module.weight[0].tolist(), rtol=1e-12)


def test_the_exponential_average_is_torch_s_and_optax_s():
    """corrected=False: AveragedModel with get_ema_multi_avg_fn; corrected: optax.ema with its debias."""
    import jax
    import optax
    import torch

    path, means = path_and_means(ExponentialAverage(0.9, corrected=False), 60, fresh_draw())
    module = torch.nn.Linear(3, 1, bias=False, dtype=torch.float64)
    average = torch.optim.swa_utils.get_ema_multi_avg_fn(0.9)
    averaged = torch.optim.swa_utils.AveragedModel(module, multi_avg_fn=average)
    for theta, mean in zip(path, means, strict=True):
        with torch.no_grad():
            module.weight.copy_(torch.tensor([theta], dtype=torch.float64))
        averaged.update_parameters(module)
        assert np.allclose(mean, averaged.module.weight[0].tolist(), rtol=1e-12)

    path, means = path_and_means(ExponentialAverage(0.9), 60, fresh_draw())
    with jax.enable_x64(True):
        theirs = optax.ema(0.9)
        state = theirs.init(np.zeros(3))
        for theta, mean in zip(path, means, strict=True):
            found, state = theirs.update(np.array(theta), state)
            assert np.allclose(mean, np.asarray(found), rtol=1e-12)
