"""Options of schedules that are refused, and how."""

from __future__ import annotations

from typing import Any

import pytest

from fallline import schedules as s
from fallline.errors import SpecificationError
from fallline.schedules import schedule_named

REFUSED = [
    ("step", {"every": 0}, "a whole number of at least 1"),
    ("step", {"every": 2.5}, "a whole number"),
    ("step", {"every": True}, "a whole number"),
    ("step", {"gamma": 0.0}, "above 0 and at most 1"),
    ("step", {"gamma": "big"}, "above 0"),
    ("milestones", {"milestones": [5, 5]}, "increase"),
    ("milestones", {"milestones": [0, 5]}, "at least 1"),
    ("milestones", {"milestones": 5}, "whole numbers"),
    ("exponential", {"gamma": 1.5}, "at most 1"),
    ("exponential", {"staircase": 1}, "True or False"),
    ("exponential", {"end": None}, "at least 0 and at most 1"),
    ("inverse_time", {"decay": -1.0}, "at least 0"),
    ("invscaling", {"power_t": float("inf")}, "a finite number"),
    ("optimal", {"alpha": 0.0}, "above 0"),
    ("optimal", {"t0": float("nan")}, "above 0"),
    ("polynomial", {"power": 0}, "above 0"),
    ("polynomial", {"end": 1.1}, "at most 1"),
    ("cosine", {"steps": -3}, "at least 1"),
    ("cosine_restarts", {"t_mult": 1.5}, "a whole number"),
    ("linear_warmup", {"start": -0.1}, "at least 0"),
    ("one_cycle", {"anneal_strategy": "sine"}, '"cos" or "linear"'),
    ("one_cycle", {"div_factor": 0.5}, "at least 1"),
    ("one_cycle", {"pct_start": 0.6, "three_phase": True}, "at most 0.5"),
    ("cyclic", {"mode": "square"}, '"triangular" or "triangular2" or "exp_range"'),
    ("cyclic", {"gamma": 2.0}, "at most 1"),
    ("warmup_stable_decay", {"steps": 10, "warmup": 8, "decay": 3}, "fit into steps=10"),
    ("warmup_stable_decay", {"shape": "round"}, '"linear" or "cosine" or "sqrt"'),
    ("sequence", {"schedules": []}, "a list of schedules"),
    ("sequence", {"schedules": ["cosine"]}, "a list of schedules"),
    ("sequence", {"schedules": [s.Plateau(), s.Cosine()]}, "none of which watches"),
    ("sequence", {"schedules": [s.Constant(), s.Cosine()], "boundaries": [3, 5]}, "1 increasing whole numbers"),
    ("reduce_on_plateau", {"factor": 1.0}, "above 0 and below 1"),
    ("reduce_on_plateau", {"patience": -1}, "at least 0"),
    ("plateau", {"most": 1.5}, "a whole number"),
]


@pytest.mark.parametrize(("name", "options", "allowed"), REFUSED)
def test_an_impossible_option_is_refused(name: str, options: dict[str, Any], allowed: str) -> None:
    """The error names the option, its value and what is allowed."""
    with pytest.raises(SpecificationError) as caught:
        schedule_named(name, **options)
    error, message = caught.value, str(caught.value)
    assert error.option in options
    assert error.option is not None and f"{error.option}={options[error.option]!r}" in message
    assert allowed in message and name in message and "\n" not in message


def test_unknown_names_are_refused() -> None:
    """An unknown schedule or option is answered with those that there are."""
    with pytest.raises(SpecificationError, match=r"schedule='cosin' is unknown: use one of constant, step, "):
        schedule_named("cosin")
    with pytest.raises(SpecificationError, match="cosine has no option 'gamma': it has steps, end"):
        schedule_named("cosine", gamma=0.1)
    with pytest.raises(SpecificationError, match="constant has no option 'gamma': it has none"):
        schedule_named("constant", gamma=0.1)


def test_a_warm_up_longer_than_the_run_is_refused() -> None:
    """What an open length leads to is checked when it is known."""
    with pytest.raises(SpecificationError, match="warmup=100 and decay=0 fit into steps=50"):
        s.WarmupStableDecay(warmup=100).settled(50)
