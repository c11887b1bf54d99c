"""The order of rows: a pure function of (seed, epoch, sizes, t), the same in every runtime, and a fair shuffle."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import golden
import numpy as np
import pytest
from law_cases import Table, compiled_runtime, plain_runtime

from fallline.compiled.kernels import table_kernel
from fallline.descent.loop import Descent
from fallline.descent.plan import Plan
from fallline.order import blocks as blocks_module
from fallline.order import random as random_module
from fallline.order.blocks import half_bits, permuted, unpermuted
from fallline.order.random import WORD, key_of, mix, random_below
from fallline.order.shuffle import Sizes, epoch_key, rows
from fallline.rules import GradientDescent

COUNTS = sorted({2**k + by for k in range(13) for by in (-1, 0, 1)} - {0})
COLUMNS = (1, 40, 100, 1000)  # windows of 1,024, 409, 163 and 32 blocks, the last of four rows each
MULTIPLIER = 0x7FEB352D


def multiply_only(x: int) -> int:
    """A mixing function that is none: what the design's note on multiply-only rounds warns of."""
    return (x * MULTIPLIER) & WORD


def epoch_of(seed: int, epoch: int, sizes: Sizes) -> list[int]:
    return [row for t in range(sizes.steps) for row in rows(seed, epoch, sizes, t)]


def kernel_order(seed: int, epoch: int, sizes: Sizes) -> list[int]:
    order = np.full(sizes.rows, -1, dtype=np.int64)
    key = epoch_key(seed, epoch)
    table_kernel().fill_epoch(order, sizes.windows, sizes.rows, sizes.block, sizes.window, key)
    return [int(row) for row in order]


