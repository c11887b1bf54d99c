"""The machine code of the compiled losses: whole vectors of rows at a time, and nothing that rounds differently."""

from __future__ import annotations

import platform
import re
from functools import cache

import llvmlite.binding
import numpy as np
import pytest

from fallline.compiled.kernels import loss_kernel
from fallline.losses import LOSSES

ONE_SCORE = [name for name, loss in LOSSES.items() if not loss.many]
COMPOSED = ("logistic", "poisson", "gamma", "tweedie")  # of our own exp, log, log1p and power
WIDE = platform.machine() in ("x86_64", "AMD64") and llvmlite.binding.get_host_cpu_features().get("avx2", False)


@cache
def machine_code(name: str) -> str:
    """The loop over rows, compiled afresh: a cache does not keep its text."""
    loss = LOSSES[name]
    kernel = loss_kernel(loss).row_values
    fresh = kernel.__class__(kernel.py_func, targetoptions=kernel.targetoptions)
    rows = np.ones(8)
    fresh(rows, rows, loss.numbers, np.empty(8), np.empty(8))
    return "\n".join(fresh.inspect_asm().values())


@pytest.mark.skipif(not WIDE, reason="counts the instructions of x86 with AVX2, which this processor does not have")
@pytest.mark.parametrize("name", COMPOSED)
def test_composed_losses_are_vectorised(name: str) -> None:
    """Value and slope of several rows are computed at a time: packed multiplications and divisions of doubles, as many
    as the scalar ones that are left for the last rows, and no call of a library's function."""
    code = machine_code(name)
    packed, scalar = len(re.findall(r"vmulpd\s.*%[yz]mm", code)), len(re.findall(r"vmulsd\s", code))
    assert packed >= 20 and packed >= 0.8 * scalar, (packed, scalar)
    assert not re.search(r"call\S*\s+\S*(exp|log|pow|libm|svml)", code)


@pytest.mark.skipif(not WIDE, reason="counts the instructions of x86 with AVX2, which this processor does not have")
@pytest.mark.parametrize("name", [name for name in ONE_SCORE if name not in COMPOSED])
def test_the_other_losses_are_vectorised_too(name: str) -> None:
    """Their loops work on vectors of doubles: branches have become selections."""
    assert re.search(r"v(sub|add)pd\s.*%[yz]mm", machine_code(name))


@pytest.mark.parametrize("name", COMPOSED)
def test_no_fused_arithmetic(name: str) -> None:
    """No fused multiply-add, which would round once where the law rounds twice."""
    assert not re.search(r"vfn?m(add|sub)|fmla", machine_code(name))
