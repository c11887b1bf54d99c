"""Text files: what compresses them, their characters, and the lines on which records start."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import pyarrow as pa

from ...errors import DataError

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bz2"}


def suffix_of(path: str) -> str:
    """The end of a name that tells the kind of a file, without what only says how it is compressed."""
    stem, suffix = os.path.splitext(path.lower())
    return os.path.splitext(stem)[1] if suffix in COMPRESSIONS else suffix


def compression_of(path: str) -> str | None:
    """Found from the first bytes: the name may say something else."""
    with open(path, "rb") as file:
        start = file.read(4)
    return next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), None)


def open_bytes(path: str) -> pa.NativeFile:
    """The file's content, decompressed."""
    return pa.input_stream(path, compression=compression_of(path))


def open_text(path: str, encoding: str | None, errors: str = "strict") -> io.TextIOWrapper:
    """The file's characters; line ends stay as they are."""
    return io.TextIOWrapper(open_bytes(path), encoding=encoding or "utf-8-sig", errors=errors, newline="")


def cut_off(error: Exception) -> bool:
    """Whether an error says that a compressed file ends too early, or is damaged."""
    said = str(error).lower()
    return any(word in said for word in ("truncated", "zlib", "zstd", "bz2", "corrupt", "decompress", "inflate"))


def undecodable_line(path: str, encoding: str | None) -> int | None:
    """The first line, from 1, that is not text in this encoding; None if every line is."""
    line, name = 1, encoding or "utf-8"
    decoder = codecs.getincrementaldecoder(name)()
    try:
        with open_bytes(path) as file:
            while piece := file.read(1 << 20):
                line += decoder.decode(piece).count("\n")
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return line + error.object[: error.start].decode(name, "ignore").count("\n")
    return None


def quotes(path: str, quote: str) -> int:
    """How often the quotation mark occurs."""
    with open_bytes(path) as file:
        return sum(piece.count(quote.encode()) for piece in iter(partial(file.read, 1 << 22), b""))


def lines_of(starts: Callable[[], Iterable[int]], rows: Sequence[int]) -> list[int | None]:
    """For each row, from 0, the line on which it starts; `starts` gives those of all rows, in order. One pass."""
    found: dict[int, int] = {}
    wanted, last = set(rows), max(rows, default=-1)
    for row, line in enumerate(starts()):
        if row in wanted:
            found[row] = line
        if row >= last:
            break
    return [found.get(row) for row in rows]


def start_of(path: str, what: str) -> bytes:
    """The first bytes. Refuses what is no text at all, which would give misleading errors later."""
    name = os.path.basename(path)
    with open_bytes(path) as file:
        start: bytes = file.read(4096)
    if start.startswith((b"PAR1", b"PK\x03\x04", b"ARROW1", b"\x93NUMPY")):
        raise DataError(f"{name} is not a {what} file: it begins like a Parquet, Arrow, NumPy or zip file", file=path)
    return start
