"""What every penalty has in common: scalar functions of one coefficient, and the numbers that they take."""

from __future__ import annotations

from ..errors import SpecificationError
from ..named import Named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import ClassVar

Columns = list[list[float]]


class Features:
    """What the coefficients belong to. names: of the features. sources: the table's column that each comes from."""

    def __init__(self, names: Sequence[str], sources: Sequence[str] | None = None):
        self.names = tuple(names)
        self.sources = self.names if sources is None else tuple(sources)

    def of(self, name: str, option: str) -> list[int]:
        """The features with this name, or from the table's column of this name; SpecificationError for neither."""
        found = [j for j, own in enumerate(self.names) if own == name]  # several where each class has a coefficient
        found = found or [j for j, source in enumerate(self.sources) if source == name]
        if not found:
            words = ", ".join(dict.fromkeys(self.sources))
            raise SpecificationError(
                f"{option}: there is no feature {name!r}: use {words}", option=option, value=name, allowed=words
            )
        return found


class Penalty(Named):
    """A penalty on the coefficients of the scaled features, never on an intercept. A step takes it in two parts.

    value(w, *numbers): what one coefficient adds to the objective; None for 0.
    slope(w, *numbers): the derivative of the smooth part, added to the gradient; None for 0.
    prox(w, scale, *numbers): the coefficient after the step, argmin over v of (v - w)² / (2 scale) + the other part of
    v; None for w. `scale` is the rule's step ÷ gradient. `bounds`: prox projects, whatever the scale, and comes last.
    A penalty of groups has, for the sum of `group_term(w)` over a group, `group_value(total, *numbers)` and
    `group_factor(total, scale, *numbers)`, with which `group_shrunk(w, factor)` is the coefficient after the step;
    `groups(features)` gives the number of the group of each feature.
    """

    value: Callable[..., float] | None = None
    slope: Callable[..., float] | None = None
    prox: Callable[..., float] | None = None
    bounds: bool = False
    group_term: Callable[[float], float] | None = None
    group_value: Callable[..., float] | None = None
    group_factor: Callable[..., float] | None = None
    group_shrunk: Callable[[float, float], float] | None = None
    before_groups: ClassVar[bool] = False  # whether prox, and then that of groups, is the prox of both together
    curvature: float = 0.0  # what it adds to every second derivative by a coefficient

    def numbers(self) -> tuple[float, ...]:
        """What the functions take after w (and the scale)."""
        raise NotImplementedError

    def columns(self, features: Features) -> Columns:
        """The numbers of each feature: one list for each number."""
        return [[number] * len(features.names) for number in self.numbers()]

    def groups(self, features: Features) -> list[int]:
        raise NotImplementedError

    @property
    def needs_scale(self) -> bool:
        return not self.bounds and (self.prox is not None or self.group_factor is not None)


def per_feature(
    option: str, value: float | Mapping[str, float] | None, missing: float, features: Features
) -> list[float]:
    """A number for each feature: the one given, or that of its name or column, or `missing`."""
    if value is None:
        return [missing] * len(features.names)
    if not isinstance(value, dict):
        return [float(value)] * len(features.names)  # type: ignore[arg-type]
    found = [missing] * len(features.names)
    for name, number in value.items():
        for j in features.of(name, option):
            found[j] = number
    return found
