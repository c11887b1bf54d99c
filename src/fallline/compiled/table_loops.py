"""What needs neither loss nor rule: an epoch's row order, and the sums for means and scales."""

# mypy: ignore-errors

from __future__ import annotations

from ..order.blocks import half_bits, scrambled
from ..order.shuffle import fill_window, window_key
from ..sums import LEAF
from .room import floats, integers, short_integers
from .tree_loops import DEPTH, push, total


def fill_epoch(out, windows, rows, block, window_blocks, key):
    """The whole epoch's order, window after window."""
    blocks = -(-rows // block)
    order = block_order(blocks, key)
    draws = integers(window_blocks * block)
    offset = 0
    for window in range(windows):
        part = order[window * window_blocks : min((window + 1) * window_blocks, blocks)]
        offset += fill_window(out[offset:], draws, part, rows, block, window_key(key, window))


def block_order(count, key):
    """`permuted` of every place: one pass over all numbers of the network, and then each place's walk through them."""
    bits = half_bits(count)
    image = short_integers(1 << (2 * bits))  # it should stay in a cache
    for place in range(image.shape[0]):
        image[place] = scrambled(place, bits, key)
    waiting = short_integers(count)  # places whose walk goes on: they walk side by side, a step at a time
    left = 0
    for start in range(count):
        waiting[left] = start
        left += image[start] >= count
    while left > 0:
        still = 0
        for k in range(left):
            start = waiting[k]
            image[start] = image[image[start]]
            waiting[still] = start
            still += image[start] >= count
        left = still
    return image[:count]


def deviation_sums(x, firsts, shifts, squared, present, varying, out):
    """Every column's sum of x - first, or of ((x - first) - shift)²; NaN adds 0.0. present counts the others."""
    count, columns = x.shape
    leaf = floats(columns)
    partial = floats((DEPTH, columns))
    leaves = 0
    for j in range(columns):
        present[j] = 0
        varying[j] = 0
    for begin in range(0, count, LEAF):
        for j in range(columns):
            leaf[j] = 0.0
        for i in range(begin, min(begin + LEAF, count)):
            for j in range(columns):
                deviation = (x[i, j] - firsts[j]) - shifts[j] if squared else x[i, j] - firsts[j]
                known = x[i, j] == x[i, j]
                present[j] += known
                varying[j] += known and x[i, j] != firsts[j]
                leaf[j] += (deviation * deviation if squared else deviation) if known else 0.0
        push(partial, leaf, leaves)
        leaves += 1
    total(partial, leaves, out)
