"""Every form of every rule, in the runtimes that take whole vectors, and on the numbers that break a function."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress

import pytest
from law_cases import fresh_seed

from fallline.allowed import Switch
from fallline.errors import SpecificationError
from fallline.rules import RULES, Rule
from fallline.testing import _never_raises, _same_on_vectors

MOMENTA = ({}, {"momentum": 0.9})


def forms() -> Iterator[Rule]:
    """Each rule with its defaults, each convention, and every switch the other way, with and without momentum."""
    for kind in RULES.values():
        switches = [{}, *({name: True} for name, allowed in kind.ranges.items() if isinstance(allowed, Switch))]
        switches += [{name: False} for one in switches for name in one if kind.defaults[name] is True]
        for options in [*switches, *({"convention": name} for name in kind.conventions)]:
            for more in MOMENTA if "momentum" in kind.ranges else MOMENTA[:1]:
                with suppress(SpecificationError):  # not every switch goes without another
                    yield kind(**{"learning_rate": 0.01, **more, **options})  # type: ignore[arg-type]
    yield RULES["sgd"](0.01, momentum=0.9, nesterov=True, base_point=True)
    yield RULES["sgd"](0.01, momentum=0.9, nesterov=True, base_point=True, rate_in_velocity=True)
    yield RULES["sgd"](0.01, momentum=0.9, dampening=0.5)
    for centred in (False, True):
        for inside in (False, True):
            for rate_inside in (False, True):
                options = {"centred": centred, "epsilon_inside": inside, "rate_in_velocity": rate_inside}
                yield RULES["rmsprop"](0.01, momentum=0.9, **options)
            yield RULES["rmsprop"](0.01, centred=centred, epsilon_inside=inside)


FORMS = list({(rule.step, rule.point): rule for rule in forms()}.values())


@pytest.mark.parametrize("rule", FORMS, ids=lambda rule: rule.step.__name__)
def test_whole_vectors_have_the_trajectory_s_bytes(rule: Rule) -> None:
    """NumPy arrays and the compiled kernel on vectors, beside plain Python, with an all-zero first gradient."""
    _same_on_vectors(rule, fresh_seed())


@pytest.mark.parametrize("rule", FORMS, ids=lambda rule: rule.step.__name__)
def test_both_sides_of_every_where_are_defined(rule: Rule) -> None:
    """Step, scale, point and answer compute both sides of each `where`, and raise for no state, gradient or theta,
    zeros, infinities and NaN among them."""
    _never_raises(rule, random.Random(fresh_seed()))


def test_no_form_is_missing() -> None:
    """Every function in a rule's file that takes the gradient first, as a step does, is that of a form."""
    import importlib
    import pkgutil

    import fallline.rules

    steps = {rule.step for rule in FORMS}
    for module in pkgutil.iter_modules(fallline.rules.__path__):
        found = vars(importlib.import_module(f"fallline.rules.{module.name}"))
        for name, value in found.items():
            code = getattr(value, "__code__", None)
            takes_g = code is not None and code.co_varnames[:1] == ("g",) and code.co_argcount > 1
            assert not takes_g or value in steps or name.endswith("_terms"), f"{module.name}.{name}"
