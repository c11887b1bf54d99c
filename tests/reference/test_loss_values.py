"""Values and slopes of the losses beside scikit-learn's and torch's, within 4 units in the last place of the larger
term; where a peer leaves out a constant or counts a half, it is added here and said so."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fallline.losses import LOSSES, Loss, Softmax, loss_named
from fallline.losses.softmax import softmax
from fallline.models.elementwise import elementwise

sys.path.append(str(Path(__file__).parents[1] / "losses"))

ULP = 2.0**-52
ROWS = 400
pytestmark = pytest.mark.conformance


@pytest.fixture
def source() -> random.Random:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


def xlogx(t: Any) -> Any:
    return np.where(t > 0, t * np.log(np.where(t > 0, t, 1.0)), 0.0)


def rows_of(loss: Loss, source: random.Random) -> tuple[Any, Any]:
    """Scores up to ±700 in size and targets in the domain; none exactly at a kink."""
    rng = np.random.default_rng(source.randrange(2**32))
    scores = rng.normal(size=ROWS) * 10.0 ** rng.uniform(-2, 1.5, ROWS)
    scores[:4] = 700.0, -700.0, 300.0, -300.0
    if loss.classes:
        return scores, rng.integers(0, 2, ROWS).astype(float)
    if loss.domain is not None:
        targets = 10.0 ** rng.uniform(-2, 3, ROWS)
        targets[::7] = 0.0 if loss.domain.low_included else 1.0
        return scores, targets
    return scores, rng.normal(size=ROWS) * 10.0 ** rng.uniform(-2, 3, ROWS)


def sklearn_peer(name: str, options: dict[str, float]) -> Callable[[Any, Any], tuple[Any, Any]]:
    """(scores, targets) -> values and slopes of scikit-learn's loss, in Fallline's units."""
    from sklearn._loss import loss as peers
    from sklearn.linear_model import _sgd_fast as sgd

    def of_loss(peer: Any, factor: float = 1.0, constant: Any = lambda t: 0.0) -> Any:
        def found(scores: Any, targets: Any) -> tuple[Any, Any]:
            values, slopes = peer.loss_gradient(targets, scores)
            return factor * values + constant(targets), factor * slopes

        return found

    def of_sgd(peer: Any) -> Any:
        def found(scores: Any, targets: Any) -> tuple[Any, Any]:
            sides = 2.0 * targets - 1.0 if LOSSES[name].classes else targets
            pairs = list(zip(scores.tolist(), sides.tolist(), strict=True))
            py_loss = [peer.py_loss(y, s) for s, y in pairs]
            return np.array(py_loss), np.array([peer.py_dloss(s, y) for s, y in pairs])

        return found

    a, b = 1.0 - options.get("power", 1.5), 2.0 - options.get("power", 1.5)
    return {
        "squared": lambda: of_loss(peers.HalfSquaredError(), 2.0),
        "absolute": lambda: of_loss(peers.AbsoluteError()),
        "huber": lambda: of_huber(peers, options["delta"]),
        "quantile": lambda: of_loss(peers.PinballLoss(quantile=options["level"])),
        "logistic": lambda: of_loss(peers.HalfBinomialLoss()),
        "poisson": lambda: of_loss(peers.HalfPoissonLoss(), constant=lambda t: xlogx(t) - t),
        "gamma": lambda: of_loss(peers.HalfGammaLoss(), constant=lambda t: -np.log(t) - 1.0),
        "tweedie": lambda: of_loss(peers.HalfTweedieLoss(power=options["power"]), constant=lambda t: t**b / (a * b)),
        "epsilon_insensitive": lambda: of_sgd(sgd.EpsilonInsensitive(options["epsilon"])),
        "squared_epsilon_insensitive": lambda: of_sgd(sgd.SquaredEpsilonInsensitive(options["epsilon"])),
        "hinge": lambda: of_sgd(sgd.Hinge(1.0)),
        "squared_hinge": lambda: of_sgd(sgd.SquaredHinge(1.0)),
        "modified_huber": lambda: of_sgd(sgd.ModifiedHuber()),
    }[name]()


def of_huber(peers: Any, delta: float) -> Any:
    def found(scores: Any, targets: Any) -> tuple[Any, Any]:
        peer = peers.HuberLoss(delta=delta)
        peer.closs.delta = delta
        return peer.loss_gradient(targets, scores)  # type: ignore[no-any-return]

    return found


def torch_peer(name: str, options: dict[str, float]) -> Callable[[Any, Any], tuple[Any, Any]]:
    import torch
    from torch.nn import functional as F

    value = {
        "squared": lambda s, t: F.mse_loss(s, t, reduction="none"),
        "absolute": lambda s, t: F.l1_loss(s, t, reduction="none"),
        "huber": lambda s, t: F.huber_loss(s, t, reduction="none", delta=options["delta"]),
        "logistic": lambda s, t: F.binary_cross_entropy_with_logits(s, t, reduction="none"),
        "poisson": lambda s, t: F.poisson_nll_loss(s, t, reduction="none") + torch.xlogy(t, t) - t,
    }[name]

    def found(scores: Any, targets: Any) -> tuple[Any, Any]:
        s = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
        values = value(s, torch.tensor(targets, dtype=torch.float64))
        (slopes,) = torch.autograd.grad(values.sum(), s)
        return values.detach().numpy(), slopes.numpy()

    return found


PEERS = [("sklearn", name) for name in LOSSES if not LOSSES[name].many]
PEERS += [("torch", name) for name in ("squared", "absolute", "huber", "logistic", "poisson")]


@pytest.mark.parametrize(("peer", "name"), PEERS)
def test_value_and_slope_are_the_peer_s(peer: str, name: str, source: random.Random) -> None:
    """Within 4 units in the last place of the larger of the terms that value and slope are sums of."""
    import mpmath
    from loss_twins import TWINS

    ranges = {"delta": (0.1, 5.0), "level": (0.05, 0.95), "epsilon": (0.01, 1.0)}
    options = {option: source.uniform(*ranges[option]) for option in LOSSES[name].ranges if option in ranges}
    loss = loss_named(name, **options)
    scores, targets = rows_of(loss, source)
    values, slopes = elementwise(loss.row)(scores, targets, *loss.numbers)
    their_values, their_slopes = (sklearn_peer if peer == "sklearn" else torch_peer)(name, loss.options)(
        scores, targets
    )
    for found, theirs, terms in (
        (values, their_values, TWINS[name].value_terms),
        (slopes, their_slopes, TWINS[name].slope_terms),
    ):
        for row in range(ROWS):
            arguments = mpmath.mpf(scores[row]), mpmath.mpf(targets[row])
            scale = float(max(abs(term) for term in terms(*arguments, **loss.options)))
            where = (scores[row], targets[row], found[row], theirs[row])
            assert abs(found[row] - theirs[row]) <= 4 * ULP * scale or found[row] == theirs[row], where


@pytest.mark.parametrize("peer", ["sklearn", "torch"])
def test_softmax_is_the_peer_s(peer: str, source: random.Random) -> None:
    """Value and slopes of each row, within 4 units in the last place of its largest score and of 1."""
    rng = np.random.default_rng(source.randrange(2**32))
    count = source.randrange(2, 7)
    scores, labels = (
        rng.normal(size=(ROWS, count)) * 10.0 ** rng.uniform(-2, 2, (ROWS, 1)),
        rng.integers(0, count, ROWS),
    )
    scores[0, :2] = 700.0, -700.0
    if peer == "sklearn":
        from sklearn._loss.loss import HalfMultinomialLoss

        their_values, their_slopes = HalfMultinomialLoss(n_classes=count).loss_gradient(labels.astype(float), scores)
    else:
        import torch

        s = torch.tensor(scores, requires_grad=True)
        found = torch.nn.functional.cross_entropy(s, torch.tensor(labels), reduction="none")
        their_slopes = torch.autograd.grad(found.sum(), s)[0].numpy()
        their_values = found.detach().numpy()
    assert Softmax(count).row is softmax
    for row, label in enumerate(labels.tolist()):
        slopes = [0.0] * count
        value = softmax(scores[row].tolist(), float(label), slopes)
        assert abs(value - their_values[row]) <= 4 * ULP * (1.0 + np.abs(scores[row]).max())
        assert np.all(np.abs(np.array(slopes) - their_slopes[row]) <= 4 * ULP)
