"""What the kernels tell the compiler about their vectors."""

from __future__ import annotations

import inspect
import os
import platform
import re
import subprocess
import sys

import llvmlite.binding
import numpy as np
import pytest
from numba import njit

from fallline.compiled.kernels import descent_kernel, loss_kernel
from fallline.compiled.vectors import KNOWS_SCATTER, read, write
from fallline.losses import LOSSES
from fallline.rules import rule_named


def test_each_access_names_its_own_vector() -> None:
    """Vectors of one type that are read and written by different numbers are marked as different ones: so the loop is
    made of vector instructions, without a look at whether they overlap."""

    @njit(error_model="numpy")
    def products(a, b, c):  # type: ignore[no-untyped-def]
        for j in range(a.shape[0]):
            write(c, j, 5, read(a, j, 1) * read(b, j, 3))

    a, b, c = np.arange(100.0), np.arange(100.0) + 0.5, np.zeros(100)
    products(a, b, c)
    assert np.array_equal(c, a * b)
    (text,) = products.inspect_llvm().values()
    scopes = {number: name for number, name in re.findall(r'^!(\d+) = !\{!"(vector \d+)"', text, re.MULTILINE)}
    lists = dict(re.findall(r"^!(\d+) = !\{!(\d+)\}$", text, re.MULTILINE))
    marked = re.findall(r"(load|store) <\d+ x double>.*!alias\.scope !(\d+)", text)
    found = {(kind, scopes[lists[number]]) for kind, number in marked}
    assert found == {("load", "vector 1"), ("load", "vector 3"), ("store", "vector 5")}
    assert "memcheck" not in text


def test_kernels_say_how_wide_their_vectors_are() -> None:
    """LLVM is told so of every function that Python calls: half of the widest where single rows are taken, whose
    additions wait. Elsewhere a loop has vectors of eight doubles, where the processor has them."""
    descent = descent_kernel(LOSSES["squared"], rule_named("sgd"), single=True).take_steps
    assert "in_vectors_of(256)" in inspect.getsource(descent.py_func)
    kernel = loss_kernel(LOSSES["squared"]).row_values
    fresh = kernel.__class__(kernel.py_func, targetoptions=kernel.targetoptions)  # a cache does not keep its text
    rows = np.ones(8)
    fresh(rows, rows, (), np.empty(8), np.empty(8))
    (text,) = fresh.inspect_llvm().values()
    assert '"prefer-vector-width"="512"' in text
    if llvmlite.binding.get_host_cpu_features().get("avx512f", False):
        assert re.search(r"fsub <8 x double>", text)


SCATTERING = """
import numpy as np
from numba import njit, types
from fallline.compiled.vectors import read, without_scatter, write

def doubled(places, values, out):
    {first}
    for n in range(places.shape[0]):
        write(out, read(places, n, 0), 1, 2.0 * read(values, n, 2))

vector = types.float64[::1]
kernel = njit((types.uint32[::1], vector, vector), error_model="numpy")(doubled)
(text,) = kernel.inspect_asm().values()
print("scatter" in text, "vmovhpd" in text)
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="only there LLVM knows the word")
@pytest.mark.skipif(llvmlite.binding.llvm_version_info < KNOWS_SCATTER, reason="an LLVM without the word")
def test_no_scatter_where_a_kernel_says_so() -> None:
    """For a processor with AVX-512, whatever this one is, a vector that goes to places anywhere is a scatter
    instruction; after `without_scatter` it is one store after the other, of numbers that were made side by side."""
    features = ",".join(f"+avx512{name}" for name in ("f", "bw", "cd", "dq", "vl"))
    there = {"NUMBA_CPU_NAME": "skylake-avx512", "NUMBA_CPU_FEATURES": f"+avx,+avx2,{features}"}
    found = []
    for first in ("pass", "without_scatter()"):
        command = [sys.executable, "-c", SCATTERING.format(first=first)]
        run = subprocess.run(command, env={**os.environ, **there}, capture_output=True, text=True, check=True)
        found.append(run.stdout.split())
    assert found == [["True", "False"], ["False", "True"]], found
