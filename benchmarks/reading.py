"""How fast a CSV file becomes features, as a ratio to pyarrow's own reading of it, both in one process and in turn.

python benchmarks/reading.py [ROWS]: the median ratio of nine pairs; 1 is pyarrow's speed, and 1/3 the least wanted.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from fallline.data.infer import infer
from fallline.data.sources import read


def main(rows: int) -> None:
    rng = np.random.default_rng(0)
    columns = {f"x{at}": rng.normal(size=rows) for at in range(8)}
    table = pa.table({**columns, "c": rng.choice(["a", "b", "c"], rows), "y": rng.normal(size=rows)})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        pyarrow.csv.write_csv(table, path)
        ratios = []
        for _ in range(9):
            started = time.perf_counter()
            pyarrow.csv.read_csv(path)
            alone = time.perf_counter() - started
            started = time.perf_counter()
            found = read(path)
            infer(found, "y").encode(found)
            ratios.append(alone / (time.perf_counter() - started))
    print(
        f"{rows:,} × 10: read, looked at and encoded at {statistics.median(ratios):.2f} of pyarrow's own reading speed"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
