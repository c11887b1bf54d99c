"""Gradient descent and its momenta, Adagrad, RMSProp, Adadelta, Lion, Signum, Rprop, ASGD beside torch and optax."""

from __future__ import annotations

import random
from typing import Any

from peers import Case, Options, log_uniform


def _descent(**fixed: Any) -> Any:
    """Options with a rate that is stable on every problem, and a momentum unless it is fixed."""

    def options(draw: random.Random) -> Options:
        return {"learning_rate": log_uniform(draw, 1e-5, 5e-4), "momentum": draw.uniform(0.1, 0.95), **fixed}

    return options


def _dampened(draw: random.Random) -> Options:
    return {**_descent()(draw), "dampening": draw.uniform(0.1, 0.9)}


def _sgd(o: Options) -> Options:
    names = ("momentum", "nesterov", "dampening")
    return {"lr": o["learning_rate"], **{name: o[name] for name in names if name in o}}


def _optax_sgd(o: Options) -> Options:
    return {name: o[name] for name in ("learning_rate", "momentum", "nesterov") if name in o}


def _adagrad(**fixed: Any) -> Any:
    def options(draw: random.Random) -> Options:
        start = draw.choice((0.0, draw.uniform(0.01, 1.0)))
        epsilon = log_uniform(draw, 1e-10, 1e-6)
        return {"learning_rate": log_uniform(draw, 1e-3, 0.3), "epsilon": epsilon, "start": start, **fixed}

    return options


def _adagrad_slowing(draw: random.Random) -> Options:
    return {**_adagrad()(draw), "lr_decay": log_uniform(draw, 1e-3, 0.1)}


def _torch_adagrad(o: Options) -> Options:
    named = {"lr": o["learning_rate"], "eps": o["epsilon"], "initial_accumulator_value": o["start"]}
    return {**named, "lr_decay": o.get("lr_decay", 0.0)}


def _optax_adagrad(o: Options) -> Options:
    named = {"learning_rate": o["learning_rate"], "eps": o["epsilon"]}
    return {**named, "initial_accumulator_value": o["start"]}


def _rmsprop(**fixed: Any) -> Any:
    def options(draw: random.Random) -> Options:
        found = {"learning_rate": log_uniform(draw, 1e-4, 1e-2), "decay": draw.uniform(0.5, 0.999)}
        found["epsilon"] = log_uniform(draw, 1e-8, 1e-4)
        return {**found, "momentum": draw.uniform(0.1, 0.95), **fixed}

    return options


def _torch_rmsprop(o: Options) -> Options:
    named = {"lr": o["learning_rate"], "alpha": o["decay"], "eps": o["epsilon"]}
    return {**named, "momentum": o["momentum"], "centered": o.get("centred", False)}


def _optax_rmsprop(o: Options) -> Options:
    named = {"learning_rate": o["learning_rate"], "decay": o["decay"], "eps": o["epsilon"]}
    named |= {"eps_in_sqrt": o.get("epsilon_inside", False), "centered": o.get("centred", False)}
    return {**named, "momentum": o["momentum"] or None}


def _adadelta(draw: random.Random) -> Options:
    rate, epsilon = log_uniform(draw, 0.1, 2.0), log_uniform(draw, 1e-8, 1e-5)
    return {"learning_rate": rate, "decay": draw.uniform(0.5, 0.99), "epsilon": epsilon}


def _lion(draw: random.Random) -> Options:
    betas = {"beta1": draw.uniform(0.5, 0.95), "beta2": draw.uniform(0.9, 0.999)}
    return {"learning_rate": log_uniform(draw, 1e-4, 1e-2), **betas}


def _signum(draw: random.Random) -> Options:
    return {"learning_rate": log_uniform(draw, 1e-4, 1e-2), "momentum": draw.uniform(0.1, 0.95)}


def _rprop(draw: random.Random) -> Options:
    etas = {"eta_minus": draw.uniform(0.3, 0.7), "eta_plus": draw.uniform(1.05, 1.4)}
    sizes = {"shortest": log_uniform(draw, 1e-7, 1e-4), "longest": log_uniform(draw, 0.1, 50.0)}
    return {"learning_rate": log_uniform(draw, 1e-3, 0.05), **etas, **sizes}


def _asgd(draw: random.Random) -> Options:
    found = {"learning_rate": log_uniform(draw, 1e-5, 5e-4), "lambd": log_uniform(draw, 1e-4, 10.0)}
    return {**found, "alpha": draw.uniform(0.5, 1.0), "t0": float(draw.randrange(0, 100))}


_ASGD = "torch.optim.ASGD", _asgd, lambda o: {("lr" if name == "learning_rate" else name): o[name] for name in o}
_TORCH_RMSPROP, _OPTAX_RMSPROP = "torch.optim.RMSprop", "optax.rmsprop"
_INSIDE = {"rate_in_velocity": True}

