"""The Tweedie loss for amounts of which many are 0, with a log link: half the deviance."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE, POSITIVE, Interval
from ..scalar import exp, log, power
from .gamma import Gamma
from .loss import Loss
from .poisson import Poisson

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ClassVar


def scaled_exp(scale: float, exponent: float) -> float:
    """scale * exp(exponent), finite also where only the exponential is too large for a float64."""
    half = exp(0.5 * exponent)
    return (scale * half) * half


def tweedie(score: float, target: float, variance_power: float) -> tuple[float, float]:
    a = 1.0 - variance_power
    b = 2.0 - variance_power
    first = scaled_exp(target, a * score)
    second = exp(b * score)
    best = power(target, b) / (a * b)
    return (second / b - first / a) + best, second - first


def tweedie_second(score: float, target: float, variance_power: float) -> float:
    a = 1.0 - variance_power
    b = 2.0 - variance_power
    return b * exp(b * score) - a * scaled_exp(target, a * score)


def tweedie_bound(score: float, target: float, variance_power: float) -> float:
    """Twice the same with both terms positive (one is not where the power is above 2): exponentials grow where a
    descent overshoots."""
    a = 1.0 - variance_power
    b = 2.0 - variance_power
    return 2.0 * (abs(b) * exp(b * score) - a * scaled_exp(target, a * score))


class Tweedie(Loss):
    """Half the deviance of a distribution whose variance is the mean to the given power, from 1 to 3, with the mean
    exp(score):

    exp((2 - power) score) / (2 - power) - target exp((1 - power) score) / (1 - power) + target^(2 - power) / ((1 -
    power) (2 - power)).

    Targets are at least 0 below power 2 and above 0 from 2 on. Power 1 is the Poisson loss and 2 the gamma loss, by
    their own formulas; 3 is the inverse Gaussian; above 2 the loss is not convex in the score. scikit-learn's
    `TweedieRegressor` minimizes the same half deviance; its `HalfTweedieLoss` leaves out the last term. The product in
    an exponent is rounded, which its exp magnifies: to about |score| units in the last place.
    Tweedie (1984), "An index which distinguishes between some important exponential families". The intercept starts at
    the log of the mean target.
    """

    name = "tweedie"
    formula = (
        "exp((2 - power) score) / (2 - power) - target exp((1 - power) score) / (1 - power) "
        "+ target^(2 - power) / ((1 - power) (2 - power))"
    )
    other_names = ("half_tweedie", "half_tweedie_loss")
    ranges: ClassVar[dict[str, Interval]] = {"power": Interval(1.0, 3.0, high_included=True)}
    defaults: ClassVar[dict[str, float]] = {"power": 1.5}
    power: float
    row: Callable[..., tuple[float, float]] = staticmethod(tweedie)
    second: Callable[..., float] | None = staticmethod(tweedie_second)
    bound: Callable[..., float] | None = staticmethod(tweedie_bound)
    inverse_link = staticmethod(exp)
    link = staticmethod(log)
    starts_at_mean = True
    score_name = "log"

    def __init__(self, **options: float):
        super().__init__(**options)
        self.domain = NOT_NEGATIVE if self.power < 2.0 else POSITIVE
        if self.power in (1.0, 2.0):  # where the formula would divide by 0
            same = Poisson if self.power == 1.0 else Gamma
            self.row, self.second, self.bound = same.row, same.second, same.bound

    @property
    def numbers(self) -> tuple[float, ...]:
        return () if self.power in (1.0, 2.0) else (self.power,)
