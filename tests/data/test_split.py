"""A row is held out by itself: by the hash of (seed, row number)."""

from __future__ import annotations

import secrets

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallline.data.split import hashed, split
from fallline.errors import SpecificationError
from fallline.order.random import mix


@given(st.integers(0, 2**63 - 1), st.lists(st.integers(0, 2**53), min_size=1, max_size=20))
def test_plain_integers_and_arrays_agree(seed: int, rows: list[int]) -> None:
    """Python's unbounded integers and int64 give the same words: nothing overflows."""
    assert hashed(seed, np.array(rows)).tolist() == [hashed(seed, row) for row in rows]
    assert all(0 <= hashed(seed, row) < 2**32 for row in rows)


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.999), st.lists(st.integers(0, 10**9), unique=True, max_size=50))
def test_each_row_is_judged_by_itself(seed: int, fraction: float, numbers: list[int]) -> None:
    """Which other rows there are, and in what order, changes nothing; every row is on one side, in its order."""
    rows = np.array(sorted(numbers), dtype=np.int64)
    training, held_out = split(rows, fraction, seed)
    assert sorted([*training, *held_out]) == rows.tolist()
    assert np.all(np.diff(training) > 0)
    assert np.all(np.diff(held_out) > 0)
    for row in rows:
        alone = split(np.array([row]), fraction, seed)[1]
        assert (row in held_out) == (len(alone) == 1)


def test_the_words_are_these() -> None:
    """The split is part of a run's definition: a change of the hash must be noticed."""
    assert [hashed(0, row) for row in range(3)] == [626119016, 197551108, 667925660]
    assert hashed(2**40 + 1, 2**35 + 7) == 3586944872


def test_every_bit_changes_half_of_the_others() -> None:
    """Avalanche: flipping any bit of a row number flips each bit of the word in 50 ± 2 % of the rows."""
    rows = np.arange(40_000)
    for function in (mix, lambda row: hashed(7, row)):
        for bit in range(32):
            flipped = function(rows) ^ function(rows ^ (1 << bit))
            share = ((flipped[:, None] >> np.arange(32)) & 1).mean(axis=0)
            assert np.abs(share - 0.5).max() < 0.02, bit


@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.5])
def test_the_share_is_the_fraction(fraction: float) -> None:
    """The number held out is within five standard deviations of a fair draw."""
    seed = secrets.randbits(62)
    print("seed", seed)
    n = 200_000
    held_out = split(np.arange(n), fraction, seed)[1]
    assert abs(len(held_out) - n * fraction) < 5 * np.sqrt(n * fraction * (1 - fraction))


def test_seeds_and_neighbours_are_independent() -> None:
    """Two seeds, and two rows that are neighbours, agree as often as chance has it."""
    n, fraction = 200_000, 0.2
    first, second = (hashed(seed, np.arange(n)) < fraction * 2**32 for seed in (0, 1))
    spread = 5 * np.sqrt(fraction**2 / n)
    assert abs((first & second).mean() - fraction**2) < spread
    assert abs((first[1:] & first[:-1]).mean() - fraction**2) < spread


def test_few_rows_may_all_be_on_one_side() -> None:
    """The rule is for each row, so one side may be empty; the caller decides what to do then."""
    assert len(split(np.arange(5), 0.0, 0)[1]) == 0
    sizes = {len(split(np.arange(2), 0.5, seed)[1]) for seed in range(50)}
    assert sizes == {0, 1, 2}


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 2.0, float("nan")])
def test_wrong_fraction(fraction: float) -> None:
    """A fraction from 0 to below 1."""
    with pytest.raises(SpecificationError, match="validation") as caught:
        split(np.arange(5), fraction, 0)
    assert caught.value.option == "validation"


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_wrong_seed(seed: int) -> None:
    """A seed of 63 bits."""
    with pytest.raises(SpecificationError, match="seed"):
        split(np.arange(5), 0.5, seed)
