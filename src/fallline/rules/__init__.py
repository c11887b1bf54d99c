"""The update rules. `RULES` is the one list of them; each has a file, which is read when the rule is first used."""

from __future__ import annotations

from ..catalogue import catalogue, of_class
from ..errors import SpecificationError
from .custom import CUSTOM, rule
from .rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .adabelief import AdaBelief
    from .adadelta import Adadelta
    from .adagrad import Adagrad
    from .adam import Adam
    from .adamax import Adamax
    from .adamw import AdamW
    from .amsgrad import AMSGrad
    from .asgd import ASGD
    from .dog import DoG
    from .gradient_descent import GradientDescent
    from .gradient_descent import GradientDescent as SGD
    from .lion import Lion
    from .momentum import Momentum
    from .nadam import NAdam
    from .nesterov import Nesterov
    from .radam import RAdam
    from .rmsprop import RMSProp
    from .rprop import Rprop
    from .schedule_free_adamw import ScheduleFreeAdamW
    from .schedule_free_sgd import ScheduleFreeSGD
    from .signum import Signum
    from .yogi import Yogi

# Each rule, the file that it is in, and its class there.
_PLACES = {
    "sgd": ("gradient_descent", "GradientDescent"),
    "momentum": ("momentum", "Momentum"),
    "nesterov": ("nesterov", "Nesterov"),
    "adagrad": ("adagrad", "Adagrad"),
    "rmsprop": ("rmsprop", "RMSProp"),
    "adadelta": ("adadelta", "Adadelta"),
    "adam": ("adam", "Adam"),
    "lion": ("lion", "Lion"),
    "signum": ("signum", "Signum"),
    "rprop": ("rprop", "Rprop"),
    "asgd": ("asgd", "ASGD"),
    "adamw": ("adamw", "AdamW"),
    "amsgrad": ("amsgrad", "AMSGrad"),
    "adamax": ("adamax", "Adamax"),
    "nadam": ("nadam", "NAdam"),
    "radam": ("radam", "RAdam"),
    "adabelief": ("adabelief", "AdaBelief"),
    "yogi": ("yogi", "Yogi"),
    "schedule_free_sgd": ("schedule_free_sgd", "ScheduleFreeSGD"),
    "schedule_free_adamw": ("schedule_free_adamw", "ScheduleFreeAdamW"),
    "dog": ("dog", "DoG"),
}
RULES: Mapping[str, type[Rule]] = catalogue(__name__, _PLACES)
_OTHER_NAMES = {"gradient_descent": "sgd", "gd": "sgd", "heavy_ball": "momentum"}

__all__ = [
    "ASGD",
    "RULES",
    "SGD",
    "AMSGrad",
    "AdaBelief",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "DoG",
    "GradientDescent",
    "Lion",
    "Momentum",
    "NAdam",
    "Nesterov",
    "RAdam",
    "RMSProp",
    "Rprop",
    "Rule",
    "ScheduleFreeAdamW",
    "ScheduleFreeSGD",
    "Signum",
    "Yogi",
    "rule",
    "rule_named",
]


def rule_named(name: str, **hyperparameters: float | bool | None) -> Rule:
    """The rule of this name (`RULES` lists them); SpecificationError where there is none or an option is unknown."""
    found = RULES.get(_OTHER_NAMES.get(name.lower(), name.lower())) or CUSTOM.get(name)
    if found is None:
        allowed = ", ".join(RULES)
        raise SpecificationError(
            f"rule={name!r} is unknown: use one of {allowed}", option="rule", value=name, allowed=allowed
        )
    return found(**hyperparameters)  # type: ignore[arg-type]


def __getattr__(name: str) -> type[Rule]:
    found: type[Rule] = of_class(__name__, _PLACES, "GradientDescent" if name == "SGD" else name)
    return found


def __dir__() -> list[str]:
    return __all__
