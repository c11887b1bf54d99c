"""A scalar definition on whole NumPy arrays: the same code with the vocabulary's primitives bound to NumPy's.

Bytes are those of plain Python: NumPy's + - * / abs and sqrt are exact or correctly rounded, element by element.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np

from .. import scalar


def _power_of_two(k: Any) -> Any:
    return np.ldexp(1.0, np.asarray(k).astype(np.int64))


def _exponent_of(x: Any) -> Any:
    return np.frexp(x)[1] - 1.0


def _fraction_of(x: Any) -> Any:
    return 2.0 * np.frexp(x)[0]


PRIMITIVES = {
    "where": np.where,
    "sqrt": np.sqrt,
    "power_of_two": _power_of_two,
    "exponent_of": _exponent_of,
    "fraction_of": _fraction_of,
}
assert set(PRIMITIVES) == set(scalar.PRIMITIVES)


def elementwise(function: Callable[..., Any]) -> Callable[..., Any]:
    """The scalar function for arrays of float64 of one shape; NaN and infinity arise silently, as in every runtime."""
    bound = _rebound(function)

    def on_arrays(*arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return bound(*arguments)

    return on_arrays


@cache
def _rebound(function: Any) -> FunctionType:
    """The function's own code, with every function that it names bound to arrays in turn."""
    names: dict[str, Any] = {}
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if name in PRIMITIVES:
            names[name] = PRIMITIVES[name]
        elif isinstance(value, FunctionType):
            names[name] = _rebound(value)
        elif value is not None:
            names[name] = value
    return FunctionType(function.__code__, {"__builtins__": __builtins__, **names}, function.__name__)
