"""What every schedule has in common: its options, checked, and its one function of the step."""

from __future__ import annotations

from ..named import Named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar, Self


class Schedule(Named):
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

    moves: bool = True  # by itself, whatever the loss does
    steady: bool = False  # whether one rate holds between two looks at the loss
    watches: ClassVar[bool] = False
    sees: ClassVar[bool] = False

    def __copy__(self) -> Self:
        """The same schedule at the same place. Every look at the loss keeps one: Python's own way takes longer."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    def rate(self, k: int, base: float) -> float:
        """The learning rate of step k."""
        raise NotImplementedError

    def see(self, loss: float) -> None:
        """The mean training loss of the epoch that has just ended, each batch's before its update."""

    def plateau(self, loss: float) -> bool:
        """The loss has stopped falling and stands here: is there another rate to go on with?"""
        return self.moves
