"""Threads for compiled kernels: one pool for each number of them, and none in a process that was forked.

A kernel holds no lock of Python's while it runs, so plain threads are enough. Several Python threads may share out work
at once: a task never waits for another one, so they only take turns.

A fork copies the calling thread alone. A pool's threads are gone in the child, and so is whoever held Numba's compiler
lock, for which the child would wait for ever. So a fork waits until no other thread compiles, or imports Numba to do
so, and a forked process, most likely one of several workers on this machine, runs every kernel on its own thread: the
bits are the same.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from typing import Any

_pools: dict[int, ThreadPoolExecutor] = {}
_lock = threading.Lock()
_forked = False
_fork = threading.local()  # Numba's lock, if a thread holds it while it forks
importing = threading.RLock()  # held while Numba is imported: a child forked meanwhile would wait for that for ever


def share(work: Callable[[Any], Any], parts: Sequence[Any], threads: int) -> list[Any]:
    """work(part) of every part, in order. Each thread, of which this is one, takes the next part when it is done with
    one: no thread waits for another that the machine kept busy, or that has not begun when nothing is left."""
    results: list[Any] = [None] * len(parts)
    tickets = count()

    def take_parts() -> None:
        while (i := next(tickets)) < len(parts):
            results[i] = work(parts[i])

    threads = usable_threads(min(threads, len(parts)))
    others = [_pool(threads).submit(take_parts) for _ in range(threads - 1)]
    take_parts()
    for other in others:
        if not other.cancel():
            other.result()
    return results


def later(work: Callable[[], Any]) -> Future[Any]:
    """Begin work() on a thread that is there for such, where `usable_threads` says that there may be one."""
    return _pool(1).submit(work)


def usable_threads(wanted: int) -> int:
    return 1 if _forked else wanted


def _pool(threads: int) -> ThreadPoolExecutor:
    with _lock:
        if threads not in _pools:
            _pools[threads] = ThreadPoolExecutor(threads, thread_name_prefix="fallline")
        return _pools[threads]


def _after_fork() -> None:
    global _forked, _lock
    _forked, _lock = True, threading.Lock()
    _pools.clear()
    _let_compile()


def _wait_for_compiler() -> None:
    _fork.lock = None
    importing.acquire()
    module = sys.modules.get("numba.core.compiler_lock")
    lock = getattr(module, "global_compiler_lock", None)
    if lock is not None:
        lock.acquire()  # Ctrl-C meanwhile ends this function, and the process forks all the same
        _fork.lock = lock


def _let_compile() -> None:
    lock, _fork.lock = _fork.lock, None
    if lock is not None:
        lock.release()
    importing.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_wait_for_compiler, after_in_parent=_let_compile, after_in_child=_after_fork)
