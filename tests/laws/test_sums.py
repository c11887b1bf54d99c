"""The order of sums: leaves of 1,024 in one fixed tree, for rows, for parameters, for a column's mean and scale."""

from __future__ import annotations

import random

import golden
import numpy as np
import pytest
from law_cases import bits, fresh_seed

from fallline.compiled import tree_loops
from fallline.compiled.kernels import table_kernel
from fallline.compiled.scaling import scaling as compiled_scaling
from fallline.data.sources import read
from fallline.errors import DataError
from fallline.plain.scaling import mean_and_scale
from fallline.plain.scaling import scaling as plain_scaling
from fallline.sums import LEAF, tree_sum, tree_total

NAN = float("nan")
LEAF_COUNTS = sorted({*range(1, 34), *(2**k + by for k in (6, 8, 10) for by in (-1, 0, 1)), 1500})
LENGTHS = sorted({0, 1, 2, *(leaves * 1024 + by for leaves in (1, 2, 3, 4, 5, 7, 8, 9, 16) for by in (-1, 0, 1))})


def uneven(count: int, draw: random.Random) -> list[float]:
    """Numbers of many sizes and both signs: any other order of adding them gives another last bit."""
    return [draw.gauss(0.0, 1.0) * 10.0 ** draw.uniform(-8, 8) for _ in range(count)]


def test_the_leaf_is_1024_rows():
    """The leaf's length is part of the law."""
    assert LEAF == golden.LEAF == 1024


@pytest.mark.parametrize("count", LEAF_COUNTS)
def test_the_tree_pairs_neighbours_level_by_level(count: int):
    """tree_total, built like a binary counter, and the kernels' combine, made of push and total, add leaves as a list
    of levels does: neighbours in pairs, an odd one carried up. So do push and total one by one."""
    draw = random.Random(fresh_seed())
    leaves = [uneven(3, draw) for _ in range(count)]
    expected = bits(golden.tree(leaves))
    assert bits(tree_total(leaves)) == expected
    assert bits(tree_total(iter(leaves))) == expected

    out = np.empty(3)
    table_kernel().combine(np.array(leaves), out)
    assert bits(out) == expected
    out, partial = np.empty(3), np.full((tree_loops.DEPTH, 3), NAN)
    for number, leaf in enumerate(leaves):
        tree_loops.push(partial, np.array(leaf), number)
    tree_loops.total(partial, count, out)
    assert bits(out) == expected


@pytest.mark.parametrize("length", LENGTHS)
def test_tree_sum_adds_rows_in_leaves(length: int):
    """tree_sum adds leaves of 1,024 numbers from 0.0, and the leaves by the tree; nothing adds up to 0.0."""
    values = uneven(length, random.Random(fresh_seed()))
    assert bits([tree_sum(values)]) == bits([golden.sum_of(values) if values else 0.0])


def test_a_sum_of_negative_zeros_is_zero():
    """Every sum starts from 0.0, so -0.0 alone adds up to 0.0."""
    assert bits([tree_sum([-0.0] * 3)]) == bits([0.0])


def test_these_tests_can_fail():
    """Left to right, and compensated as Python's own `sum`, the same numbers have another last bit."""
    values = uneven(5000, random.Random(7))
    left_to_right = 0.0
    for value in values:
        left_to_right += value
    assert bits([left_to_right]) != bits([tree_sum(values)])


# ---- mean and scale


def columns_of(count: int, draw: random.Random) -> dict[str, list[float]]:
    """Columns that are hard to scale, each with this many rows."""
    day = [1_700_000_000.0 + 86_400.0 * draw.random() for _ in range(count)]
    holes = [NAN if draw.random() < 0.3 else draw.gauss(5.0, 2.0) for _ in range(count)]
    return {
        "uneven": uneven(count, draw),
        "normal": [draw.gauss(0.0, 1.0) for _ in range(count)],
        "a day of Unix seconds": day,
        "Unix nanoseconds": [value * 1e9 for value in day],
        "constant": [draw.gauss(0.0, 1e9)] * count,
        "zero": [0.0] * count,
        "both zeros": [draw.choice((0.0, -0.0)) for _ in range(count)],
        "missing": [NAN] * count,
        "holes": holes,
        "first missing": [NAN, *holes[1:]],
        "one present": [NAN] * (count - 1) + [0.1],
        "0 or 1": [float(draw.random() < 0.1) for _ in range(count)],
        "integers": [float(draw.randrange(10)) for _ in range(count)],
        "large": [draw.choice((-1e150, 1e150, 3e149)) for _ in range(count)],
        "small": [draw.choice((-1e-150, 1e-150, 3e-149)) for _ in range(count)],
    }


