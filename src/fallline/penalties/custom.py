"""A penalty from outside: a decorator makes a penalty of scalar functions, and every runtime applies it."""

from __future__ import annotations

from ..allowed import INFINITY, Interval
from ..errors import SpecificationError
from .penalty import Penalty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

CUSTOM: dict[str, type[Penalty]] = {}  # by name, as far as their modules have been imported
ANY_NUMBER = Interval(-INFINITY, INFINITY, low_included=False)


def penalty(
    *,
    slope: Callable[..., float] | None = None,
    prox: Callable[..., float] | None = None,
    bounds: bool = False,
    name: str | None = None,
    formula: str = "",
    paper: str = "",
    ranges: dict[str, Interval] | None = None,
    **defaults: float,
) -> Callable[[Callable[..., float]], type[Penalty]]:
    """Make a penalty of a function value(w, *numbers): what one coefficient w adds to the objective.

    slope(w, *numbers): the derivative of its smooth part, which is added to the gradient. prox(w, scale, *numbers):
    the coefficient after the step for the other part, argmin over v of (v - w)² / (2 scale) + that part of v; with
    `bounds` it projects onto an interval, whatever the scale. At least one of them is needed. The numbers are the
    penalty's options, whose defaults are given by keyword here, in that order.

        def log_slope(w, alpha, width):
            return alpha * w / (width + w * w)

        @penalty(slope=log_slope, alpha=0.01, width=1.0)
        def log_penalty(w, alpha, width):
            return 0.5 * alpha * log(1.0 + w * w / width)

    Each is a straight line of assignments and one return, in the vocabulary of `fallline.scalar` (`where`, not if).
    `ranges` names what an option may be. `fallline.testing.check_penalty` tests the penalty.
    Raises SpecificationError where an argument has no meaning.
    """

    def made(function: Callable[..., float]) -> type[Penalty]:
        if slope is None and prox is None:
            raise SpecificationError(
                f"{function.__name__}: give slope= or prox=, or it would do nothing", option="slope"
            )
        for one, first in ((function, ("w",)), (slope, ("w",)), (prox, ("w", "scale"))):
            wanted = (*first, *defaults)
            if one is not None and one.__code__.co_varnames[: one.__code__.co_argcount] != wanted:
                raise SpecificationError(
                    f"{one.__name__}: its arguments must be {', '.join(wanted)}",
                    option="penalty",
                    allowed=", ".join(wanted),
                )
        found = name or function.__name__
        CUSTOM[found] = type(
            function.__name__,
            (CustomPenalty,),
            {
                "__doc__": function.__doc__ or formula,
                "__module__": function.__module__,
                "name": found,
                "formula": formula,
                "paper": paper,
                "ranges": {**{option: ANY_NUMBER for option in defaults}, **(ranges or {})},
                "defaults": dict(defaults),
                "bounds": bounds,
                "value": staticmethod(function),
                "slope": None if slope is None else staticmethod(slope),
                "prox": None if prox is None else staticmethod(prox),
            },
        )
        return CUSTOM[found]

    return made


class CustomPenalty(Penalty):
    """A penalty that was made of functions by `penalty`."""

    defaults: dict[str, float]

    def __init__(self, **options: Any):
        unknown = [option for option in options if option not in self.ranges]
        if unknown:
            allowed = ", ".join(self.ranges) or "none"
            raise SpecificationError(
                f"{self.name} has no option {unknown[0]!r}: it has {allowed}", option=unknown[0], allowed=allowed
            )
        self._set(**{**self.defaults, **options})

    def numbers(self) -> tuple[float, ...]:
        return tuple(self.options[option] for option in self.ranges)
