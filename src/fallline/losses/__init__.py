"""The losses. `LOSSES` is the one list of them, each with its default options; each file holds one loss."""

from __future__ import annotations

from ..errors import SpecificationError
from .absolute import Absolute
from .custom import CUSTOM, loss, taken
from .epsilon_insensitive import EpsilonInsensitive
from .gamma import Gamma
from .hinge import Hinge
from .huber import Huber
from .logistic import Logistic
from .loss import Loss
from .modified_huber import ModifiedHuber
from .poisson import Poisson
from .quantile import Quantile
from .softmax import Softmax
from .squared import Squared
from .squared_epsilon_insensitive import SquaredEpsilonInsensitive
from .squared_hinge import SquaredHinge
from .tweedie import Tweedie

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SQUARED, LOGISTIC = Squared(), Logistic()
LOSSES: dict[str, Loss] = {
    entry.name: entry
    for entry in (
        SQUARED,
        LOGISTIC,
        Softmax(),
        Absolute(),
        Huber(),
        Quantile(),
        EpsilonInsensitive(),
        SquaredEpsilonInsensitive(),
        Hinge(),
        SquaredHinge(),
        ModifiedHuber(),
        Poisson(),
        Gamma(),
        Tweedie(),
    )
}
_OTHER_NAMES = {other: entry.name for entry in LOSSES.values() for other in entry.other_names}
taken.update(LOSSES, _OTHER_NAMES)

__all__ = [
    "LOGISTIC",
    "LOSSES",
    "SQUARED",
    "Absolute",
    "EpsilonInsensitive",
    "Gamma",
    "Hinge",
    "Huber",
    "Logistic",
    "Loss",
    "ModifiedHuber",
    "Poisson",
    "Quantile",
    "Softmax",
    "Squared",
    "SquaredEpsilonInsensitive",
    "SquaredHinge",
    "Tweedie",
    "loss",
    "loss_from_dict",
    "loss_named",
]


def loss_named(name: str, **options: float) -> Loss:
    """The loss of this name, scikit-learn's names included; SpecificationError where there is none."""
    found = LOSSES.get(_OTHER_NAMES.get(name.lower(), name.lower()))
    if found is None and name in CUSTOM:
        return CUSTOM[name](**options)
    if found is None:
        allowed = ", ".join(LOSSES)
        raise SpecificationError(
            f"loss={name!r} is unknown: use one of {allowed}", option="loss", value=name, allowed=allowed
        )
    return type(found)(**options) if options else found


def loss_from_dict(data: Mapping[str, Any]) -> Loss:
    """The loss that `to_dict` wrote; SpecificationError where it is one of a user's own that has not been imported."""
    options = dict(data)
    name, module = str(options.pop("name")), options.pop("module", None)
    if module is not None and name not in CUSTOM:
        raise SpecificationError(
            f"its loss {name!r} was defined in the module {module!r}, which has not been imported: import it first (on "
            f"the command line: --loss {module}:{name})",
            option="loss",
            value=name,
        )
    return loss_named(name, **options)
