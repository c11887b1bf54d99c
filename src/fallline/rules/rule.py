"""What every update rule has in common: its numbers, its one scalar function, and where they meet."""

from __future__ import annotations

from ..errors import SpecificationError
from ..sums import tree_sum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, ClassVar

    from ..allowed import Interval, Switch

Numbers = tuple[float, ...]

RATE_INSIDE = "needs the rate outside of what is remembered, where a changed rate holds at once: rate_in_velocity=False"
CONVENTIONS = ("torch", "optax", "keras", "sklearn")


class Rule:
    """One update rule: theta <- theta - step, with the step computed parameter by parameter.

    A rule names its scalar function `step(g, *state, *numbers) -> step | (step, *state)`, written in the
    vocabulary of `fallline.scalar`; every runtime executes that text. `numbers(k, rate, carry)` gives what it takes
    after the state in step k (counted from 1), the rate first, and `carry` what it hands on to the next step.

    What a rule may have besides:
    `scale(*state, *numbers)`, the step divided by the gradient when the gradient stays constant;
    a second argument of `step` named theta, the parameter before the step;
    `first_state(theta)`, the state before step 1 where it is not 0;
    `decays`: the last of its numbers is no argument of `step` but 1 - rate * decay, by which theta is multiplied;
    `point(theta, *state, *numbers)`, where the gradient is taken, if that is not theta;
    `answer(theta, *state)`, which point is the result, if that is not theta;
    `no_proximal_step`: why `scale` is no good for the proximal step of l1, where it is not;
    `terms(g, theta, *state)`, whose sums over all parameters, in the order of the law, `step` takes last;
    `products`, the hyper-parameters whose running products are the carry, if `numbers` is otherwise plain arithmetic
    without branches: then it is called for many steps at once, with arrays of k, rates and carries.
    `plain_steps`: how many steps at the start are plain descent, with a rate in another unit than the later ones';
    `lazy`: a step with g = 0.0 leaves the parameter and its state as they are, to the last bit, whatever they are. Then
    a step on sparse rows need not visit the parameters that its batch does not touch.
    """

    name: ClassVar[str]
    paper: ClassVar[str]
    formula: str
    ranges: ClassVar[dict[str, Interval | Switch]]  # of every hyper-parameter, the learning rate first
    defaults: ClassVar[dict[str, float | bool]]
    conventions: ClassVar[dict[str, dict[str, float | bool]]] = {}  # where another framework's defaults differ
    step: Callable[..., Any]
    scale: Callable[..., float] | None = None
    state: tuple[str, ...] = ()
    adaptive: ClassVar[bool] = False  # whether `scale` depends on the state
    no_proximal_step: str = ""
    scheduled: ClassVar[bool] = True  # whether a rate that falls helps it: `schedule="auto"` is constant if not
    whole_table: ClassVar[bool] = False  # whether it needs batches of all rows, as `batch_size="auto"` then gives it
    decays: bool = False
    lazy: bool = False
    plain_steps: int = 0
    point: Callable[..., float] | None = None
    answer: Callable[..., float] | None = None
    terms: Callable[..., tuple[float, ...]] | None = None
    products: tuple[str, ...] | None = None
    learning_rate: float | None
    given: frozenset[str]  # the hyper-parameters that are not those of `defaults` because nothing else was said

    def __init__(self, learning_rate: float | None = None, *, convention: str | None = None, **options: float | bool):
        """Hyper-parameters that are not given are those of the convention ("torch", "optax", "keras", "sklearn"), or
        else of `defaults`. Raises SpecificationError for an unknown or impossible one.
        """
        unknown = [option for option in options if option not in self.ranges]
        if unknown:
            allowed = ", ".join(self.ranges)
            raise SpecificationError(
                f"{self.name} has no hyper-parameter {unknown[0]!r}: it has {allowed}",
                option=unknown[0],
                allowed=allowed,
            )
        if convention is not None and convention not in self.conventions:
            allowed = " or ".join(self.conventions) or "none"
            raise SpecificationError(
                f"convention={convention!r} is not known for {self.name}: use {allowed}",
                option="convention",
                value=convention,
                allowed=allowed,
            )
        given = options if learning_rate is None else {"learning_rate": learning_rate, **options}
        chosen = {**self.conventions.get(convention or "", {}), **given}
        self.given = frozenset(chosen)
        settled = {**self.defaults, **chosen}
        for option, allowed_values in self.ranges.items():
            value = settled.get(option)
            read = None if value is None else allowed_values.read(value)
            if read is None and not (value is None and option == "learning_rate"):  # whoever runs it settles the rate
                raise SpecificationError(
                    f"{option}={value!r} is not possible for {self.name}: it must be {allowed_values}",
                    option=option,
                    value=value,
                    allowed=str(allowed_values),
                )
            setattr(self, option, read)

    @property
    def hyperparameters(self) -> dict[str, float | bool | None]:
        """Every hyper-parameter and its value, the learning rate first."""
        return {option: getattr(self, option) for option in self.ranges}

    def start_carry(self) -> Numbers:
        """What `numbers` is handed in step 1."""
        return ()

    def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
        """The arguments of `step` after the state, in step k at this learning rate, and the next carry."""
        raise NotImplementedError

    @property
    def stability(self) -> float:
        """The rule converges on a quadratic with Hessian H while rate * lambda_max((scale / rate) * H) is below this.

        (scale / rate) * H has H's rows multiplied by each parameter's `scale` at rate 1.
        """
        return 2.0

    def scale_at_rate_1(self, state: Sequence[float], numbers: Numbers) -> float:
        """The step of one parameter divided by its gradient, if the gradient stayed as it is, at learning rate 1."""
        if self.scale is None:
            raise SpecificationError(
                f"{self.name} has no fixed ratio of step and gradient", option="rule", value=self.name
            )
        return self.scale(*state, 1.0, *self.split(numbers)[0][1:])

    @property
    def takes_theta(self) -> bool:
        return self.step.__code__.co_varnames[1] == "theta"

    def first_state(self, theta: float) -> tuple[float, ...]:
        """The state of a parameter before step 1."""
        return (0.0,) * len(self.state)

    def split(self, numbers: Numbers) -> tuple[Numbers, float]:
        """The numbers that `step` takes, and what theta is multiplied by."""
        return (numbers[:-1], numbers[-1]) if self.decays else (numbers, 1.0)

    def term_sums(
        self, gradient: Sequence[float], theta: Sequence[float], states: Sequence[Sequence[float]]
    ) -> Numbers:
        """The sums over all parameters that `step` takes last, in the order of the law; none for most rules."""
        if self.terms is None:
            return ()
        terms = [self.terms(g, value, *state) for g, value, state in zip(gradient, theta, states)]
        return tuple(tree_sum(list(column)) for column in zip(*terms))

    def with_rate(self, rate: float) -> Rule:
        """The same rule at another learning rate."""
        return self.with_options(learning_rate=rate)

    def with_options(self, **options: float | bool) -> Rule:
        """The same rule, but for these hyper-parameters."""
        return type(self)(**{**self.hyperparameters, **options})  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, object]:
        return {"name": self.name, **self.hyperparameters}

    def __repr__(self) -> str:
        options = ", ".join(f"{option}={value!r}" for option, value in self.hyperparameters.items())
        return f"{type(self).__name__}({options})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.to_dict() == self.to_dict()

    def __hash__(self) -> int:
        return hash(repr(self))

    def update(self, g: float, theta: float, state: Sequence[float], numbers: Numbers) -> tuple[float, ...]:
        """The step of one parameter and its new state, (step, *state); the numbers are those that `step` takes."""
        result = self.result(g, theta, state, numbers)
        return result if self.state else (result,)

    def result(self, g: float, theta: float, state: Sequence[float], numbers: Numbers) -> Any:
        """What `step` returns."""
        return self.step(g, theta, *state, *numbers) if self.takes_theta else self.step(g, *state, *numbers)

    def trajectory(self, start: Sequence[float], gradients: Iterable[Sequence[float]]) -> Iterator[list[float]]:
        """Yield theta(1), theta(2), … from theta(0) = start, one for each gradient; gradients are read lazily.

        Plain Python. A gradient is that at theta, or at the point where the rule takes it.
        Raises SpecificationError when the rule has no learning rate or a gradient's length is wrong.
        """
        if self.learning_rate is None:
            raise SpecificationError(f"{self.name}: a trajectory needs a learning_rate", option="learning_rate")
        theta = [float(value) for value in start]
        states = [self.first_state(value) for value in theta]
        carry = self.start_carry()
        for k, gradient in enumerate(gradients, start=1):
            if len(gradient) != len(theta):
                raise SpecificationError(
                    f"gradient {k} has {len(gradient)} entries, the start has {len(theta)}", option="gradients"
                )
            numbers, carry = self.numbers(k, self.learning_rate, carry)
            numbers, keep = self.split(numbers)
            numbers += self.term_sums(gradient, theta, states)
            for j, g in enumerate(gradient):
                step, *new_state = self.update(float(g), theta[j], states[j], numbers)
                states[j] = tuple(new_state)
                theta[j] = theta[j] * keep - step
            yield list(theta)