# ---- which rows


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("count", COUNTS)
def test_an_epoch_visits_every_row_once(count: int, columns: int):
    """For sizes around powers of two, windows of any number of blocks, and batches of any size, the batches of an
    epoch hold each row once, all are full but the last, and the batch size does not change the epoch's order."""
    draw = random.Random(count)
    expected = golden.epoch_order(count, columns, 5, 3)
    assert sorted(expected) == list(range(count))
    smallest = 1 if count <= 64 else count // 8
    for batch in {smallest, max(count // 3, 1), draw.randint(smallest, count)} - {count}:
        sizes = Sizes.of(count, columns, batch)
        batches = [rows(5, 3, sizes, t) for t in range(sizes.steps)]
        assert [len(found) for found in batches[:-1]] == [batch] * (sizes.steps - 1)
        assert 0 < len(batches[-1]) <= batch
        assert [row for found in batches for row in found] == expected


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("count", COUNTS)
def test_every_runtime_takes_the_same_rows(count: int, columns: int):
    """The compiled order is the plain function's and the independent script's, for seeds and epochs of up to 64 bits;
    every epoch and every seed has another one."""
    pairs = ((0, 0), (0, 1), (1, 0), (2**32, 0), (2**63 - 1, 7))
    sizes = Sizes.of(count, columns, max(1, count // 3))
    found = [kernel_order(seed, epoch, sizes) for seed, epoch in pairs]
    assert found == [golden.epoch_order(count, columns, seed, epoch) for seed, epoch in pairs]
    if count // 3 > 1:
        assert found[-1] == epoch_of(*pairs[-1], sizes)
    if count > 16:
        assert len({tuple(order) for order in found}) == len(pairs)


def test_the_runtimes_own_order_and_the_loop_s_batches_are_this_order():
    """PlainRuntime.order, CompiledRuntime.order and the batches that the loop cuts agree with `rows`, by epoch."""
    count, seed = 777, 99
    table = Table([[float(i)] for i in range(count)], [0.0] * count, [1.0] * count, [0.0], [1.0])
    sizes, rule = Sizes.of(count, 1, 100), GradientDescent(1e-9)
    runtimes = [plain_runtime(table, "squared", rule), compiled_runtime(table, "squared", rule, 2)]
    for runtime in runtimes:
        for epoch in (0, 1, 5):
            assert [int(row) for row in runtime.order(seed, epoch, sizes)] == epoch_of(seed, epoch, sizes)
        plan = Plan(rule, 1e-9, {"name": "constant"}, sizes, 9, None, 5, 1, True, seed)
        descent = Descent(runtime, plan)
        for k in (1, 8, 9, 40, 3, 16):
            epoch, t = divmod(k - 1, sizes.steps)
            assert [int(row) for row in descent.batch(k)] == rows(seed, epoch, sizes, t), k


def test_a_batch_of_all_rows_stands_in_table_order():
    """Whatever seed and epoch, a batch as large as the table or larger is rows 0, 1, 2, …"""
    for count in (1, 2, 33, 1025):
        for batch in (count, count + 1, 10**9):
            sizes = Sizes.of(count, 3, batch)
            assert sizes.steps == 1
            assert [rows(seed, 4, sizes, 0) for seed in (0, 1)] == [list(range(count))] * 2


def test_batches_can_be_asked_for_in_any_order():
    """`rows` remembers nothing: any t of any epoch, asked in any order and twice, is the same."""
    sizes = Sizes.of(3000, 1000, 170)
    places = [(epoch, t) for epoch in range(3) for t in range(sizes.steps)]
    forward = {place: rows(1, *place[:1], sizes, place[1]) for place in places}
    random.Random(8).shuffle(places)
    assert all(rows(1, epoch, sizes, t) == forward[epoch, t] for epoch, t in [*places, *reversed(places)])


@pytest.mark.parametrize("columns", COLUMNS)
def test_other_rows_share_a_batch_in_every_epoch(columns: int):
    """Of the pairs of rows that share a batch in one epoch, no more share one in the next than chance allows."""
    count, batch = 2048, 64
    sizes = Sizes.of(count, columns, batch)
    homes = []
    for epoch in range(4):
        home = [0] * count
        for place, row in enumerate(kernel_order(3, epoch, sizes)):
            home[row] = place // batch
        homes.append(home)
    pairs = count * (batch - 1) / 2
    for one, other in ((0, 1), (1, 2), (0, 3)):
        tally: dict[tuple[int, int], int] = {}
        for row in range(count):
            place = homes[one][row], homes[other][row]
            tally[place] = tally.get(place, 0) + 1
        again = sum(n * (n - 1) // 2 for n in tally.values())
        assert again < pairs / 4  # a fair shuffle: 1 / 32; windows of 8 blocks: some 1 / 9; no shuffle: 1


# ---- block permutation


def test_permuted_and_unpermuted_are_inverse():
    """For 1 to 130 blocks and around powers of two, `permuted` is a permutation and `unpermuted` its inverse; it is
    the one that the independent script lists."""
    for count in [*range(1, 131), *(c for c in COUNTS if c > 130)]:
        for key in (0, WORD, mix(count)) if count <= 130 else (mix(count),):
            image = [permuted(index, count, key) for index in range(count)]
            assert sorted(image) == list(range(count))
            assert [unpermuted(place, count, key) for place in image] == list(range(count))
            assert image == golden.block_order(count, key)


def test_a_half_holds_half_the_bits():
    """Two halves hold every number below count, and are not larger than they must be by more than a factor of 4."""
    for count in COUNTS:
        assert count <= 4 ** half_bits(count) < max(4 * count, 5)


# ---- quality. Every bound is one that a fair shuffle passes with probability above 1 - 1e-6.


def chi_square_bound(freedom: int, normal: float = 5.6) -> float:
    """What chi-square exceeds with probability 1e-8 (Wilson and Hilferty): room for a hundred such tests."""
    return freedom * (1 - 2 / (9 * freedom) + normal * math.sqrt(2 / (9 * freedom))) ** 3


def is_uniform(counts: Sequence[int]) -> bool:
    expected = sum(counts) / len(counts)
    return sum((n - expected) ** 2 / expected for n in counts) < chi_square_bound(len(counts) - 1)


def avalanches(function: Callable[[int], int], words: int = 4096) -> bool:
    """Does each flipped bit of a word flip each bit of its image for half of the words? 1,024 counts, each within 6.2
    standard deviations: 6e-10 apiece."""
    draw = random.Random(1)
    flips = np.zeros((32, 32), dtype=np.int64)
    for _ in range(words):
        x = draw.getrandbits(32)
        image = function(x)
        for bit in range(32):
            change = image ^ function(x ^ (1 << bit))
            flips[bit] += (change >> np.arange(32)) & 1
    return bool((np.abs(flips - words / 2) < 6.2 * math.sqrt(words / 4)).all())


def test_mix_avalanches():
    """Every input bit of `mix` changes every output bit half of the time."""
    assert avalanches(mix)


def test_mix_is_a_bijection():
    """`mix` loses nothing: each of its steps can be undone, here on random words and notable ones."""
    inverses = [pow(m, -1, 2**32) for m in (MULTIPLIER, 0x68E31DA5)]
    draw = random.Random(2)
    for x in (0, 1, WORD, 1 << 31, *(draw.getrandbits(32) for _ in range(2000))):
        y = mix(x)
        y = ((y ^ (y >> 16)) * inverses[1]) & WORD
        y = ((y ^ (y >> 15) ^ (y >> 30)) * inverses[0]) & WORD
        assert y ^ (y >> 16) == x


def positions_are_fair(count: int, columns: int, epochs: int = 1500) -> bool:
    """Over epochs: is the place of some rows uniform in eighths of the epoch, jointly with its place in the epoch
    before, and jointly with the place of the next row in the table?"""
    sizes = Sizes.of(count, columns, count - 1)
    watched = (0, 1, count // 2, count - 1)
    fair = True
    places = []
    for epoch in range(epochs):
        order = rows(11, epoch, sizes, 0) + rows(11, epoch, sizes, 1)
        where = {row: place * 8 // count for place, row in enumerate(order)}
        places.append([where[row] for row in watched])
    for i in range(len(watched)):
        single, joint = [0] * 8, [0] * 64
        for before, after in zip(places, places[1:]):
            single[after[i]] += 1
            joint[before[i] * 8 + after[i]] += 1
        fair = fair and is_uniform(single) and is_uniform(joint)
    return fair


@pytest.mark.parametrize("count", [128, 256])
def test_a_row_may_come_at_any_place(count: int):
    """The place of a row is uniform over epochs, and its place in one epoch says nothing of that in the next."""
    assert positions_are_fair(count, 1)


@pytest.mark.parametrize("count", [2, 3, 5, 9, 17, 31, 32, 33, 64])
def test_a_block_may_come_at_any_place(count: int):
    """Over keys, the place of the first, a middle and the last of some blocks is uniform: so is a row's window."""
    keys = [epoch_key(4, epoch) for epoch in range(60 * count)]
    for index in {0, count // 2, count - 1}:
        counts = [0] * count
        for key in keys:
            counts[permuted(index, count, key)] += 1
        assert is_uniform(counts), index


def test_numbers_below_a_bound_are_uniform():
    """random_below reaches every number below its bound equally often, from consecutive counters of related keys."""
    for bound in (2, 3, 7, 10, 100):
        for key in (0, 1, key_of(0, 1)):
            counts = [0] * bound
            for counter in range(60 * bound):
                counts[random_below(key, counter, bound)] += 1
            assert is_uniform(counts), (bound, key)


def test_these_tests_can_fail(monkeypatch: pytest.MonkeyPatch):
    """With multiplications alone for mixing, bits do not avalanche and rows prefer places."""
    assert not avalanches(multiply_only)
    monkeypatch.setattr(random_module, "mix", multiply_only)
    monkeypatch.setattr(blocks_module, "mix", multiply_only)
    assert not positions_are_fair(128, 1, epochs=1000)