CASES = [
    Case("sgd", "torch.optim.SGD", _descent(momentum=0.0), _sgd),
    Case("sgd", "torch.optim.SGD", _dampened, _sgd, "dampened", changing=True),
    Case("sgd", "torch.optim.SGD", _descent(nesterov=True), _sgd, "nesterov", changing=True),
    Case("sgd", "optax.sgd", _descent(momentum=0.0), lambda o: {"learning_rate": o["learning_rate"]}),
    Case("sgd", "optax.sgd", _descent(nesterov=True), _optax_sgd, "nesterov", changing=True),
    Case(
        "sgd",
        "torch.optim.SGD",
        _descent(nesterov=True, base_point=True),
        _sgd,
        "base point, at its look-ahead",
        of="point",
    ),
    Case("momentum", "torch.optim.SGD", _descent(), _sgd, changing=True),
    Case("momentum", "torch.optim.SGD", _descent(rate_in_velocity=True), _sgd, "velocity, constant rate"),
    Case("momentum", "optax.sgd", _descent(), _optax_sgd, changing=True),
    Case("nesterov", "torch.optim.SGD", _descent(), lambda o: {**_sgd(o), "nesterov": True}),
    Case(
        "nesterov",
        "torch.optim.SGD",
        _descent(rate_in_velocity=True),
        lambda o: {**_sgd(o), "nesterov": True},
        "velocity, constant rate",
    ),
    Case("nesterov", "optax.sgd", _descent(), lambda o: {**_optax_sgd(o), "nesterov": True}),
    Case("adagrad", "torch.optim.Adagrad", _adagrad(), _torch_adagrad, changing=True),
    Case("adagrad", "torch.optim.Adagrad", _adagrad_slowing, _torch_adagrad, "lr_decay"),
    Case("adagrad", "optax.adagrad", _adagrad(epsilon_inside=True), _optax_adagrad, changing=True),
    Case("rmsprop", _TORCH_RMSPROP, _rmsprop(momentum=0.0), _torch_rmsprop),
    Case("rmsprop", _TORCH_RMSPROP, _rmsprop(), _torch_rmsprop, "momentum", changing=True),
    Case("rmsprop", _TORCH_RMSPROP, _rmsprop(momentum=0.0, centred=True), _torch_rmsprop, "centred"),
    Case("rmsprop", _TORCH_RMSPROP, _rmsprop(centred=True), _torch_rmsprop, "centred momentum", changing=True),
    Case("rmsprop", _OPTAX_RMSPROP, _rmsprop(momentum=0.0), _optax_rmsprop, "eps_in_sqrt=False"),
    Case("rmsprop", _OPTAX_RMSPROP, _rmsprop(momentum=0.0, epsilon_inside=True), _optax_rmsprop),
    Case(
        "rmsprop", _OPTAX_RMSPROP, _rmsprop(epsilon_inside=True, **_INSIDE), _optax_rmsprop, "momentum", changing=True
    ),
    Case("rmsprop", _OPTAX_RMSPROP, _rmsprop(**_INSIDE), _optax_rmsprop, "momentum eps_in_sqrt=False", changing=True),
    Case(
        "rmsprop",
        _OPTAX_RMSPROP,
        _rmsprop(momentum=0.0, centred=True, epsilon_inside=True),
        _optax_rmsprop,
        "centred",
    ),
    Case(
        "rmsprop",
        _OPTAX_RMSPROP,
        _rmsprop(centred=True, epsilon_inside=True, **_INSIDE),
        _optax_rmsprop,
        "centred momentum",
        changing=True,
    ),
    Case(
        "rmsprop",
        _OPTAX_RMSPROP,
        _rmsprop(centred=True, **_INSIDE),
        _optax_rmsprop,
        "centred momentum eps_in_sqrt=False",
        changing=True,
    ),
    Case(
        "adadelta",
        "torch.optim.Adadelta",
        _adadelta,
        lambda o: {"lr": o["learning_rate"], "rho": o["decay"], "eps": o["epsilon"]},
        changing=True,
    ),
    Case(
        "adadelta",
        "optax.adadelta",
        _adadelta,
        lambda o: {"learning_rate": o["learning_rate"], "rho": o["decay"], "eps": o["epsilon"]},
        changing=True,
    ),
    Case(
        "lion",
        "optax.lion",
        _lion,
        lambda o: {"learning_rate": o["learning_rate"], "b1": o["beta1"], "b2": o["beta2"], "weight_decay": 0.0},
        changing=True,
    ),
    Case(
        "signum",
        "optax.signum",
        _signum,
        lambda o: {"learning_rate": o["learning_rate"], "beta": o["momentum"]},
        changing=True,
    ),
    Case(
        "signum",
        "optax.sign_sgd",
        lambda draw: {**_signum(draw), "momentum": 0.0},
        lambda o: {"learning_rate": o["learning_rate"]},
        "without momentum",
    ),
    Case(
        "rprop",
        "torch.optim.Rprop",
        _rprop,
        lambda o: {
            "lr": o["learning_rate"],
            "etas": (o["eta_minus"], o["eta_plus"]),
            "step_sizes": (o["shortest"], o["longest"]),
        },
    ),
    Case(
        "rprop",
        "optax.rprop",
        _rprop,
        lambda o: {
            "learning_rate": o["learning_rate"],
            "eta_minus": o["eta_minus"],
            "eta_plus": o["eta_plus"],
            "min_step_size": o["shortest"],
            "max_step_size": o["longest"],
        },
        differs="optax 0.2.8 applies each step one step late, and drops it where the next gradient has the other sign",
    ),
    Case("asgd", *_ASGD),
    Case(
        "asgd",
        *_ASGD,
        "answer",
        of="answer",
        read=lambda optimizer, parameter: optimizer.state[parameter]["ax"],
    ),
]
