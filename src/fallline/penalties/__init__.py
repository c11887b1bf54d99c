"""The penalties. `PENALTIES` is the one list of them; each file holds one penalty."""

from __future__ import annotations

from ..catalogue import catalogue, of_class
from ..errors import SpecificationError
from ..named import made
from .custom import CUSTOM, penalty
from .penalty import Features, Penalty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .box import Box
    from .elastic_net import ElasticNet
    from .group_l1 import GroupL1
    from .l1 import L1
    from .l2 import L2
    from .non_negative import NonNegative

_PLACES = {
    "l2": ("l2", "L2"),
    "l1": ("l1", "L1"),
    "elastic_net": ("elastic_net", "ElasticNet"),
    "group_l1": ("group_l1", "GroupL1"),
    "non_negative": ("non_negative", "NonNegative"),
    "box": ("box", "Box"),
}
PENALTIES: Mapping[str, type[Penalty]] = catalogue(__name__, _PLACES)

__all__ = [
    "L1",
    "L2",
    "PENALTIES",
    "Box",
    "ElasticNet",
    "Features",
    "GroupL1",
    "NonNegative",
    "Penalty",
    "in_order",
    "penalty",
    "penalty_named",
]


def penalty_named(name: str, **options: Any) -> Penalty:
    """The penalty of this name (`PENALTIES` lists them); SpecificationError where there is none, or for an option."""
    return made("penalty", {**PENALTIES, **CUSTOM, **PENALTIES}, name, options)


def in_order(penalties: tuple[Penalty, ...]) -> tuple[Penalty, ...]:
    """Several penalties in the order of the law: smooth and proximal ones as given, groups, and bounds last.

    Raises SpecificationError for those whose proximal steps one after the other are not that of their sum.
    """
    found = sorted(penalties, key=lambda one: 2 if one.bounds else 1 if one.group_term is not None else 0)
    proximal = [one for one in found if one.needs_scale and one.group_term is None]
    grouped = [one for one in found if one.group_term is not None]
    bounds = [one for one in found if one.bounds]
    for several, why in (
        (proximal, "have proximal steps, and only that of both together would be right"),
        (grouped, "both shrink groups, and only both together would be right"),
        (bounds, "are both bounds: give one Box"),
        (
            [*grouped, *bounds] if grouped and bounds else [],
            "cannot be combined: bounds within a group change its norm",
        ),
        (
            [*proximal, *grouped] if grouped and not all(one.before_groups for one in proximal) else [],
            "cannot be combined: before groups, only l1 and elastic_net have the right proximal step",
        ),
    ):
        if len(several) > 1:
            raise SpecificationError(
                f"penalty: {several[0].name} and {several[1].name} {why}",
                option="penalty",
                value=tuple(penalties),
                allowed="one of them",
            )
    return tuple(found)


def __getattr__(name: str) -> type[Penalty]:
    found: type[Penalty] = of_class(__name__, _PLACES, name)
    return found


def __dir__() -> list[str]:
    return __all__
