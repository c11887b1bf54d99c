"""Adam and its relatives, Schedule-Free and DoG beside torch and optax."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from peers import Case, Options, log_uniform

NAMES = {"beta1": "b1", "beta2": "b2", "epsilon": "eps"}  # of optax
TORCH_NAMES = {"learning_rate": "lr", "epsilon": "eps", "weight_decay": "weight_decay"}


def averages(draw: random.Random) -> Options:
    """A rate and two averages."""
    return {
        "learning_rate": log_uniform(draw, 1e-3, 3e-2),
        "beta1": draw.uniform(0.3, 0.95),
        "beta2": draw.choice((draw.uniform(0.8, 0.95), draw.uniform(0.95, 0.9999))),
        "epsilon": log_uniform(draw, 1e-8, 1e-4),
    }


def with_options(**more: Any) -> Callable[[random.Random], Options]:
    """`averages` with these besides: a value, or a function of draw."""

    def options(draw: random.Random) -> Options:
        drawn = {name: value(draw) if callable(value) else value for name, value in more.items()}
        return {**averages(draw), **drawn}

    return options


def of_torch(**fixed: Any) -> Callable[[Options], dict[str, Any]]:
    """torch's keywords: its own names, the two betas in one, and what is fixed."""

    def arguments(options: Options) -> dict[str, Any]:
        named = {TORCH_NAMES[name]: value for name, value in options.items() if name in TORCH_NAMES}
        return {**named, "betas": (options["beta1"], options["beta2"]), **fixed}

    return arguments


def of_optax(*kept: str, **fixed: Any) -> Callable[[Options], dict[str, Any]]:
    """optax's keywords: those of `averages` and the kept ones under its own names, and what is fixed."""

    def arguments(options: Options) -> dict[str, Any]:
        wanted = ("learning_rate", "beta1", "beta2", "epsilon", *kept)
        return {**{NAMES.get(name, name): options[name] for name in wanted if name in options}, **fixed}

    return arguments


def rectified(**more: Any) -> Callable[[random.Random], Options]:
    """A rate that the first steps bear, which are plain gradients', and now and then a beta2 that rectifies nothing."""
    return with_options(learning_rate=lambda draw: log_uniform(draw, 1e-5, 5e-4), beta2=any_beta2, **more)


def any_beta2(draw: random.Random) -> float:
    return draw.choice((0.5, draw.uniform(0.8, 0.95), draw.uniform(0.95, 0.9999)))


def momentum_decay(options: Options) -> dict[str, Any]:
    return {**of_torch()(options), "momentum_decay": options["momentum_decay"]}


def belief(options: Options) -> dict[str, Any]:
    return {**of_optax()(options), "eps_root": options["epsilon"]}


def decay(draw: random.Random) -> float:
    return log_uniform(draw, 1e-3, 0.3)


def evaluated(state: Any, parameters: Any) -> Any:
    """The average, from optax's stored point y. (Under a schedule optax weighs step k by the rate of step k + 1.)"""
    import optax

    return optax.contrib.schedule_free_eval_params(state, parameters)


def schedule_free(draw: random.Random) -> Options:
    return {"learning_rate": log_uniform(draw, 1e-5, 3e-3), "beta1": draw.uniform(0.3, 0.95)}


def dog(draw: random.Random) -> Options:
    return {"learning_rate": draw.uniform(0.3, 1.0), "first_distance": log_uniform(draw, 1e-6, 1e-3), "epsilon": 1e-8}


def of_optax_dog(options: Options) -> dict[str, Any]:
    step = ("heuristic", options["first_distance"])
    return {"learning_rate": options["learning_rate"], "init_step": step, "eps": options["epsilon"]}


TORCH = [
    Case("adam", "torch.optim.Adam", averages, of_torch(), changing=True),
    Case("adamw", "torch.optim.AdamW", with_options(weight_decay=decay), of_torch(), changing=True),
    Case("amsgrad", "torch.optim.Adam", averages, of_torch(amsgrad=True), note="amsgrad=True", changing=True),
    Case("adamax", "torch.optim.Adamax", averages, of_torch(), changing=True),
    Case(
        "nadam",
        "torch.optim.NAdam",
        with_options(momentum_decay=lambda draw: log_uniform(draw, 1e-3, 1.0)),
        momentum_decay,
        changing=True,
    ),
    Case("radam", "torch.optim.RAdam", rectified(), of_torch(), changing=True),
]
OPTAX = [
    Case("adam", "optax.adam", averages, of_optax(), changing=True),
    Case("adamw", "optax.adamw", with_options(weight_decay=decay), of_optax("weight_decay"), changing=True),
    Case(
        "amsgrad",
        "optax.amsgrad",
        with_options(maximum_of_corrected=True),
        of_optax(),
        note="maximum_of_corrected=True",
        changing=True,
    ),
    Case("adamax", "optax.adamax", averages, of_optax(), changing=True),
    Case(
        "nadam",
        "optax.nadam",
        with_options(momentum_schedule=False),
        of_optax(),
        note="momentum_schedule=False",
        changing=True,
    ),
    Case("radam", "optax.radam", rectified(epsilon_hat=False), of_optax(), note="epsilon_hat=False", changing=True),
    Case("adabelief", "optax.adabelief", averages, belief, changing=True),
    Case(
        "yogi",
        "optax.yogi",
        with_options(bias_correction=True, m_start=1e-6),
        of_optax(),
        note="bias_correction=True, m_start=1e-6",
        changing=True,
    ),
    Case(
        "schedule_free_sgd",
        "optax.contrib.schedule_free_sgd",
        schedule_free,
        of_optax(),
        read=evaluated,
        problems=("quadratic", "sequence"),
    ),
    Case(
        "schedule_free_adamw",
        "optax.contrib.schedule_free_adamw",
        with_options(epsilon_hat=False, weight_decay=decay),
        of_optax("weight_decay"),
        note="epsilon_hat=False",
        read=evaluated,
    ),
    Case("dog", "optax.contrib.dog", dog, of_optax_dog),
]
CASES = [*TORCH, *OPTAX]
