"""What the kernels tell the compiler about their vectors."""

from __future__ import annotations

import re

import numpy as np
from numba import njit

from fallline.compiled.vectors import read, write


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
