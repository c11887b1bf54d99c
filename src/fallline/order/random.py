"""Counter-based random numbers: a word is a pure function of (key, counter), so no state is ever stored.

Words lie under 2^32 and multipliers under 2^31: every product fits into a signed 64-bit integer, so the same text
gives the same words in plain Python, in Numba and on NumPy's int64 arrays. Two multiply-xorshift rounds with a
key added between them; a multiply alone is visibly not random. (tests/laws/test_order.py holds their avalanche.)
"""

from __future__ import annotations

WORD = 0xFFFFFFFF


def mix(x: int) -> int:
    """Mix the 32 bits of x: a bijection of the words under 2^32."""
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & WORD
    x = ((x ^ (x >> 15)) * 0x68E31DA5) & WORD
    return x ^ (x >> 16)


def key_of(key: int, number: int) -> int:
    """A new key from a key and a number of up to 64 bits (a seed, an epoch, a window)."""
    return mix(mix(key ^ (number & WORD)) ^ ((number >> 32) & WORD))


def random_word(key: int, counter: int) -> int:
    """The word under 2^32 that stands at this counter in the key's sequence."""
    return mix((mix((counter + key) & WORD) + (key ^ 0x5BF03635)) & WORD)


def random_below(key: int, counter: int, bound: int) -> int:
    """An integer from 0 to bound - 1, bound at most 2^31; each has probability 1 / bound to within 2^-32."""
    return (random_word(key, counter) * bound) >> 32
