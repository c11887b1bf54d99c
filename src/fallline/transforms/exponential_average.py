"""The exponential average: the answer is a mean of the parameters that forgets."""

from __future__ import annotations

from ..allowed import FRACTION, SWITCH, options
from ..scalar import integer_power
from .transform import AVERAGE, Transform, average

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..rules.rule import Numbers


class ExponentialAverage(Transform):
    """mean <- (1 - share) * mean + share * theta, share = (1 - decay) / (1 - decay^k): steps weigh decay^age.

    The mean is the model's answer; the descent itself goes on from theta. The share corrects for the start, of which
    nothing is left (optax: ema with debias). `corrected=False`: share = 1 in step 1, then 1 - decay, so that theta(1)
    weighs as much as all before it would have (torch: AveragedModel with get_ema_multi_avg_fn).
    """

    name = "exponential_average"
    formula = "mean <- (1 - share) * mean + share * theta, share = (1 - decay) / (1 - decay^k)"
    paper = "Kingma & Ba (2015), Adam: A Method for Stochastic Optimization, §7.2"
    ranges = options(decay=FRACTION, corrected=SWITCH)
    place = AVERAGE
    average = staticmethod(average)

    decay: float
    corrected: bool

    def __init__(self, decay: float = 0.999, corrected: bool = True):
        self._set(decay=decay, corrected=corrected)

    def numbers(self, k: int, rate: float) -> Numbers:
        if not self.corrected:
            return (1.0 if k == 1 else 1.0 - self.decay,)
        return ((1.0 - self.decay) / (1.0 - integer_power(self.decay, k)),)