@pytest.mark.parametrize("count", [1, 2, 5, 1023, 1024, 1025, 2049, 3073, 5121])
def test_every_runtime_scales_alike(count: int):
    """Mean and scale of a column have the same bytes in plain Python, compiled, and in the independent script, with
    missing values, constant columns and large offsets."""
    columns = columns_of(count, random.Random(fresh_seed()))
    expected = {name: bits(golden.mean_and_scale(values)) for name, values in columns.items()}
    assert {name: bits(mean_and_scale(values)) for name, values in columns.items()} == expected
    means, scales = compiled_scaling(np.array(list(columns.values())).T.copy(), tuple(columns))
    assert {name: bits(pair) for name, pair in zip(columns, zip(means, scales))} == expected
    alone = [compiled_scaling(np.array([values]).T.copy(), (name,)) for name, values in columns.items()]
    assert {name: bits([*m, *s]) for name, (m, s) in zip(columns, alone)} == expected
    assert bits(sum(plain_scaling(list(columns.values()), list(columns)), [])) == bits([*means, *scales])


def test_real_columns_have_the_golden_scaling():
    """The numbers of examples/diamonds.csv, read by the product, scale to the same bytes as the csv module's."""
    table = read(str(golden.DIAMONDS)).columns
    names = ("carat", "depth", "table", "x", "y", "z")
    features = np.array([table.column(name).to_numpy() for name in names], dtype=np.float64).T
    every_eighth = np.ascontiguousarray(features[::8])
    means, scales = compiled_scaling(every_eighth, names)
    found = golden.table_of("diamonds", "scaled")
    assert bits(every_eighth.ravel()) == bits(number for row in found["features"] for number in row)
    assert bits(means) == bits(found["mean"])
    assert bits(1.0 / scales) == bits(found["inverse_scale"])


def test_a_constant_column_has_scale_one_and_its_own_mean():
    """Scale exactly 1.0, mean exactly the value, however large."""
    for value in (0.1, 1_700_000_000.1, 1e300, -5e-324):
        assert bits(mean_and_scale([value] * 3000)) == bits([value, 1.0])


def test_a_large_offset_costs_no_digit():
    """A day of Unix seconds has the deviation of a day, to the last bit of its own: the shift loses nothing."""
    day = [float(second * 60) for second in range(1440)]
    offset = 1_700_006_400.0
    mean, scale = mean_and_scale([offset + second for second in day])
    assert bits([mean - offset, scale]) == bits(mean_and_scale(day))


UNSCALABLE: dict[str, list[float]] = {
    "too wide to subtract": [-1.7e308, 1.7e308, 0.0],
    "too wide to square": [0.0, 1e200, 2e200],
    "so narrow that the mean square vanishes": [0.0] * 10 + [2.5e-162],
}
VANISHING: dict[str, list[float]] = {
    "subnormal": [0.0, 5e-324, 1e-323],
    "too narrow to square": [0.0, 1e-200, 2e-200],
}


def refused(values: list[float]) -> None:
    """Both runtimes refuse this column, which stands beside a good one."""
    good = [float(i) for i in range(len(values))]
    with pytest.raises(DataError, match="speed") as plain:
        plain_scaling([good, values], ["fine", "speed"])
    with pytest.raises(DataError, match="speed") as compiled:
        compiled_scaling(np.array([good, values]).T.copy(), ("fine", "speed"))
    assert plain.value.column == compiled.value.column == "speed"
    assert str(plain.value) == str(compiled.value)


@pytest.mark.parametrize("name", UNSCALABLE)
def test_a_spread_that_is_no_normal_number_is_refused(name: str):
    """A column whose deviation is not a normal, finite number is a DataError that names it, in both runtimes."""
    refused(UNSCALABLE[name])


@pytest.mark.parametrize("name", VANISHING)
def test_a_spread_that_vanishes_is_refused(name: str):
    """So is a column that is not constant, but whose squared deviations underflow: scale 1 is for constant columns."""
    refused(VANISHING[name])
