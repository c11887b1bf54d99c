"""The numbers that a rule takes in some steps in a row, as a table: of most rules without a call for each step."""

from __future__ import annotations

from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rules.rule import Numbers, Rule

Floats = NDArray[np.float64]


class NumbersTable:
    """rows (steps, numbers): what `rule.numbers` gives in steps first, first + 1, … at these learning rates.

    Where a rule says what its carry is (`Rule.products`), its one function runs once, on arrays: the carries are
    running products, which NumPy multiplies one after the other, too.
    """

    def __init__(self, rule: Rule, first: int, rates: Floats, carry: Numbers):
        self._products: Floats | None = None
        self._carries: list[Numbers] = [carry]
        products = _products(rule)
        if products is not None:
            factors = [getattr(rule, option) for option in products]
            self._products = _running_products(factors, len(rates), carry)
            self.rows = _on_arrays(rule, first, rates, self._products[:-1])
            return
        found = []
        for k, rate in enumerate(rates.tolist(), start=first):
            numbers, carry = rule.numbers(k, rate, carry)
            found.append(numbers)
            self._carries.append(carry)
        self.rows = np.array(found, dtype=np.float64)

    def carry_after(self, steps: int) -> Numbers:
        """The carry after so many of these steps."""
        return self._carries[steps] if self._products is None else tuple(self._products[steps].tolist())


def _products(rule: Rule) -> tuple[str, ...] | None:
    """`Rule.products`, if it is the word of the class whose `numbers` it is about."""
    owner = next(one for one in type(rule).__mro__ if "numbers" in one.__dict__)
    return rule.products if "products" in owner.__dict__ or "products" in rule.__dict__ else None


def _running_products(factors: list[float], steps: int, carry: Numbers) -> Floats:
    """The carry before the first of these steps and after each of them."""
    columns = [np.multiply.accumulate([start, *repeat(factor, steps)]) for start, factor in zip(carry, factors)]
    return np.stack(columns, axis=1) if columns else np.empty((steps + 1, 0))


def _on_arrays(rule: Rule, first: int, rates: Floats, carries: Floats) -> Floats:
    steps = len(rates)
    k: Any = np.arange(first, first + steps)
    numbers, _ = rule.numbers(k, rates, tuple(carries.T))  # type: ignore[arg-type]
    rows = np.empty((steps, len(numbers)))
    for i, column in enumerate(numbers):
        rows[:, i] = column
    return rows
