"""Decoupled decay: theta shrinks a little in every step, whatever the gradient is."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE, options
from .transform import DECAY, Transform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..rules.rule import Numbers


class DecoupledDecay(Transform):
    """theta <- (1 - rate * decay) * theta - step, for all parameters, the intercept too (as torch's and optax's AdamW).

    Adam with it is AdamW, to the last bit. decay has the unit 1 / rate; rate is the schedule's in this step.
    """

    name = "decoupled_decay"
    formula = "theta <- (1 - rate * decay) * theta - step"
    paper = "Loshchilov & Hutter (2019), Decoupled Weight Decay Regularization"
    ranges = options(decay=NOT_NEGATIVE)
    place = DECAY

    decay: float

    def __init__(self, decay: float = 0.01):
        self._set(decay=decay)

    def numbers(self, k: int, rate: float) -> Numbers:
        return (1.0 - rate * self.decay,)
