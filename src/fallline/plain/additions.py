"""What a step has besides the loss and the rule: penalties and transforms, in plain lists, in the order of the law."""

from __future__ import annotations

from ..errors import SpecificationError
from ..penalties import Features
from ..penalties import in_order as penalties_in_order
from ..sums import Vector, tree_sum
from ..transforms import in_order as transforms_in_order
from ..transforms.transform import AVERAGE, DECAY, GRADIENT, STEP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..penalties import Penalty
    from ..rules.rule import Numbers, Rule
    from ..transforms import Transform

INFINITY = float("inf")


class Additions:
    """Penalties and transforms in order, and their numbers.

    features: what the coefficients belong to. part: the rows of a batch, where several make a step (accumulation).
    columns: for each penalty and each of its numbers, a list of one for each coefficient.
    """

    def __init__(
        self,
        penalties: tuple[Penalty, ...] = (),
        transforms: tuple[Transform, ...] = (),
        features: Features | None = None,
        part: int | None = None,
    ):
        self.features = features or Features(())
        self.penalties, transforms = penalties_in_order(penalties), transforms_in_order(transforms)
        self.part = part
        self.columns = [penalty.columns(self.features) for penalty in self.penalties]
        self.smooth = [pair for pair in zip(self.penalties, self.columns) if pair[0].slope is not None]
        self.valued = [pair for pair in zip(self.penalties, self.columns) if pair[0].value is not None]
        self.proximal = [pair for pair in zip(self.penalties, self.columns) if pair[0].prox is not None]
        self.grouped = next((pair for pair in zip(self.penalties, self.columns) if pair[0].group_term), None)
        self.groups = members(self.grouped[0].groups(self.features)) if self.grouped else []
        self.needs_scale = any(penalty.needs_scale for penalty in self.penalties)
        # The transforms with numbers, in the order in which those stand, and where they begin.
        self.numbered = [one for one in transforms if one.place in (GRADIENT, STEP, DECAY, AVERAGE)]
        counts = [len(one.numbers(1, 1.0)) for one in self.numbered]
        places = [slice(sum(counts[:i]), sum(counts[: i + 1])) for i in range(len(counts))]
        self.count = sum(counts)
        self.before = [pair for pair in zip(self.numbered, places) if pair[0].place == GRADIENT]
        self.after = [pair for pair in zip(self.numbered, places) if pair[0].place == STEP]
        self.decay = next((place for one, place in zip(self.numbered, places) if one.place == DECAY), None)
        self.average = next((pair for pair in zip(self.numbered, places) if pair[0].place == AVERAGE), None)

    def numbers(self, k: int, rate: float) -> Numbers:
        """What stands behind the rule's numbers in step k at this rate."""
        return tuple(number for one in self.numbered for number in one.numbers(k, rate))

    def split(self, numbers: Numbers) -> tuple[Numbers, Numbers]:
        """The rule's numbers, and those of `numbers`."""
        cut = len(numbers) - self.count
        return numbers[:cut], numbers[cut:]

    def start(self, theta: Vector) -> Vector:
        """The allowed point nearest to theta."""
        theta = list(theta)
        for penalty, columns in self.proximal:
            if penalty.bounds and penalty.prox is not None:
                for j, numbers in enumerate(zip(*columns)):
                    theta[j] = penalty.prox(theta[j], 0.0, *numbers)
        return theta

    def penalty(self, theta: Vector) -> float:
        """What the penalties add to the objective."""
        if not self.penalties:
            return 0.0
        values = [0.0] * len(self.features.names)
        for i, (penalty, columns) in enumerate(self.valued):
            assert penalty.value is not None
            for j, numbers in enumerate(zip(*columns)):
                value = penalty.value(theta[j], *numbers)
                values[j] = values[j] + value if i else value
        total = tree_sum(values)
        if self.grouped is not None:
            penalty, columns = self.grouped
            assert penalty.group_value is not None
            total += tree_sum(
                [
                    penalty.group_value(self._group_sum(theta, group), *(column[group[0]] for column in columns))
                    for group in self.groups
                ]
            )
        return total

    def penalized(self, gradient: Vector, point: Vector) -> Vector:
        """The gradient with the smooth penalties' slopes at the point where it was taken."""
        gradient = list(gradient) if self.smooth else gradient
        for penalty, columns in self.smooth:
            assert penalty.slope is not None
            for j, numbers in enumerate(zip(*columns)):
                gradient[j] = gradient[j] + penalty.slope(point[j], *numbers)
        return gradient

    def change(
        self, pairs: list[tuple[Transform, slice]], values: Vector, theta: Vector, shares: Vector, numbers: Numbers
    ) -> tuple[Vector, Vector] | None:
        """The gradient or step after its transforms, and by what `scale` is multiplied; None if a sum is infinite."""
        for transform, place in pairs:
            factor = self.factor(transform, values, theta, numbers[place])
            if factor is None:
                return None
            assert transform.share is not None and transform.apply is not None
            shares = [share * transform.share(value, factor) for share, value in zip(shares, values)]
            values = [transform.apply(value, factor) for value in values]
        return values, shares

    @staticmethod
    def sums(transform: Transform, values: Vector, theta: Vector) -> Numbers:
        """A transform's sums over all parameters."""
        if transform.term is None:
            return ()
        terms = [transform.term(value, before) for value, before in zip(values, theta)]
        rows = terms if isinstance(terms[0], tuple) else [(term,) for term in terms]
        return tuple(tree_sum(list(column)) for column in zip(*rows))

    def factor(self, transform: Transform, values: Vector, theta: Vector, numbers: Numbers) -> float | None:
        """What a transform makes of its sums; None if one is infinite, which a factor would hide."""
        sums = self.sums(transform, values, theta)
        if not all(-INFINITY < total < INFINITY for total in sums):
            return None
        assert transform.finish is not None
        return transform.finish(*sums, *numbers)

    def scales(self, rule: Rule, states: Sequence[Sequence[float]], numbers: Numbers, shares: Vector) -> Vector:
        """The scale of each coefficient's proximal step: the rule's, by what the transforms multiplied."""
        shares = shares[: len(self.features.names)]
        if not self.needs_scale or rule.scale is None:
            return shares
        return [rule.scale(*state, *numbers) * share for state, share in zip(states, shares)]

    def proximal_step(self, theta: Vector, scales: Vector) -> Vector:
        """Theta after the proximal steps, and within the bounds."""
        theta = list(theta)
        for penalty, columns in self.proximal:
            assert penalty.prox is not None
            for j, numbers in enumerate(zip(*columns)):
                theta[j] = penalty.prox(theta[j], scales[j], *numbers)
        for group in self.groups:
            factor = self.grouped[0].group_factor(*self.group_arguments(theta, scales, group))  # type: ignore[index, misc]
            for j in group:
                theta[j] = self.grouped[0].group_shrunk(theta[j], factor)  # type: ignore[index, misc]
        return theta

    def averaged(self, mean: Vector, theta: Vector, numbers: Numbers) -> Vector:
        """The average of the parameters after a step to theta."""
        transform, place = self.average  # type: ignore[misc]
        (share,) = numbers[place]
        return [transform.average(old, value, share) for old, value in zip(mean, theta)]  # type: ignore[misc]

    def group_arguments(self, theta: Vector, scales: Vector, group: list[int]) -> Numbers:
        """What the factor of a group is made of; its members have one scale."""
        numbers = (column[group[0]] for column in self.grouped[1])  # type: ignore[index]
        return (self._group_sum(theta, group), scales[group[0]], *numbers)

    def _group_sum(self, theta: Vector, group: list[int]) -> float:
        return tree_sum([self.grouped[0].group_term(theta[j]) for j in group])  # type: ignore[index, misc]


