"""What every loss has in common: one scalar function of a row's score and target, and the link to predictions."""

from __future__ import annotations

from ..errors import SpecificationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar

    from ..allowed import Interval


def identity(score: float) -> float:
    return score


class Loss:
    """A loss of one score a row. A subclass names its functions, all written in the vocabulary of `fallline.scalar`:

    row(score, target, *numbers) -> (value, slope): the loss and its derivative by the score, one scalar function.
    second(score, target, *numbers): the second derivative by the score; None where it is 0 wherever it exists.
    bound(score, target, *numbers): what planning takes for the curvature, where `second` says too little: it may be 0
    at the start, or far from what it will be on the way. Where there is neither, planning puts a parabola in its place
    (`planning/stand_in.py`).
    inverse_link(score): the prediction, the mean of the target where the model is right; `link` is its inverse.
    probability(score): that of the second class, where the loss gives one.

    numbers: what the loss is given besides (a threshold, a quantile), each with a range and a default; they are data
    for the compiled kernels, so a change of them compiles nothing.
    classes: whether it is for classes: of two, the target is 0.0 or 1.0. domain: the targets that it is defined for.
    starts_at_mean: whether the intercept starts at the link of the mean target, and not at 0: where the slope at 0
    may say nothing of how far it is, or far too much.
    many: whether a row has a score for each class, `scores` of them; then see `softmax.py`.
    score_name: what a score is called, where it is not the target itself.
    """

    name: str
    formula: str
    other_names: ClassVar[tuple[str, ...]] = ()
    ranges: ClassVar[dict[str, Interval]] = {}
    defaults: ClassVar[dict[str, float]] = {}
    row: Callable[..., Any]
    second: Callable[..., float] | None = None
    bound: Callable[..., float] | None = None
    inverse_link: Callable[[float], float] = staticmethod(identity)
    link: Callable[[float], float] = staticmethod(identity)
    probability: Callable[[float], float] | None = None
    classes: bool = False
    domain: Interval | None = None
    starts_at_mean: ClassVar[bool] = False
    many: ClassVar[bool] = False
    score_name: str = ""
    scores: int = 1

    def __init__(self, **options: float):
        """SpecificationError for an option that the loss does not have, or a value that it cannot have."""
        unknown = [option for option in options if option not in self.ranges]
        if unknown:
            allowed = ", ".join(self.ranges) or "none"
            raise SpecificationError(
                f"loss {self.name!r} has no option {unknown[0]!r}: its options are {allowed}",
                option=unknown[0],
                allowed=allowed,
            )
        for option, allowed_values in self.ranges.items():
            value = options.get(option, self.defaults[option])
            read = allowed_values.read(value)
            if read is None:
                raise SpecificationError(
                    f"{option}={value!r} is not possible for loss {self.name!r}: it must be {allowed_values}",
                    option=option,
                    value=value,
                    allowed=str(allowed_values),
                )
            setattr(self, option, read)

    @property
    def options(self) -> dict[str, float]:
        """Every option and its value."""
        return {option: getattr(self, option) for option in self.ranges}

    @property
    def numbers(self) -> tuple[float, ...]:
        """What the functions take after score and target."""
        return tuple(self.options.values())

    @property
    def curvature(self) -> Callable[..., float] | None:
        """What planning and stability limits take for the second derivative: `bound`, or else `second`."""
        return self.bound or self.second

    def settled(self, classes: int) -> Loss:
        """The loss for a target of this many classes (0: a number)."""
        return self

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, **self.options}

    def __repr__(self) -> str:
        options = ", ".join(f"{option}={value!r}" for option, value in self.to_dict().items() if option != "name")
        return f"{type(self).__name__}({options})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.to_dict() == self.to_dict()

    def __hash__(self) -> int:
        return hash(repr(self))
