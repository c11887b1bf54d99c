"""Work that is shared out among threads, of which the caller is one."""

from __future__ import annotations

import threading

import pytest

from fallline.compiled import pool


def test_a_thread_that_has_not_begun_is_not_waited_for() -> None:
    """While all threads of the pool are busy with something else, who shares out work does all of it, and returns."""
    busy, done = threading.Event(), []
    for _ in range(2):
        pool._pool(2).submit(busy.wait, 60.0)
    caller = threading.Thread(target=lambda: done.append(pool.share(lambda i: i * i, range(5), 2)))
    caller.start()
    caller.join(30.0)
    found = [*done]
    busy.set()
    caller.join()
    assert found == [[0, 1, 4, 9, 16]]


def test_what_goes_wrong_on_another_thread_is_raised_here() -> None:
    """An error of a part ends the work with that error, whichever thread had the part."""
    here, met = threading.get_ident(), threading.Barrier(2, timeout=30.0)

    def work(i: int) -> int:
        met.wait()  # each thread has one of the two parts
        if threading.get_ident() != here:
            raise ArithmeticError(f"part {i}")
        return i

    with pytest.raises(ArithmeticError, match="part"):
        pool.share(work, [0, 1], 2)
