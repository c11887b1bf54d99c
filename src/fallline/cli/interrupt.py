"""Ctrl-C while nothing is at stake yet: imports, reading a table, replaying."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from .console import say

SHOW_CURSOR = "\r\x1b[2K\x1b[?25h"  # and clear the line: a progress line may stand there


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Within, Ctrl-C ends the process there and then, unless a descent that runs has taken it over.

    A KeyboardInterrupt would not do: compiled modules that are being imported (pandas, through pyarrow) lose it, or
    turn it into other errors. What is left behind is nothing, as long as nothing is written within.
    """
    previous = signal.getsignal(signal.SIGINT)
    if previous is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        if previous is signal.default_int_handler:
            signal.signal(signal.SIGINT, previous)


def _end(number: int, frame: FrameType | None) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(SHOW_CURSOR)
    say("interrupted; nothing was saved")
    os._exit(130)
