"""The smallest and the largest eigenvalue of a symmetric matrix of which only products with vectors are known.

After m products the matrix, seen from the space that they span, is a small tridiagonal one, whose outer eigenvalues are
at once the best estimates from inside: smallest from above, largest from below. Power iteration finds only the
eigenvalue of largest magnitude (on diag(-5, 3, 1) that is -5), and comes nearer by a factor of
(second / largest)² a product; this needs about the square root of its products.
Cost: m products and m² p operations to keep the basis orthogonal; m is at most `most`, and the order of the matrix.
Lanczos (1950); Paige (1971) on the loss of orthogonality; Parlett (1998), The Symmetric Eigenvalue Problem, chapter 13.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import ceil, isfinite, log10, sqrt
from typing import NamedTuple

import numpy as np

from ..compiled.runtime import Floats
from ..order.random import random_word

PRODUCTS = 200
ACCURACY = 1e-7  # of the largest magnitude: an eigenvalue is at most this residual away
SAFE = 1e-200  # a sum of squares between this and its inverse has lost nothing to the ends of the range
ALONE = 1 << 12  # numbers in a matrix whose products a linear algebra library works out on one thread, and faster
SMALLEST = 1e-13  # of the matrix: what is left of a vector below this is rounding


class Extremes(NamedTuple):
    """Both ends of the spectrum with their eigenvectors (unit length), and the products that it took."""

    smallest: float
    largest: float
    flattest: Floats
    sharpest: Floats
    products: int

    @property
    def condition(self) -> float:
        """largest / smallest: infinity where the smallest is not above 0."""
        return self.largest / self.smallest if self.smallest > 0.0 else float("inf")


def lanczos(
    product: Callable[[Floats], Floats],
    order: int,
    most: int = PRODUCTS,
    both: bool = True,
    accuracy: float = ACCURACY,
) -> Extremes:
    """Both ends to within `accuracy` of the largest magnitude, or what `most` products give.

    The start is a fixed vector without symmetry, so the same matrix gives the same bits. Full reorthogonalisation,
    twice. both: False to stop when the largest is there.
    """
    basis = np.zeros((min(most, order), order))
    fewest = min(2 + ceil(-log10(accuracy)), len(basis))  # before it is worth asking: each gives a digit, at best
    scale = 0.0
    vector = start(order).copy()  # one that may be written to, as all others: kernels tell them apart
    small = np.zeros((len(basis), len(basis)))  # the tridiagonal matrix: its lower half
    for m in range(len(basis)):
        basis[m] = vector
        image = product(vector)
        along = dot(vector, image)
        if not isfinite(along):  # so is an entry of the image, or their sum has left all bounds
            nothing = np.full(order, np.nan)
            return Extremes(float("nan"), float("nan"), nothing, nothing, m + 1)
        small[m, m] = along
        for _ in range(2):  # once leaves an error that grows by the part that is taken away, in every step again
            image = without(basis[: m + 1], image)
        length = norm(image)
        scale = max(scale, abs(along), length)
        if m + 1 >= fewest or length <= SMALLEST * scale:
            values, vectors = np.linalg.eigh(small[: m + 1, : m + 1])
            size = max(abs(values[0]), abs(values[-1]))
            found = max(abs(vectors[-1, -1]), abs(vectors[-1, 0]) if both else 0.0) * length <= accuracy * size
            if found or length <= SMALLEST * size:
                break
        if m + 1 < len(basis):
            small[m + 1, m] = length
            vector = image / length
    ends = combined(vectors[:, [0, -1]].T, basis[: m + 1])
    return Extremes(float(values[0]), float(values[-1]), ends[0], ends[1], m + 1)


@lru_cache(maxsize=8)
def start(order: int) -> Floats:
    """A unit vector without symmetry: entries between 1/2 and 3/2, with signs, from counter-based random numbers."""
    words = np.array([random_word(0x5EED, j) for j in range(order)], dtype=np.float64) / 2.0**32
    vector = np.where(np.arange(order) % 2 == 0, 0.5 + words, -0.5 - words)
    unit: Floats = vector / norm(vector)
    unit.setflags(write=False)
    return unit


def without(basis: Floats, vector: Floats) -> Floats:
    """The vector less its parts along the rows of the basis."""
    parts = basis.dot(vector) if basis.size <= ALONE else np.einsum("ij,j->i", basis, vector)
    return vector - combined(parts, basis)


def combined(parts: Floats, basis: Floats) -> Floats:
    """So much of each row of the basis, together, by sums that do not depend on the number of threads."""
    together: Floats = parts.dot(basis) if basis.size <= ALONE else np.einsum("...i,ij->...j", parts, basis)
    return together


def norm(vector: Floats) -> float:
    """|vector|, without squares that overflow or vanish."""
    square = dot(vector, vector)
    if SAFE < square < 1.0 / SAFE:
        return sqrt(square)
    largest = float(np.abs(vector).max(initial=0.0))
    scaled = vector / largest if largest > 0.0 else vector
    return largest * sqrt(dot(scaled, scaled))


def dot(left: Floats, right: Floats) -> float:
    """A sum that does not depend on the number of threads, as a linear algebra library's may."""
    return float(left.dot(right)) if left.size <= ALONE else float((left * right).sum())
