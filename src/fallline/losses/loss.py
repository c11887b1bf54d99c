"""What every loss has in common: one scalar function of a row's score and target, and the link to predictions."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Loss:
    """A loss of one score a row.

    row(score, target, *numbers) -> (value, slope): the loss and its derivative by the score, one scalar function.
    second(score, target, *numbers): the second derivative by the score.
    inverse_link(score): the prediction, the mean of the target where the model is right.
    numbers: what the loss is given besides (a threshold, a quantile); most have none.
    """

    def __init__(
        self,
        name: str,
        formula: str,
        row: Callable[..., tuple[float, float]],
        second: Callable[..., float],
        inverse_link: Callable[[float], float],
        *,
        classes: bool,
        numbers: tuple[float, ...] = (),
        other_names: tuple[str, ...] = (),
    ):
        self.name, self.formula, self.other_names = name, formula, other_names
        self.row, self.second, self.inverse_link = row, second, inverse_link
        self.classes, self.numbers = classes, numbers

    def __repr__(self) -> str:
        return f"<loss {self.name}: {self.formula}>"
