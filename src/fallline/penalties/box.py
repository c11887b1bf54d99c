"""Bounds on coefficients, by projection: a coefficient that a step moved beyond one is put back onto it."""

from __future__ import annotations

from ..allowed import INFINITY, options
from ..errors import SpecificationError
from ..scalar import maximum, minimum
from .penalty import Columns, Features, Penalty, per_feature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Bound = float | Mapping[str, float] | None


def project(w: float, scale: float, lower: float, upper: float) -> float:
    return minimum(maximum(w, lower), upper)


class Bounds:
    """A number, or a dict of numbers by column."""

    def read(self, value: object) -> float | dict[str, float] | None:
        if not isinstance(value, dict):
            return None if isinstance(value, bool) or not _is_number(value) else float(value)  # type: ignore[arg-type]
        fits = all(isinstance(name, str) and _is_number(number) for name, number in value.items())
        return {name: float(number) for name, number in value.items()} if fits else None

    def __str__(self) -> str:
        return "a finite number, a dict of them by column, or None for no bound"


def _is_number(value: object) -> bool:
    return hasattr(value, "__float__") and not isinstance(value, bool) and -INFINITY < float(value) < INFINITY


class Box(Penalty):
    """lower <= w <= upper for every coefficient w of a scaled feature: w is projected after each step.

    lower, upper: a number for all, or a dict by column or feature (what is not in it is free), or None for no bound.
    The unit is that of a scaled coefficient: score per standard deviation of the feature (of a 0/1 feature: score). A
    descent begins at the allowed point nearest to 0.
    """

    name = "box"
    formula = "lower <= w <= upper"
    paper = "Goldstein (1964), Convex Programming in Hilbert Space"
    ranges = options(lower=Bounds(), upper=Bounds())
    optional = ("lower", "upper")
    prox = staticmethod(project)
    bounds = True

    lower: float | dict[str, float] | None
    upper: float | dict[str, float] | None

    def __init__(self, lower: Bound = None, upper: Bound = None):
        self._set(lower=lower, upper=upper)
        if lower is None and upper is None:
            raise SpecificationError("box needs lower, upper or both", option="lower", allowed="lower, upper or both")
        if isinstance(self.lower, float) and isinstance(self.upper, float) and self.lower > self.upper:
            raise self.refused("lower", lower, f"at most upper={self.upper:g}")

    def columns(self, features: Features) -> Columns:
        lower = per_feature("lower", self.lower, -INFINITY, features)
        upper = per_feature("upper", self.upper, INFINITY, features)
        for name, low, high in zip(features.names, lower, upper):
            if low > high:
                raise self.refused("lower", low, f"at most upper={high:g} for {name!r}")
        return [lower, upper]
