"""A random permutation of block numbers as a pure function: a Feistel network with cycle walking."""

from __future__ import annotations

from .random import mix, random_word

ROUNDS = 6


def half_bits(count: int) -> int:
    """Bits of one half of a Feistel word, so that two halves can hold every number below count."""
    bits = 1
    while (1 << (2 * bits)) < count:
        bits += 1
    return bits


def permuted(index: int, count: int, key: int) -> int:
    """Where block `index` of `count` stands after the shuffle that `key` names.

    A Feistel network permutes the numbers below a power of four; a number that falls outside `count` is sent
    through again until it falls inside, which is again a permutation (Black & Rogaway 2002).
    """
    bits = half_bits(count)
    place = index
    while True:
        place = scrambled(place, bits, key)
        if place < count:
            return place


def scrambled(place: int, bits: int, key: int) -> int:
    """One pass of the Feistel network: a permutation of the numbers below 4^bits."""
    mask = (1 << bits) - 1
    left, right = place >> bits, place & mask
    for turn in range(ROUNDS):
        left, right = right, left ^ (mix(right ^ random_word(key, turn)) & mask)
    return (left << bits) | right


def unpermuted(place: int, count: int, key: int) -> int:
    """The inverse of `permuted`: which index stands at this place."""
    bits = half_bits(count)
    mask = (1 << bits) - 1
    index = place
    while True:
        left, right = index >> bits, index & mask
        for turn in range(ROUNDS - 1, -1, -1):
            left, right = right ^ (mix(left ^ random_word(key, turn)) & mask), left
        index = (left << bits) | right
        if index < count:
            return index
