"""The command line's first step, for `python -m fallline` and the console script: Ctrl-C ends quietly from here on.

The verbs are imported after that, since imports take a good part of a second, and a KeyboardInterrupt in the middle of
one is a traceback, or is lost in a compiled module.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


def main() -> int:
    """Carry out the command line of this process; the exit code."""
    signal.signal(signal.SIGINT, _end)
    from .cli import main as carry_out

    signal.signal(signal.SIGINT, signal.default_int_handler)
    return carry_out()


def _end(number: int, frame: FrameType | None) -> None:
    sys.stderr.write("fallline: interrupted; nothing was saved\n")
    sys.stderr.flush()
    os._exit(130)


if __name__ == "__main__":
    sys.exit(main())
