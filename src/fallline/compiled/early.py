"""When plain Python is faster: at the beginning of a process, on a small table.

A kernel takes a second to load and some to compile; the five points of a first try are fitted long before that. The
law makes a free choice of it: the plain runtime takes the same steps, with the same bytes. So a process works in plain
Python as long as it has spent less time there than a kernel would have cost, and from then on in kernels: at worst it
takes twice as long as if it had known. Once there is a kernel, all work is done by kernels.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from .cache_folder import ANY_STAMP, cache_folder, file_name_of

TERM = 1e-7  # seconds that plain Python takes for a feature of a row, its share of score and gradient, or more
TIMES = 30  # as often as that a descent goes over its rows, or nearly always more often
TO_LOAD = 0.3  # seconds in plain Python after which a kernel that lies in the cache is loaded
TO_COMPILE = 3.0  # and after which one that does not is compiled

_spent = 0.0
_ended = False


def end() -> None:
    """From now on kernels do the work."""
    global _ended
    _ended = True


def is_over() -> bool:
    return _ended


def allows(terms: int, kernel: str, times: int = TIMES) -> bool:
    """Whether work on so many features of rows is to be done in plain Python. kernel: the name that its kernel's file
    begins with. times: as often it will come, or more."""
    if _ended:
        return False
    seconds = _spent + times * terms * TERM
    return seconds <= TO_LOAD or (seconds <= TO_COMPILE and not _is_there(kernel))


@contextmanager
def spending() -> Iterator[None]:
    """Around work in plain Python."""
    global _spent
    begun = perf_counter()
    try:
        yield
    finally:
        _spent += perf_counter() - begun


def _is_there(kernel: str) -> bool:
    try:
        return any(cache_folder().glob(file_name_of(kernel, ANY_STAMP)))
    except OSError:  # a folder that may not be read
        return False
