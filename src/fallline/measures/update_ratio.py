"""The update-to-parameter ratio: |theta_k - theta_(k-1)| / |theta_(k-1)|.

How much of itself the model changes in a step; about 1e-3 is usual for nets, far more is noise, far less is standing
still. Cost: one pass over the parameters. Bottou (2012), Stochastic Gradient Descent Tricks, section 4; Karpathy's
course notes (CS231n), "Ratio of weights:updates".
"""

from __future__ import annotations

import numpy as np

from ..compiled.runtime import Floats
from .lanczos import dot


def update_ratio(before: Floats, after: Floats) -> float:
    """Infinite where the parameters were all 0, as at the start."""
    size = float(np.sqrt(dot(before, before)))
    change = float(np.sqrt(dot(after - before, after - before)))
    return change / size if size > 0.0 else float("inf")
