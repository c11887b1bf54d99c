"""The machine code of losses: vectors of our own exp, log and power, and nobody else's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

# Code that is loaded from a cache cannot be looked at, so a process with an empty one prints what it has compiled.
CODE = """
import json
import numpy as np
from fallline.compiled.kernels import loss_kernel
from fallline.compiled.runtime import Arrays
from fallline.losses import LOSSES

found = {}
for name in ("squared", "logistic", "poisson", "gamma", "tweedie"):
    arrays = Arrays(np.ones((9, 3)), np.ones(9), np.ones(9), LOSSES[name], np.zeros(3), np.ones(3))
    kernel = loss_kernel(arrays.loss).all_leaves
    kernel(arrays.scored, np.zeros(3), np.zeros(1), np.arange(9), 0, 9, 0, 1, np.empty((1, 6)))
    (found[name],) = kernel.inspect_llvm().values()
print(json.dumps(found))
"""


def test_losses_are_vectors_of_our_own_functions(tmp_path: Path) -> None:
    """A loss with exp, log or power in it has that arithmetic in vectors too, fused with nothing, and calls no function
    of the C library, whose last bits are another's."""
    environment = {**os.environ, "FALLLINE_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    products = {name: len(re.findall(r"fmul <\d+ x double>", text)) for name, text in found.items()}
    for name, text in found.items():
        assert name == "squared" or products[name] >= products["squared"] + 20, products
        assert not re.findall(r"call [^@\n]*@(?:llvm\.)?(exp|log|log1p|expm1|pow|cos|sin|tanh|fma|fmuladd)\b", text)
