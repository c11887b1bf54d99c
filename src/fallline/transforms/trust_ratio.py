"""Trust ratio: a step in proportion to the size of the parameters (LARS, LAMB)."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE, POSITIVE, Words, options
from ..scalar import sqrt, where
from .transform import GRADIENT, STEP, Transform, scaled, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..rules.rule import Numbers


def squares_of_both(value: float, theta: float) -> tuple[float, float]:
    return value * value, theta * theta


def trust_ratio(squares: float, theta_squares: float, rate: float, coefficient: float, epsilon: float) -> float:
    norm = sqrt(squares) / where(rate > 0.0, rate, 1.0)
    theta_norm = sqrt(theta_squares)
    ratio = coefficient * theta_norm / (where(norm > 0.0, norm, 1.0) + epsilon)
    return where(norm > 0.0, where(theta_norm > 0.0, ratio, 1.0), 1.0)


class TrustRatio(Transform):
    """Multiply by coefficient * |theta| / (|u| + epsilon), or by 1 where a norm is 0; norms are over all parameters.

    form "lamb": u is the rule's step ÷ the learning rate, and the step is multiplied; LAMB is Adam's step with it. form
    "lars": u is the gradient, with the smooth penalty in it, and the gradient is multiplied, before the rule's
    momentum; LARS is momentum with it. coefficient: 1, for "lars" 0.001 unless told otherwise. Theta is one layer.
    optax: scale_by_trust_ratio(trust_coefficient=coefficient, eps=epsilon).
    """

    name = "trust_ratio"
    formula = "u <- u * coefficient * |theta| / (|u| + epsilon), u the gradient (lars) or the step ÷ rate (lamb)"
    paper = (
        "You, Gitman & Ginsburg (2017), Large Batch Training of Convolutional Networks (LARS); "
        "You et al. (2020), Large Batch Optimization for Deep Learning (LAMB), Algorithm 2"
    )
    ranges = options(form=Words(("lamb", "lars")), coefficient=POSITIVE, epsilon=NOT_NEGATIVE)
    term = staticmethod(squares_of_both)
    finish = staticmethod(trust_ratio)
    apply = staticmethod(scaled)
    share = staticmethod(whole)

    form: str
    coefficient: float
    epsilon: float
    place: str  # type: ignore[misc]

    def __init__(self, form: str = "lamb", coefficient: float | None = None, epsilon: float = 0.0):
        usual = 0.001 if form == "lars" else 1.0
        self._set(form=form, coefficient=usual if coefficient is None else coefficient, epsilon=epsilon)
        self.place = STEP if self.form == "lamb" else GRADIENT

    def numbers(self, k: int, rate: float) -> Numbers:
        return (rate if self.place == STEP else 1.0), self.coefficient, self.epsilon
