"""Where generated kernels are kept, and how their files are named."""

from __future__ import annotations

import os
import re
from pathlib import Path


def cache_folder() -> Path:
    """FALLLINE_CACHE, else the user's cache folder."""
    given = os.environ.get("FALLLINE_CACHE")
    base = Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fallline"
    return base / "kernels"


ANY_STAMP = "?" * 24  # in a pattern


def file_name_of(kernel: str, stamp: str) -> str:
    """The file of a kernel; stamp: 24 digits, a hash of all that it is made of."""
    return f"{re.sub('[^a-z0-9]+', '_', kernel.lower())}_{stamp}.py"