NONE = Additions()


def members(group_of: list[int]) -> list[list[int]]:
    """The features of each group, in their order, the groups by their first feature."""
    found: dict[int, list[int]] = {}
    for j, group in enumerate(group_of):
        found.setdefault(group, []).append(j)
    return list(found.values())


def check_together(rule: Rule, penalties: Sequence[Penalty], transforms: Sequence[Transform]) -> None:
    """Raise SpecificationError for penalties and transforms that would not be right with this rule."""
    clipped = next((one for one in transforms if one.place in (GRADIENT, STEP) and one.term is None), None)
    for penalty in penalties:
        grouped = penalty.group_term is not None
        if penalty.needs_scale and (reason := not_proximal(rule)):
            raise _mismatch("penalty", penalty.name, rule, reason, "sgd, momentum, nesterov or adam; or penalty l2")
        if grouped and rule.adaptive:
            reason = "needs one scale for all coefficients of a group, and this rule scales each by its own state"
            raise _mismatch("penalty", penalty.name, rule, reason, "sgd, momentum or nesterov; or penalty l1")
        if grouped and clipped is not None:
            reason = "needs one scale for all coefficients of a group"
            raise SpecificationError(
                f"penalty: {penalty.name} {reason}, and {clipped.name} changes each by itself: use clip_by_norm",
                option="penalty",
                value=penalty.name,
                allowed="clip_by_norm",
            )
        if penalty.bounds and (reason := _elsewhere(rule)):
            raise _mismatch("penalty", penalty.name, rule, reason, "a rule whose theta is the point it descends from")
    for transform in transforms:
        reason, use = "", "penalty l2, or another rule"
        if transform.place == DECAY and rule.decays:
            reason, use = "would come twice: this rule decays already", "adam, or leave it out"
        elif transform.place == DECAY:
            reason = _elsewhere(rule)
        elif transform.place == AVERAGE and rule.answer is not None:
            reason, use = "would be a second average: this rule answers with its own", "sgd with this one"
        if reason:
            raise _mismatch(transform.name, transform.name, rule, reason, use)


def not_proximal(rule: Rule) -> str:
    """Why a proximal step would not be right with the rule; "" where it is."""
    if rule.scale is None and rule.point is None:
        return "needs the rule's step ÷ gradient, and this rule's steps do not grow with the gradient"
    return _elsewhere(rule) or rule.no_proximal_step


def _elsewhere(rule: Rule) -> str:
    if rule.point is not None:
        return "would move theta, and this rule takes its gradient at another point"
    if rule.answer is not None:
        return "would move theta, and this rule answers with another point, which it would not reach"
    return ""


def _mismatch(option: str, name: str, rule: Rule, reason: str, allowed: str) -> SpecificationError:
    what = f"{option}: {name}" if option != name else name
    return SpecificationError(
        f"{what} does not go with rule {rule.name}: it {reason}; use {allowed}",
        option=option,
        value=name,
        allowed=allowed,
    )
