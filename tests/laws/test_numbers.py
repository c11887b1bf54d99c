"""The numbers of many steps at once are those of one step after the other."""

from __future__ import annotations

import random

import numpy as np
import pytest
from law_cases import bits, fresh_seed
from test_runtimes import random_rule

from fallline.descent.tabulate import NumbersTable
from fallline.rules import RULES, Adam, rule
from fallline.rules.rule import Numbers, Rule


def one_by_one(one: Rule, rates: list[float], carry: Numbers, first: int) -> tuple[list[Numbers], list[Numbers]]:
    rows, carries = [], [carry]
    for k, rate in enumerate(rates, start=first):
        numbers, carry = one.numbers(k, rate, carry)
        rows.append(numbers)
        carries.append(carry)
    return rows, carries


def check(one: Rule, draw: random.Random) -> None:
    """Two tables, the second from where the first ends."""
    carry = one.start_carry()
    for first, count in ((1, draw.randint(1, 300)), (draw.randint(301, 10_000), 40)):
        rates = [draw.uniform(1e-4, 1.0) for _ in range(count)]
        rows, carries = one_by_one(one, rates, carry, first)
        table = NumbersTable(one, first, np.array(rates), carry)
        assert bits(table.rows.ravel()) == bits(number for row in rows for number in row)
        for after in (0, 1, count // 2, count):
            assert table.carry_after(after) == carries[after]
        carry = carries[-1]


@pytest.mark.parametrize("rule_name", RULES)
def test_a_table_of_numbers_has_the_bytes_of_its_steps(rule_name: str):
    """Of every rule with random options, at learning rates that change from step to step, from any step on."""
    draw = random.Random(fresh_seed())
    for one in [RULES[rule_name](learning_rate=0.01), *(random_rule(rule_name, draw) for _ in range(8))]:
        check(one, draw)


def test_a_rule_from_outside_has_its_powers_multiplied_up():
    """A custom rule with k and powers among its numbers is tabulated like any other."""

    @rule(state=["m"], beta=0.9, gamma=0.99, name="powers_of_two_numbers")
    def powers(g, m, rate, k, beta, beta_power, gamma_power):  # type: ignore[no-untyped-def]
        m = beta * m + (1.0 - beta) * g
        return rate * m / (1.0 - beta_power) * gamma_power / k, m

    assert powers(learning_rate=0.1).products == ("beta", "gamma")
    check(powers(learning_rate=0.1), random.Random(fresh_seed()))


def test_numbers_that_a_subclass_defines_anew_are_called_step_by_step():
    """What Adam says about its own `numbers` is not believed of others: these branch, which arrays cannot."""

    class Warm(Adam):
        def numbers(self, k: int, rate: float, carry: Numbers) -> tuple[Numbers, Numbers]:
            return super().numbers(k, rate if k > 10 else rate / 10.0, carry)

    check(Warm(learning_rate=0.1), random.Random(fresh_seed()))
