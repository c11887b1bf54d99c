"""What every schedule has in common: its options, checked, and its one function of the step."""

from __future__ import annotations

from ..errors import SpecificationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from .allowed import Range


class Schedule:
    """The learning rate as a function of the step: rate(k, base), k counted from 1, base the rate of the run.

    Step k has the rate that torch's scheduler of the same name shows after k - 1 calls of its `step()` (`last_epoch` is
    k - 1), and optax's schedule at count k - 1; t stands for that k - 1 in formulas. Every rate in the options is a
    fraction of base, so a schedule does not depend on how base was found; every length is a number of steps, that is
    of updates. After its last step a schedule stays where it is.

    Lengths that are None are open: `settled(steps)` fills them in from the steps of the whole run, and before that
    rate raises SpecificationError. `to_dict` gives the name and the options for `schedule_from_dict`, through JSON too.

    A schedule that `watches` the loss changes between steps; all others are pure functions. One that `sees` is shown
    the mean training loss of every epoch, by `see(loss)`. `plateau(loss)` asks, when the loss has stopped falling,
    whether there is another rate to go on with: a rate that is still moving by itself is one.
    """

    name: ClassVar[str] = ""
    formula: ClassVar[str] = ""
    paper: ClassVar[str] = ""
    ranges: ClassVar[dict[str, Range]] = {}
    left_open: ClassVar[tuple[str, ...]] = ()  # options that may be None until the run's steps are known
    optional: ClassVar[tuple[str, ...]] = ()  # options for which None means something
    moves: bool = True  # by itself, whatever the loss does
    watches: ClassVar[bool] = False
    sees: ClassVar[bool] = False

    def _set(self, **values: object) -> None:
        """Check the options and make them attributes; an open one has none, so that using it is an error."""
        self.options: dict[str, Any] = {}
        for option, value in values.items():
            none = value is None and option in (*self.left_open, *self.optional)
            self.options[option] = None if none else self._checked(option, value)
            if not none or option in self.optional:
                setattr(self, option, self.options[option])

    def _checked(self, option: str, value: object) -> Any:
        read = self.ranges[option].read(value)
        if read is None:
            raise self.refused(option, value, str(self.ranges[option]))
        return read

    def refused(self, option: str, value: object, allowed: str) -> SpecificationError:
        return SpecificationError(
            f"{option}={value!r} is not possible for {self.name}: it must be {allowed}",
            option=option,
            value=value,
            allowed=allowed,
        )

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            if name not in type(self).left_open:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            raise SpecificationError(
                f"{name}=None is still open in {self!r}: give it, or take settled(steps of the run)", option=name
            )

    def rate(self, k: int, base: float) -> float:
        """The learning rate of step k."""
        raise NotImplementedError

    def see(self, loss: float) -> None:
        """The mean training loss of the epoch that has just ended, each batch's before its update."""

    def plateau(self, loss: float) -> bool:
        """The loss has stopped falling and stands here: is there another rate to go on with?"""
        return self.moves

    def settled(self, steps: int) -> Schedule:
        """The same schedule with nothing left open, for a run of this many steps."""
        missing = {option: self._filled(option, steps) for option in self.left_open if self.options[option] is None}
        return type(self)(**{**self.options, **missing}) if missing else self

    def _filled(self, option: str, steps: int) -> object:
        """What an open option is in a run of so many steps: all of them, unless a schedule says otherwise."""
        return steps

    def to_dict(self) -> dict[str, object]:
        return {"name": self.name, **{option: written(value) for option, value in self.options.items()}}

    def __repr__(self) -> str:
        options = ", ".join(f"{option}={value!r}" for option, value in self.options.items())
        return f"{type(self).__name__}({options})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.to_dict() == self.to_dict()

    def __hash__(self) -> int:
        return hash(repr(self))


def written(value: object) -> object:
    """An option's value in the types of JSON."""
    if isinstance(value, Schedule):
        return value.to_dict()
    return [written(item) for item in value] if isinstance(value, tuple) else value
