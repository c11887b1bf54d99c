"""A rule from outside: a decorator makes a rule of a scalar function, and every runtime and law applies to it."""

from __future__ import annotations

from ..allowed import INFINITY, POSITIVE, Interval, Switch
from ..errors import SpecificationError
from .rule import Numbers, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

CUSTOM: dict[str, type[Rule]] = {}  # by name, as far as their modules have been imported
ANY_NUMBER = Interval(-INFINITY, INFINITY, low_included=False)
POWER = "_power"


def rule(
    *,
    state: Sequence[str] = (),
    name: str | None = None,
    paper: str = "",
    formula: str = "",
    ranges: dict[str, Interval | Switch] | None = None,
    scale: Callable[..., float] | None = None,
    **defaults: float,
) -> Callable[[Callable[..., Any]], type[Rule]]:
    """Make a rule of a function step(g, *state, *numbers) -> step, or (step, *state).

    The function's arguments are, in this order: g, the gradient of one parameter; theta, the parameter itself, if it
    wants it; one for each name in `state`, which starts at 0; and any of: rate, the learning rate of the step; k, the
    step counted from 1; each hyper-parameter, whose default is given by keyword here; and NAME_power, a
    hyper-parameter to the power k. It returns the step, which is subtracted from theta, and the new state.

        @rule(state=["v"], decay=0.9, epsilon=1e-8)
        def my_rmsprop(g, v, rate, decay, epsilon):
            v = decay * v + (1.0 - decay) * g * g
            return rate * g / (sqrt(v) + epsilon), v

    It is a straight line of assignments and one return, in the vocabulary of `fallline.scalar` (`where`, not if).
    `ranges` names what a hyper-parameter may be; `scale`, what `Rule.scale` is. `fallline.testing.check_rule` tests
    the rule.
    Raises SpecificationError where an argument has no meaning.
    """

    def made(function: Callable[..., Any]) -> type[Rule]:
        code = function.__code__
        arguments = code.co_varnames[: code.co_argcount]
        first = 1 + (arguments[1:2] == ("theta",))
        numbers = arguments[first + len(state) :]
        if arguments[:1] != ("g",) or arguments[first : first + len(state)] != tuple(state):
            raise SpecificationError(
                f"{function.__name__}: its arguments must begin with g{''.join(f', {one}' for one in state)}",
                option="rule",
            )
        for argument in numbers:
            if argument not in ("rate", "k", *defaults) and argument.removesuffix(POWER) not in defaults:
                raise SpecificationError(
                    f"{function.__name__}: the argument {argument!r} has no meaning: give it a default in @rule",
                    option=argument,
                    allowed="rate, k, a hyper-parameter, or NAME_power",
                )
        CUSTOM[name or function.__name__] = type(
            function.__name__,
            (CustomRule,),
            {
                "__doc__": function.__doc__ or formula,
                "__module__": function.__module__,
                "name": name or function.__name__,
                "paper": paper,
                "formula": formula,
                "step": staticmethod(function),
                "scale": None if scale is None else staticmethod(scale),
                "state": tuple(state),
                "ranges": {"learning_rate": POSITIVE, **{o: ANY_NUMBER for o in defaults}, **(ranges or {})},
                "defaults": dict(defaults),
                "arguments": numbers,
                "products": _powers(numbers, defaults),
            },
        )
        return CUSTOM[name or function.__name__]

    return made


def _powers(arguments: tuple[str, ...], defaults: Iterable[str]) -> tuple[str, ...]:
    """The hyper-parameters of which a running product is an argument."""
    own = ("learning_rate", *defaults)
    return tuple(one.removesuffix(POWER) for one in arguments if one not in own and one.endswith(POWER))


class CustomRule(Rule):
    """A rule that was made of a function by `rule`."""

    arguments: tuple[str, ...] = ()
    adaptive = True  # nothing is known of its stability before it has run

    products: tuple[str, ...] = ()  # of each rule, what `_powers` finds

    def start_carry(self) -> Numbers:
        return (1.0,) * len(self.products)

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        carry = tuple(power * getattr(self, option) for power, option in zip(carry, self.products))
        known = {"rate": rate, "k": 1.0 * k}
        known.update({option + POWER: power for option, power in zip(self.products, carry)})
        return tuple(known[one] if one in known else getattr(self, one) for one in self.arguments), carry
