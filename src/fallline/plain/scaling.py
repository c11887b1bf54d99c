"""Mean and scale of a column, by the same leaves and tree as every other sum over rows."""

from __future__ import annotations

from ..errors import DataError
from ..scalar import sqrt
from ..sums import Vector, tree_sum

SMALLEST_NORMAL = 2.2250738585072014e-308
INFINITY = float("inf")


def mean_and_scale(values: Vector) -> tuple[float, float]:
    """The mean and the standard deviation (divisor n) of one column's training rows in table order.

    Both are shifted by the first value, or large equal values (a timestamp's seconds) would cancel each other's digits.
    NaN stands for a missing value: it is later filled with the mean, so it counts as deviation 0. Scale 1 for a
    constant column.
    """
    first = next((x for x in values if x == x), 0.0)
    present = varying = 0
    for x in values:
        present += x == x
        varying += x == x and x != first
    shift = tree_sum([x - first if x == x else 0.0 for x in values]) / max(present, 1)
    squares = tree_sum([((x - first) - shift) * ((x - first) - shift) if x == x else 0.0 for x in values])
    return finish_scaling(first, shift, squares, len(values), varying > 0)


def finish_scaling(first: float, shift: float, squares: float, rows: int, varies: bool) -> tuple[float, float]:
    """Mean and scale from the column's shifted sums; ValueError where the scale is not a normal number."""
    scale = sqrt(squares / rows) if varies else 1.0
    mean = first + shift
    if not (SMALLEST_NORMAL <= scale < INFINITY and -INFINITY < mean < INFINITY):
        raise ValueError("not a normal number")
    return mean, scale


def uncentred_scale(values: Vector) -> float:
    """The standard deviation (divisor n) of a column that is not centred, since most of it is 0: what scikit-learn's
    StandardScaler(with_mean=False) divides by.

    It is not shifted by the first value, and its zeros are counted instead of added, so that sparse rows need not be
    filled up: the sum of (x - mean)² over what is not 0, plus the number of zeros times mean².
    """
    mean = tree_sum(values) / len(values)
    zeros = sum(1 for x in values if x == 0.0)
    squares = tree_sum([(x - mean) * (x - mean) if x != 0.0 else 0.0 for x in values])
    return finish_uncentred(mean, squares, zeros, len(values), any(x != values[0] for x in values))


def finish_uncentred(mean: float, squares: float, zeros: int, rows: int, varies: bool) -> float:
    """The scale from the column's sums over what is not 0; ValueError where it is not a normal number."""
    return finish_scaling(0.0, mean, squares + zeros * (mean * mean), rows, varies)[1]


def scaling(columns: list[Vector], names: list[str]) -> tuple[Vector, Vector]:
    """The means and scales of some columns; DataError names the column whose spread is no normal number."""
    means, scales = [], []
    for values, name in zip(columns, names):
        try:
            mean, scale = mean_and_scale(values)
        except ValueError:
            raise unscalable(name) from None
        means.append(mean)
        scales.append(scale)
    return means, scales


def unscalable(name: str) -> DataError:
    return DataError(
        f"column {name!r}: its spread is too small or too large for a float64; divide or multiply it, or leave it out",
        column=name,
    )
