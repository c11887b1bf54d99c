"""A loss from outside: a decorator makes a loss of a scalar function, and every runtime and law applies to it."""

from __future__ import annotations

from ..allowed import INFINITY, Interval
from ..errors import SpecificationError
from .loss import Loss, identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

CUSTOM: dict[str, type[Loss]] = {}  # by name, as far as their modules have been imported
taken: set[str] = set()  # the names of Fallline's own losses
ANY_NUMBER = Interval(-INFINITY, INFINITY, low_included=False)


def loss(
    *,
    name: str | None = None,
    formula: str = "",
    second: Callable[..., float] | None = None,
    bound: Callable[..., float] | None = None,
    inverse_link: Callable[[float], float] | None = None,
    link: Callable[[float], float] | None = None,
    probability: Callable[[float], float] | None = None,
    classes: bool = False,
    domain: Interval | None = None,
    ranges: dict[str, Interval] | None = None,
    **defaults: float,
) -> Callable[[Callable[..., tuple[float, float]]], type[Loss]]:
    """Make a loss of a function row(score, target, *options) -> (value, slope), the slope by the score.

    The function's arguments after score and target are its options, whose defaults are given by keyword here:

        @loss(scale=1.0)
        def cauchy(score, target, scale):
            ratio = (score - target) / scale
            squared = ratio * ratio
            return log1p(squared), 2.0 * ratio / (scale * (1.0 + squared))

    It is a straight line of assignments and one return, in the vocabulary of `fallline.scalar` (`where`, not if), and
    defined for every float: guard a denominator. `second`, `bound`, `inverse_link`, `link`, `probability`, `classes`
    and `domain` are what `Loss` says; second and bound take the same arguments as the function. A bound is needed where
    the second derivative at the start may be far below that near the minimum. Without either an automatic learning rate
    is a guess from the slopes at the start. With a link the intercept starts at the link of the mean target.
    `ranges` names what an option may be. `fallline.testing.check_loss` tests the loss.
    Raises SpecificationError where an argument has no meaning or the name is taken.
    """

    def made(function: Callable[..., tuple[float, float]]) -> type[Loss]:
        own_name = name or function.__name__
        if own_name in taken:
            raise SpecificationError(
                f"{own_name!r} is the name of one of Fallline's losses: give another", option="name"
            )
        options = _options(function, defaults)
        for other in (second, bound):
            if other is not None and _arguments(other) != _arguments(function):
                raise SpecificationError(
                    f"{function.__name__}: its second derivative and bound must take the same arguments, "
                    f"{', '.join(_arguments(function))}",
                    option="loss",
                )
        functions = {"row": function, "second": second, "bound": bound, "probability": probability}
        functions |= {"inverse_link": inverse_link or probability or identity, "link": link or identity}
        CUSTOM[own_name] = type(
            function.__name__,
            (CustomLoss,),
            {
                **{key: None if given is None else staticmethod(given) for key, given in functions.items()},
                "__doc__": function.__doc__ or formula,
                "__module__": function.__module__,
                "name": own_name,
                "formula": formula or function.__name__,
                "classes": classes,
                "domain": domain,
                "starts_at_mean": link is not None,
                "ranges": {option: (ranges or {}).get(option, ANY_NUMBER) for option in options},
                "defaults": dict(defaults),
            },
        )
        return CUSTOM[own_name]

    return made


class CustomLoss(Loss):
    """A loss that was made of a function by `loss`."""

    def to_dict(self) -> dict[str, Any]:
        return {**super().to_dict(), "module": type(self).__module__}


def _arguments(function: Callable[..., Any]) -> tuple[str, ...]:
    return function.__code__.co_varnames[: function.__code__.co_argcount]


def _options(function: Callable[..., Any], defaults: dict[str, float]) -> tuple[str, ...]:
    """The options, in the order of the function's arguments."""
    first, options = _arguments(function)[:2], _arguments(function)[2:]
    if first != ("score", "target"):
        raise SpecificationError(f"{function.__name__}: its arguments must begin with score, target", option="loss")
    for option in options:
        if option not in defaults:
            raise SpecificationError(
                f"{function.__name__}: the argument {option!r} has no meaning: give it a default in @loss",
                option=option,
                allowed="score, target, or an option",
            )
    for option in defaults:
        if option not in options:
            raise SpecificationError(
                f"{function.__name__}: the option {option!r} is no argument of the function", option=option
            )
    return options
