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
    if not early.is_over() and additions is NONE and not problem.loss.many:
        return EarlyRuntime(problem, rule, threads)
    return CompiledRuntime(problem, rule, threads, additions=additions)


def curvature_kernel(problem: Arrays) -> Any:
    """`sharpness` and `row_statistics`, which both take `problem.whole` first."""
    if isinstance(problem, SparseArrays):
        return sparse_loss_kernel(problem.loss)
    return loss_kernel(problem.loss) if early.is_over() or problem.loss.many else EarlyCurvature(problem)
