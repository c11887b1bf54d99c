"""Kernels of one process share the functions that they have in common, and no others."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

import pytest

from fallline.compiled.generate import KERNEL, Text, load
from fallline.compiled.kernels import descent_kernel
from fallline.compiled.pasted import _pasted, number_of
from fallline.losses import LOGISTIC, SQUARED
from fallline.rules import rule_named


def number_in(kernel: ModuleType, name: str) -> int:
    return number_of(*_pasted[getattr(kernel, name)])


def test_kernels_share_what_does_not_depend_on_the_loss() -> None:
    """Two losses' kernels for one rule have the rule's step in common, as far down as it goes, and not the scores."""
    squared, logistic = (descent_kernel(loss, rule_named("adam")) for loss in (SQUARED, LOGISTIC))
    for shared in ("finish_step", "update", "step_with", "rescale", "push", "total"):
        assert number_in(squared, shared) == number_in(logistic, shared), shared
    for own in ("row_loss", "slopes", "leaf_sums", "step_sums", "walk"):
        assert number_in(squared, own) != number_in(logistic, own), own


def test_kernels_share_what_does_not_depend_on_the_rule() -> None:
    """Two rules' kernels for one loss have its sums in common, and not the step."""
    adam, momentum = (descent_kernel(LOGISTIC, rule_named(name)) for name in ("adam", "momentum"))
    assert number_in(adam, "leaf_sums") == number_in(momentum, "leaf_sums")
    assert number_in(adam, "step_with") != number_in(momentum, "step_with")


def kernel_of(inner: str, factor: str) -> Any:
    text = Text()
    text.line(f"FACTOR = {factor}")
    for name, body in (("inner", inner), ("middle", "inner(x) * FACTOR")):
        text.define(f"def {name}(x):\n    return {body}\n")
    text.define("def outer(x):\n    return middle(x)\n", KERNEL)
    return load("shared", str(text))


PAIRS: list[tuple[tuple[str, str, Callable[[float], float]], ...]] = [  # inner, FACTOR, and what they are together
    (("x + 0.0", "1.0", lambda x: x + 0.0), ("x + -0.0", "1.0", lambda x: x)),  # numbers that Python takes for equal
    (("x * 1", "1.0", lambda x: x), ("x * 1.0", "1.0", lambda x: x)),
    (("x + 3.0", "1.0", lambda x: x + 3.0), ("x + 3.0", "-1.0", lambda x: -(x + 3.0))),  # a number outside
    (("abs(x)", "1.0", abs), ("-abs(x)", "1.0", lambda x: -abs(x))),
    (("np.floor(x)", "1.0", math.floor), ("np.ceil(x)", "1.0", math.ceil)),  # names alone
]


@pytest.mark.parametrize("pair", PAIRS)
def test_a_difference_deep_down_is_seen(pair: tuple[tuple[str, str, Callable[[float], float]], ...]) -> None:
    """Kernels that differ only in what a function's function is made of have different functions, and each computes
    what its own text says, whichever came first."""
    kernels = [kernel_of(inner, factor) for inner, factor, _ in pair]
    assert len({number_in(kernel, "middle") for kernel in kernels}) == 2
    for kernel, (_, _, expected) in zip(kernels, pair):
        for x in (-0.0, 0.0, 2.5):
            found = kernel.outer(x)
            assert found == expected(x)
            assert isinstance(expected(x), int) or math.copysign(1.0, found) == math.copysign(1.0, expected(x))


def test_equal_functions_of_two_kernels_are_lowered_once() -> None:
    """Kernels with a function each of the same text name it by one number, though they are two functions."""
    one, other = kernel_of("x + 7.0", "2.0"), kernel_of("x + 7.0", "3.0")
    functions: list[FunctionType] = [_pasted[kernel.inner][0] for kernel in (one, other)]
    assert functions[0] is not functions[1]
    assert number_in(one, "inner") == number_in(other, "inner")
    assert number_in(one, "middle") != number_in(other, "middle")
    assert (one.outer(1.0), other.outer(1.0)) == (16.0, 24.0)
