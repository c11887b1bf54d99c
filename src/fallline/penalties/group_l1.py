"""Group l1: the coefficients of a group are 0 together, or none of them is (the group lasso)."""

from __future__ import annotations

from ..allowed import NOT_NEGATIVE, options
from ..errors import SpecificationError
from ..scalar import maximum, sqrt, where
from .penalty import Columns, Features, Penalty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def square(w: float) -> float:
    return w * w


def group_value(squares: float, l1: float) -> float:
    return l1 * sqrt(squares)


def group_factor(squares: float, scale: float, l1: float) -> float:
    """How much of a group is left: 1 - threshold / norm, or nothing."""
    norm = sqrt(squares)
    return maximum(1.0 - scale * l1 / where(norm > 0.0, norm, 1.0), 0.0)


def group_shrunk(w: float, factor: float) -> float:
    return where(factor > 0.0, w * factor, 0.0)


class NameLists:
    """Lists of names, none of them twice."""

    def read(self, value: object) -> tuple[tuple[str, ...], ...] | None:
        if not isinstance(value, list | tuple) or not all(isinstance(group, list | tuple) for group in value):
            return None
        found = tuple(tuple(group) for group in value)
        names = [name for group in found for name in group]
        return found if all(isinstance(name, str) for name in names) and len(set(names)) == len(names) else None

    def __str__(self) -> str:
        return "lists of column names, none of them twice"


class GroupL1(Penalty):
    """objective = mean loss + alpha * sum over groups of sqrt(size) * |w of the group|, by a proximal step.

    |.| is the Euclidean norm of the coefficients of the scaled features. groups: lists of names, of the table's columns
    (all the 0/1 features of a text column) or of features; what is in no list is a group for each column of the table.
    The proximal step needs one scale for the whole group, so rules that scale each parameter by its own state refuse.
    """

    name = "group_l1"
    formula = "alpha * sqrt(size of the group) * |w of the group|"
    paper = "Yuan & Lin (2006), Model Selection and Estimation in Regression with Grouped Variables"
    ranges = options(alpha=NOT_NEGATIVE, groups=NameLists())
    optional = ("groups",)
    group_term = staticmethod(square)
    group_value = staticmethod(group_value)
    group_factor = staticmethod(group_factor)
    group_shrunk = staticmethod(group_shrunk)

    alpha: float
    groups_given: tuple[tuple[str, ...], ...]

    def __init__(self, alpha: float = 1e-4, groups: Sequence[Sequence[str]] | None = None):
        self.options = {}
        self.alpha = self._checked("alpha", alpha)
        self.groups_given = () if groups is None else self._checked("groups", groups)
        self.options = {"alpha": self.alpha, "groups": None if groups is None else self.groups_given}

    def numbers(self) -> tuple[float, ...]:
        return (self.alpha,)

    def columns(self, features: Features) -> Columns:
        of_feature = self.groups(features)
        return [[self.alpha * sqrt(float(of_feature.count(group))) for group in of_feature]]

    def groups(self, features: Features) -> list[int]:
        found = [-1] * len(features.names)
        for number, group in enumerate(self.groups_given):
            for name in group:
                for j in features.of(name, "groups"):
                    if found[j] not in (-1, number):
                        raise SpecificationError(
                            f"groups: {features.names[j]!r} is in two of them", option="groups", value=name
                        )
                    found[j] = number
        sources = list(dict.fromkeys(features.sources))
        return [
            len(self.groups_given) + sources.index(features.sources[j]) if group == -1 else group
            for j, group in enumerate(found)
        ]
