"""What all schedules have in common: documentation, purity, and the way to JSON and back."""

from __future__ import annotations

import ast
import inspect
import json
import random
from pathlib import Path

import pytest
from schedule_cases import EXAMPLES, FUNCTIONS, rates

from fallline import schedules as s
from fallline.errors import SpecificationError
from fallline.schedules import SCHEDULES, schedule_from_dict, schedule_named

every_example = pytest.mark.parametrize("schedule", EXAMPLES, ids=repr)
every_function = pytest.mark.parametrize("schedule", FUNCTIONS, ids=repr)


def test_every_schedule_has_an_example() -> None:
    """The examples of these tests hold every schedule of the list."""
    assert {schedule.name for schedule in EXAMPLES} == set(SCHEDULES)
    assert all(SCHEDULES[schedule.name] is type(schedule) for schedule in EXAMPLES)


@pytest.mark.parametrize("kind", SCHEDULES.values(), ids=lambda kind: kind.name)
def test_a_schedule_is_short_and_documented(kind: type[s.Schedule]) -> None:
    """Each has a formula, options in the order of its arguments, and in its own words each option's name."""
    assert kind.formula and kind.__doc__ and kind.__doc__ != s.Schedule.__doc__
    assert [*inspect.signature(kind).parameters] == [*kind.ranges]
    assert all(option in kind.__doc__ for option in kind.ranges)
    assert kind.paper or kind.name in ("constant", "plateau")
    assert len(Path(inspect.getfile(kind)).read_text(encoding="utf-8").splitlines()) <= 80


@pytest.mark.parametrize("kind", SCHEDULES.values(), ids=lambda kind: kind.name)
def test_a_schedule_uses_our_arithmetic_alone(kind: type[s.Schedule]) -> None:
    """No schedule takes a power or a function from Python."""
    nodes = list(ast.walk(ast.parse(Path(inspect.getfile(kind)).read_text(encoding="utf-8"))))
    assert not [node for node in nodes if isinstance(node, ast.Pow | ast.Import)]
    assert not [node for node in nodes if isinstance(node, ast.Name) and node.id in ("pow", "sum")]


@every_function
def test_a_schedule_is_a_pure_function(schedule: s.Schedule) -> None:
    """The rates are the same in whatever order they are asked for, and from a new object, bit for bit."""
    settled = schedule.settled(60)
    steps = [*range(1, 200), 10**6, 10**12]
    forward = {k: settled.rate(k, 0.3) for k in steps}
    random.SystemRandom().shuffle(steps)
    again = schedule_from_dict(settled.to_dict())
    assert {k: settled.rate(k, 0.3) for k in steps} == forward == {k: again.rate(k, 0.3) for k in steps}
    assert all(type(rate) is float for rate in forward.values())


@every_function
@pytest.mark.parametrize("steps", [1, 2, 3, 60, 1000])
def test_rates_lie_between_0_and_base(schedule: s.Schedule, steps: int) -> None:
    """In a run of any length every rate is from 0 to base; only `optimal` with a given t0 goes its own way."""
    settled = schedule.settled(max(steps, schedule.options.get("warmup") or 1))
    inside = [0.0 <= rate <= 0.02 * (1.0 + 1e-15) for rate in rates(settled, steps + 5, 0.02)]
    assert all(inside) or schedule.name == "optimal"


@every_function
def test_rates_are_in_proportion_to_base(schedule: s.Schedule) -> None:
    """Twice the base is twice every rate; only `optimal` has a rate of its own."""
    settled = schedule.settled(60)
    if schedule.name != "optimal":
        assert [2.0 * rate for rate in rates(settled, 80, 0.3)] == rates(settled, 80, 0.6)


@every_example
def test_to_json_and_back(schedule: s.Schedule) -> None:
    """to_dict, JSON and schedule_from_dict give an equal schedule, open or settled, and so does its repr."""
    for one in (schedule, schedule.settled(60)):
        written = json.loads(json.dumps(one.to_dict()))
        assert written == one.to_dict()
        again = schedule_from_dict(written)
        assert again == one and hash(again) == hash(one) and type(again) is type(one)
        assert eval(repr(one), vars(s)) == one
    assert schedule.settled(60).settled(7) == schedule.settled(60)


@pytest.mark.parametrize("name", SCHEDULES)
def test_what_is_open_is_named(name: str) -> None:
    """A schedule by its name alone settles for a run, and before that an open length is an error that says so."""
    if name == "sequence":
        with pytest.raises(SpecificationError, match="schedules"):
            schedule_named(name)
        return
    schedule = schedule_named(name)
    assert schedule.settled(90).rate(5, 0.1) >= 0.0
    if schedule.left_open:
        with pytest.raises(SpecificationError, match=f"{schedule.left_open[0]}=None is still open in .*settled"):
            schedule.rate(5, 0.1)
    assert not hasattr(schedule, "nothing")
