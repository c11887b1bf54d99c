"""The losses. `LOSSES` is the one list of them; each file holds one loss."""

from __future__ import annotations

from ..errors import SpecificationError
from .logistic import LOGISTIC
from .loss import Loss
from .squared import SQUARED

LOSSES: dict[str, Loss] = {loss.name: loss for loss in (SQUARED, LOGISTIC)}
_OTHER_NAMES = {other: loss.name for loss in LOSSES.values() for other in loss.other_names}

__all__ = ["LOGISTIC", "LOSSES", "SQUARED", "Loss", "loss_named"]


def loss_named(name: str) -> Loss:
    """The loss of this name, scikit-learn's names included; SpecificationError where there is none."""
    found = LOSSES.get(_OTHER_NAMES.get(name, name))
    if found is None:
        allowed = ", ".join(LOSSES)
        raise SpecificationError(
            f"loss={name!r} is unknown: use one of {allowed}", option="loss", value=name, allowed=allowed
        )
    return found
