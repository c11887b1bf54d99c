"""Which runtime and which kernels go with a problem: one for rows with all their numbers, one for sparse rows."""

from __future__ import annotations

from typing import Any

from ..plain.additions import NONE, Additions
from ..rules.rule import Rule
from .kernels import loss_kernel
from .runtime import Arrays, CompiledRuntime
from .sparse import SparseArrays, SparseRuntime
from .sparse_kernels import sparse_loss_kernel


def compiled_runtime(problem: Arrays, rule: Rule, threads: int = 1, additions: Additions = NONE) -> CompiledRuntime:
    """The compiled runtime under the law; on sparse rows it has one thread."""
    if isinstance(problem, SparseArrays):
        return SparseRuntime(problem, rule)
    return CompiledRuntime(problem, rule, threads, additions=additions)


def curvature_kernel(problem: Arrays) -> Any:
    """`sharpness` and `row_statistics`, which both take `problem.whole` first."""
    return (sparse_loss_kernel if isinstance(problem, SparseArrays) else loss_kernel)(problem.loss)
