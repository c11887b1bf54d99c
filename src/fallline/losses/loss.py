"""What every loss has in common: one scalar function of a row's score and target, and the link to predictions."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Loss:
    """A loss of one score a row.

    row(score, target) -> (value, slope): the loss and its derivative by the score, one scalar function.
    second(score, target): the second derivative by the score.
    inverse_link(score): the prediction, the mean of the target where the model is right.
    """

    def __init__(
        self,
        name: str,
        formula: str,
        row: Callable[[float, float], tuple[float, float]],
        second: Callable[[float, float], float],
        inverse_link: Callable[[float], float],
        *,
        classes: bool,
        other_names: tuple[str, ...] = (),
    ):
        self.name, self.formula, self.other_names = name, formula, other_names
        self.row, self.second, self.inverse_link = row, second, inverse_link
        self.classes = classes

    def __repr__(self) -> str:
        return f"<loss {self.name}: {self.formula}>"
