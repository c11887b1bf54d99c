"""scikit-learn's inverse scaling: the rate falls as a power of the number of steps."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE, options
from ..scalar import power
from .schedule import Schedule


class InvScaling(Schedule):
    """rate(k) = base / k^power_t.

    power_t: 0 or more. 0.25 is the default of SGDRegressor, whose eta0 is base here; SGDClassifier and the MLPs have
    0.5. scikit-learn counts samples in `k`, from 1, and this counts steps: the same for batches of one row.
    torch: LambdaLR(lambda t: (t + 1) ** -power_t). optax has none.
    """

    name = "invscaling"
    formula = "base / k^power_t"
    paper = "Bottou (2012), Stochastic Gradient Descent Tricks, §5.2; scikit-learn, SGDRegressor"
    ranges = options(power_t=NOT_NEGATIVE)

    power_t: float

    def __init__(self, power_t: float = 0.25):
        self._set(power_t=power_t)

    def rate(self, k: int, base: float) -> float:
        return base / power(float(k), self.power_t)
