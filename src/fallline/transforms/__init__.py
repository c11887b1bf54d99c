"""The transforms. `TRANSFORMS` is the one list of them; each file holds one transform."""

from __future__ import annotations

from ..catalogue import catalogue, of_class
from ..errors import SpecificationError
from ..named import made
from .transform import ACCUMULATION, AVERAGE, DECAY, PLACES, Transform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .accumulate import Accumulate
    from .clip_by_norm import ClipByNorm
    from .clip_by_value import ClipByValue
    from .decoupled_decay import DecoupledDecay
    from .exponential_average import ExponentialAverage
    from .polyak_average import PolyakAverage
    from .tail_average import TailAverage
    from .trust_ratio import TrustRatio

_PLACES = {
    "clip_by_value": ("clip_by_value", "ClipByValue"),
    "clip_by_norm": ("clip_by_norm", "ClipByNorm"),
    "trust_ratio": ("trust_ratio", "TrustRatio"),
    "decoupled_decay": ("decoupled_decay", "DecoupledDecay"),
    "accumulate": ("accumulate", "Accumulate"),
    "polyak_average": ("polyak_average", "PolyakAverage"),
    "tail_average": ("tail_average", "TailAverage"),
    "exponential_average": ("exponential_average", "ExponentialAverage"),
}
TRANSFORMS: Mapping[str, type[Transform]] = catalogue(__name__, _PLACES)

__all__ = [
    "TRANSFORMS",
    "Accumulate",
    "ClipByNorm",
    "ClipByValue",
    "DecoupledDecay",
    "ExponentialAverage",
    "PolyakAverage",
    "TailAverage",
    "Transform",
    "TrustRatio",
    "in_order",
    "transform_named",
]


def transform_named(name: str, **options: Any) -> Transform:
    """The transform of this name; SpecificationError where there is none, or an option is unknown or impossible."""
    return made("transforms", TRANSFORMS, name, options)


def in_order(transforms: tuple[Transform, ...]) -> tuple[Transform, ...]:
    """Several transforms in the order of the law; those of one place stay as given.

    Raises SpecificationError for two where there is place for one.
    """
    for place in (ACCUMULATION, DECAY, AVERAGE):
        several = [one for one in transforms if one.place == place]
        if len(several) > 1:
            raise SpecificationError(
                f"transforms: {several[0]!r} and {several[1]!r}: a step has place for one {place}",
                option="transforms",
                value=transforms,
                allowed="one of them",
            )
    return tuple(sorted(transforms, key=lambda one: PLACES.index(one.place)))


def __getattr__(name: str) -> type[Transform]:
    found: type[Transform] = of_class(__name__, _PLACES, name)
    return found


def __dir__() -> list[str]:
    return __all__
