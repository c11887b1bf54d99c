"""Zig-zag: does the descent go anywhere, or to and fro across a valley?

cosine of successive gradients = g_k · g_(k+1) / (|g_k| |g_(k+1)|): near 1 on a straight slope, near -1 where each step
overshoots (rate near the stable limit). path efficiency = |theta_K - theta_0| / sum of |theta_k - theta_(k-1)|: 1 for
a straight path, near 0 for one that turns back and forth.
Cost: one dot product a step. Riedmiller & Braun (1993) use the cosine's sign, parameter by parameter, as Rprop.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..compiled.runtime import Floats
from .lanczos import dot


def cosines(gradients: Sequence[Floats]) -> Floats:
    """Of each gradient with the next: one number fewer than gradients. NaN where one of the two is 0."""
    return np.array([cosine(left, right) for left, right in zip(gradients, gradients[1:], strict=False)])


def cosine(left: Floats, right: Floats) -> float:
    lengths = np.sqrt(dot(left, left)) * np.sqrt(dot(right, right))
    return float(dot(left, right) / lengths) if lengths > 0.0 else float("nan")


def path_efficiency(points: Sequence[Floats]) -> float:
    """The distance from the first point to the last over the way gone between them; NaN if there was none."""
    way = sum(distance(left, right) for left, right in zip(points, points[1:], strict=False))
    return distance(points[0], points[-1]) / way if way > 0.0 else float("nan")


def distance(left: Floats, right: Floats) -> float:
    return float(np.sqrt(dot(left - right, left - right)))
