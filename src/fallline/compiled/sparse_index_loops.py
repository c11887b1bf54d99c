"""A batch's features, numbered in order: so all that is made of them stands side by side.

A batch touches some thousands of features, which lie anywhere among perhaps millions, and comes back to each for its
scores, its gradients and its step. Side by side they stay in a cache meanwhile; and only once is a parameter fetched
from where it lies, and once written there.

The index has a bit for each feature, 64 in a word. A feature's number is how many bits are set before its own: those
of the words before, which are counted once, and those of its word. Of millions of words few have a bit: which ones
say the bits of the groups, one for each of 64 words. The index is `sparse.index_of`.

Bound by the kernel: `gradient_point(theta, state, j, numbers)`.
"""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np

from .prefetch import count_bits, lowest_bit, prefetch
from .sparse import AT_ONCE, WORD
from .vectors import read, write

ROWS_AHEAD = 8  # rows whose features are asked for before they are needed
LINE_OF_INDICES = 16  # entries in a cache line
FEW_WORDS = 1 << 14  # so few are looked at one after the other, rather than that groups are marked again and again
WORD_BITS, WORD_MASK = WORD.bit_length() - 1, WORD - 1


def number_features(table, rows, start, stop, theta, state, numbers, index, vectors):
    """Number the features of a batch. touched[n] <- the feature with number n; vectors[2, n] its parameter, and
    vectors[0, n] what a row's value of it is multiplied by. The index is empty before, and is emptied by
    `forget_features`. Where rows store more numbers than there are features, each feature is its own number, without an
    index and a vectors[0]. Return how many there are, and whether they are numbered by the index."""
    spans, indices, inverse_scales, scaled = table[0], table[1], table[5], table[6]
    words, groups, bases, touched, _ = index
    columns = inverse_scales.shape[0]
    stored = 0
    for i in range(start, stop):
        prefetch(spans, 2 * rows[min(i + 2 * ROWS_AHEAD, rows.shape[0] - 1)])
        first = spans[rows[i], 0]
        stored += spans[rows[i], 1] - first
        prefetch(indices, first)  # for the pages, many at once: see `single_loops.find_pages`
        prefetch(table[2], first)
    count, indexed = columns, stored < columns
    if indexed:
        mark_features(spans, indices, rows, start, stop, words, groups)
        count = number_marked(words, groups, bases, touched)
    else:
        for j in range(columns):
            touched[np.uint64(j)] = j
    factors, old_theta = vectors[0], vectors[2]
    for n in range(count):
        j = read(touched, n, 4)
        w = write(old_theta, n, 2, read(theta, j, 1))  # by the number with which steps write it
        if indexed:
            point = gradient_point(w, state, j, numbers)
            write(factors, n, 0, point * read(inverse_scales, j, 6) if scaled else point)
    return count, indexed


def mark_features(spans, indices, rows, start, stop, words, groups):
    """A bit in `words` for each feature that one of the rows stores, and one in `groups` for each word with a bit."""
    few = words.shape[0] <= FEW_WORDS
    for i in range(start, stop):
        if i + ROWS_AHEAD < rows.shape[0]:
            later = rows[i + ROWS_AHEAD]
            for k in range(spans[later, 0], spans[later, 1] + LINE_OF_INDICES, LINE_OF_INDICES):
                prefetch(indices, k)
        row = rows[i]
        for k in range(spans[row, 0], spans[row, 1]):
            j = read(indices, k, 4)
            word = j >> WORD_BITS
            words[np.uint64(word)] |= np.int64(1) << (j & WORD_MASK)
            if not few:
                groups[np.uint64(word >> WORD_BITS)] |= np.int64(1) << (word & WORD_MASK)
    for word in range(words.shape[0] if few else 0):
        groups[word >> WORD_BITS] |= np.int64(words[word] != 0) << (word & WORD_MASK)


def number_marked(words, groups, bases, touched):
    """bases[w] <- how many features are marked in the words before w, if any is in w; touched <- all, in order. Return
    how many they are."""
    count = 0
    for group in range(groups.shape[0]):
        with_a_bit = groups[group]
        while with_a_bit != 0:
            word = (group << WORD_BITS) + lowest_bit(with_a_bit)
            with_a_bit &= with_a_bit - 1
            bases[np.uint64(word)] = count
            bits = words[np.uint64(word)]
            end = count + count_bits(bits)
            while count < end:
                for n in range(AT_ONCE):  # with no look at whether there is another bit, which nobody foresees
                    touched[np.uint64(count + n)] = (word << WORD_BITS) + lowest_bit(bits)
                    bits &= bits - 1
                count += AT_ONCE
            count = end
    return count


def forget_features(index):
    """Empty the index."""
    words, groups = index[0], index[1]
    for group in range(groups.shape[0]):
        with_a_bit = groups[group]
        while with_a_bit != 0:
            words[np.uint64((group << WORD_BITS) + lowest_bit(with_a_bit))] = 0
            with_a_bit &= with_a_bit - 1
        groups[group] = 0
