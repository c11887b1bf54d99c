"""Which runtime and which kernels go with a problem: one for rows with all their numbers, one for sparse rows."""

from __future__ import annotations

from typing import Any

from ..plain.additions import NONE, Additions
from ..rules.rule import Rule
from . import early
from .early_runtime import EarlyCurvature, EarlyRuntime
from .on_demand import loss_kernel, sparse_loss_kernel
from .runtime import Arrays, CompiledRuntime
from .sparse import SparseArrays, SparseRuntime


def compiled_runtime(problem: Arrays, rule: Rule, threads: int = 1, additions: Additions = NONE) -> CompiledRuntime:
    """The compiled runtime under the law; on sparse rows it has one thread."""
    if isinstance(problem, SparseArrays):
        return SparseRuntime(problem, rule)
    if additions is NONE and may_begin_early(problem) and is_own(rule.step):
        return EarlyRuntime(problem, rule, threads)
    return CompiledRuntime(problem, rule, threads, additions=additions)


def curvature_kernel(problem: Arrays) -> Any:
    """`sharpness` and `row_statistics`, which both take `problem.whole` first."""
    if isinstance(problem, SparseArrays):
        return sparse_loss_kernel(problem.loss)
    return EarlyCurvature(problem) if may_begin_early(problem) else loss_kernel(problem.loss, problem.near)


def may_begin_early(problem: Arrays) -> bool:
    """Whether plain Python and kernels do the same with this loss, and there is no kernel yet. A loss of somebody's own
    may use what cannot be compiled, or divide by zero, which is an exception in the one and infinity in the other."""
    return not early.is_over() and not problem.loss.many and is_own(problem.loss.row)


def is_own(function: Any) -> bool:
    return str(function.__module__).startswith("fallline.")
