"""Rprop: each parameter has a step of its own, longer while the gradient keeps its sign, shorter when it turns."""

from __future__ import annotations

from ..allowed import INFINITY, POSITIVE, Interval, Switch
from ..errors import SpecificationError
from ..scalar import maximum, minimum, sign, where
from .rule import Numbers, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar


def rprop(
    g: float,
    size: float,
    before: float,
    rate: float,
    eta_minus: float,
    eta_plus: float,
    shortest: float,
    longest: float,
) -> tuple[float, float, float]:
    agreement = sign(g) * before
    factor = where(agreement > 0.0, eta_plus, where(agreement < 0.0, eta_minus, 1.0))
    size = where(size == 0.0, rate, size) * factor
    size = minimum(maximum(size, shortest), longest)
    direction = where(agreement < 0.0, 0.0, sign(g))
    return size * direction, size, direction


class Rprop(Rule):
    """size <- size * (eta_plus where g has the sign of the step before, eta_minus where it has the other), from
    `shortest` to `longest`;  theta <- theta - size * sign(g).   size starts at the first step's rate.

    After a change of sign g counts as 0: no step, and no change of sign in the step after. Where either of the two
    gradients is 0, size stays. It has the parameter's own unit; later rates are not looked at. For batches of all rows:
    the signs of small batches are noise. Stored point: theta itself. First step: rate * sign(g).
    """

    name = "rprop"
    paper = (
        "Riedmiller & Braun (1993), A direct adaptive method for faster backpropagation learning: the RPROP algorithm"
    )
    formula = (
        "size <- size * (eta_plus | 1 | eta_minus, by the sign of g * g_before), from shortest to longest;  "
        "theta <- theta - size * sign(g), or 0 where the sign of g has changed, which then counts as 0"
    )
    ranges: ClassVar[dict[str, Interval | Switch]] = {
        "learning_rate": POSITIVE,
        "eta_minus": Interval(0.0, 1.0, low_included=False),
        "eta_plus": Interval(1.0, INFINITY, low_included=False),
        "shortest": POSITIVE,
        "longest": POSITIVE,
    }
    defaults: ClassVar[dict[str, float | bool]] = {
        "eta_minus": 0.5,
        "eta_plus": 1.2,
        "shortest": 1e-6,
        "longest": 50.0,
    }
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {"torch": {"learning_rate": 0.01}}
    step = staticmethod(rprop)
    state = ("size", "before")
    adaptive = True
    whole_table = True
    products = ()

    eta_minus: float
    eta_plus: float
    shortest: float
    longest: float

    def __init__(self, learning_rate: float | None = None, **options: Any):
        super().__init__(learning_rate, **options)
        if self.shortest > self.longest:
            raise SpecificationError(
                f"shortest={self.shortest:g} of {self.name} is above longest={self.longest:g}",
                option="shortest",
                value=self.shortest,
                allowed="at most longest",
            )

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        return (rate, self.eta_minus, self.eta_plus, self.shortest, self.longest), carry
