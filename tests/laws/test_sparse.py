"""Sparse rows: the same bytes as the same rows with their zeros written out, and which rules may leave zeros alone."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from law_cases import (
    Table,
    as_batches,
    bits,
    compiled_runtime,
    fresh_seed,
    plain_runtime,
    random_weights,
    rule_numbers,
    state_bits,
)
from test_runtimes import random_rule

from fallline.compiled import sparse, sparse_index_loops, sparse_kernels
from fallline.compiled.choose import curvature_kernel
from fallline.compiled.kernels import RuleText
from fallline.compiled.sparse import SparseArrays, SparseRuntime
from fallline.data.sparse import SparseRows
from fallline.losses import LOSSES, Loss, loss_named
from fallline.plain.curvature import hessian_product
from fallline.plain.divergence import Guard
from fallline.rules import RULES, Rule, rule_named

INFINITY = float("inf")
every_rule = pytest.mark.parametrize("rule_name", RULES)
SOME = ("sgd", "adagrad", "momentum", "adam", "dog", "schedule_free_adamw")  # of each kind one: a kernel takes seconds
every_kernel = pytest.mark.parametrize(
    "rule_name", [pytest.param(name, marks=() if name in SOME else pytest.mark.slow) for name in RULES]
)
SPARSE_LOSSES = [name for name in LOSSES if not LOSSES[name].many]  # sparse rows have one score each


def sparse_table(
    loss: str, draw: random.Random, rows: int, columns: int, most: int, scaled: bool | None = None
) -> Table:
    """Rows with up to `most` numbers; some rows are empty, some columns never used, some stored numbers are 0 or -0."""
    used = [j for j in range(columns) if draw.random() < 0.9]
    features = [[0.0] * columns for _ in range(rows)]
    for row in features:
        for j in draw.sample(used, min(draw.randrange(most + 1), len(used))):
            row[j] = draw.choice((draw.gauss(0.0, 1.0), draw.gauss(0.0, 1.0), 1.0, -0.0))
    targets = [float(draw.random() < 0.4) if LOSSES[loss].classes else abs(draw.gauss(1.0, 3.0)) for _ in range(rows)]
    weights = random_weights(rows, draw)
    scaled = draw.random() < 0.5 if scaled is None else scaled
    inverse = [draw.uniform(0.5, 2.0) if scaled else 1.0 for _ in range(columns)]
    return Table(features, targets, weights, [0.0] * columns, inverse, draw.random() < 0.7)


def stored_rows(table: Table, draw: random.Random) -> SparseRows:
    """What is not 0, and -0.0, and some of the zeros; the rows lie in the arrays in any order, with gaps."""
    spans, indices, values = np.zeros((len(table.features), 2), dtype=np.int64), [], []
    order = list(range(len(table.features)))
    draw.shuffle(order)
    for i in order:
        row = table.features[i]
        kept = [j for j, x in enumerate(row) if x != 0.0 or str(x) == "-0.0" or draw.random() < 0.01]
        spans[i] = len(indices), len(indices) + len(kept)
        indices += [*kept, 7][: len(kept) + (draw.random() < 0.1)]
        values += [*(row[j] for j in kept), float("nan")][: len(indices) - len(values)]
    return SparseRows(spans, np.array(indices, dtype=np.uint32), np.array(values, dtype=np.float64), len(table.means))


def sparse_arrays(table: Table, loss: str, draw: random.Random) -> SparseArrays:
    rows = stored_rows(table, draw)
    targets, weights, inverse = (np.array(part) for part in (table.targets, table.weights, table.inverse_scales))
    return SparseArrays(rows, targets, weights, loss_named(loss), inverse, table.intercept)


def taken(runtime: Any, start: list[float], batches: list[list[int]], numbers: Any, limit: float = INFINITY) -> Any:
    """Everything that steps on these batches give, the first half of them in one call, the others in a second."""
    state, guard = runtime.start(start, 1.0), Guard(limit, 5_000)
    half = len(batches) // 2
    found: list[Any] = [bits([runtime.loss(start)])]
    for part in (slice(half), slice(half, None)):
        losses, norms, cause = runtime.advance(state, as_batches(runtime, batches[part]), numbers[part], guard)
        found += [bits(losses), bits(norms), cause]
        if cause:
            break
    return found, state_bits(state)


def compare(table: Table, loss: str, rule: Rule, batches: list[list[int]], draw: random.Random, dense: Any) -> None:
    numbers = rule_numbers(rule, [10.0 ** draw.uniform(-6, -2) for _ in batches])
    start = [draw.gauss(0.0, 0.1) for _ in range(table.parameters)]
    sparse = SparseRuntime(sparse_arrays(table, loss, draw), rule)
    assert taken(sparse, start, batches, numbers) == taken(dense, start, batches, numbers)


# Every rule with one loss, every loss with a lazy rule, one with another rule too: a kernel takes seconds to compile.
RULE_AND_LOSS = [
    *((rule_name, "squared") for rule_name in RULES),
    *((rule_name, loss) for loss in SPARSE_LOSSES[1:] for rule_name in ("sgd", "momentum")[: 1 + (loss == "logistic")]),
]


def marked(rule_name: str, loss: str) -> Any:
    """A case; one whose kernel takes seconds to compile, and whose like is among the others, is slow."""
    usual = rule_name in ("sgd", "momentum", "adagrad", "adam") and loss in ("squared", "logistic", "poisson")
    return pytest.param(rule_name, loss, marks=() if usual else pytest.mark.slow)


@pytest.mark.parametrize("batch", [1, 256, 1500, 7000, "full"])
@pytest.mark.parametrize(("rule_name", "loss"), [marked(*case) for case in RULE_AND_LOSS])
def test_sparse_rows_give_the_bytes_of_dense_ones(rule_name: str, loss: str, batch: int | str) -> None:
    """Theta, rule state, losses, norms and the cause of a stop, for every rule, loss and batch size; the dense twin is
    plain Python, or for large batches the compiled runtime on two threads, which other tests hold equal to it."""
    draw = random.Random(fresh_seed())
    rows, count = (2_100, 40) if batch == 1 else (2_100, 4) if batch in (256, 1500) else (8_300, 3)
    table = sparse_table(loss, draw, rows, draw.choice((1, 5, 70)), 6)
    rule = random_rule(rule_name, draw)
    size = rows if batch == "full" else int(batch)
    batches = [list(range(rows)) if batch == "full" else draw.choices(range(rows), k=size) for _ in range(count)]
    dense = plain_runtime(table, loss, rule) if size <= 1500 else compiled_runtime(table, loss, rule, 2)
    compare(table, loss, rule, batches, draw, dense)


@pytest.mark.parametrize("most", [3, 400])
@pytest.mark.parametrize("columns", [1023, 1024, 9_000, 70_000])
@pytest.mark.parametrize("rule_name", ["sgd", "adagrad", "momentum"])
def test_the_norm_keeps_the_tree_over_many_parameters(rule_name: str, columns: int, most: int) -> None:
    """Batches of all sizes over thousands of features: the tree over leaves of parameters that a batch does not touch,
    whether few or many of them are touched; and the features' numbers in the batch, listed some rows at a time."""
    draw = random.Random(fresh_seed())
    table = sparse_table("logistic", draw, 40, columns, most)
    rule = rule_named(rule_name, learning_rate=0.01)
    batches = [draw.choices(range(40), k=size) for size in (1, 1, 5, 1, 2, 1025, 150, 300, 1, 1)]
    compare(table, "logistic", rule, batches, draw, compiled_runtime(table, "logistic", rule, 1))


def test_features_are_found_among_millions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are more words of the index than are looked at one after the other, groups of them say which have a
    bit; here from 3 words on, so that dense rows can be the twin."""
    monkeypatch.setattr(sparse_index_loops, "FEW_WORDS", 2)
    monkeypatch.setattr(sparse, "sparse_descent_kernel", sparse_descent_kernel_anew)
    draw = random.Random(fresh_seed())
    table, rule = sparse_table("logistic", draw, 40, 9_000, 30), rule_named("adagrad", learning_rate=0.01)
    batches = [draw.choices(range(40), k=size) for size in (2, 7, 100, 3, 2)]
    compare(table, "logistic", rule, batches, draw, compiled_runtime(table, "logistic", rule, 1))


def sparse_descent_kernel_anew(loss: Loss, rule: Rule) -> Any:
    """The kernel of the constants as they are now."""
    return sparse_kernels._sparse_descent_kernel.__wrapped__(loss.row, RuleText.of(rule), rule.lazy)


@pytest.mark.parametrize("batch", [1, 3])
@every_kernel
def test_a_step_that_is_not_finite_is_not_applied(rule_name: str, batch: int) -> None:
    """The cause, the norm (NaN where 0 meets infinity) and the state that stays are those of dense rows."""
    draw = random.Random(fresh_seed())
    for size in (1e160, 1e200, 1e308):
        table = sparse_table("squared", draw, 30, 12, 4)
        rule = rule_named(rule_name, learning_rate=0.01)
        table.features[20][3] = table.features[20][4] = size
        table.targets[25] = -size
        table.features[28] = [size] * 12
        for bad in (20, 25, 28):
            batches = [[1] * batch, [2] * batch, [*[3] * (batch - 1), bad], [4] * batch]
            compare(table, "squared", rule, batches, draw, plain_runtime(table, "squared", rule))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("rule_name", ["sgd", "adagrad"])
def test_single_rows_are_put_back_where_one_must_stop(rule_name: str, weighted: bool) -> None:
    """Steps on single rows are taken some at a time: one of them that must not be taken, at any place among them, stops
    the descent there, with the state, the losses and the norms of dense rows; for a number that is too large, and for
    growth."""
    draw = random.Random(fresh_seed())
    table, rule = sparse_table("squared", draw, 60, 3_000, 40), rule_named(rule_name, learning_rate=0.01)
    table.weights[:] = [*(table.weights[:50] if weighted else [1.0] * 50), *[2.0 if weighted else 1.0] * 10]
    table.features[50][3] = table.targets[50] = 1e200
    table.targets[55] = 1e9
    for bad, limit in ((50, INFINITY), (55, 1e6)):
        before = draw.randrange(70)
        batches = [[draw.randrange(50)] for _ in range(2 * before + 1)] + [[bad]] * 3
        batches += [[draw.randrange(50)] for _ in range(2 * before + 40)]
        numbers, start = rule_numbers(rule, [0.01] * len(batches)), [0.0] * table.parameters
        expected = taken(compiled_runtime(table, "squared", rule, 1), start, batches, numbers, limit)
        assert any(expected[0][3::3])
        assert taken(SparseRuntime(sparse_arrays(table, "squared", draw), rule), start, batches, numbers, limit) == (
            expected
        )


def test_a_product_beyond_the_floats_stops_no_single_row() -> None:
    """Single rows look at the products of gradients and new parameters for what is not finite. Where one is beyond the
    floats, and both its factors are not, the steps are those of dense rows all the same. (No row has another's
    features.)"""
    draw = random.Random(fresh_seed())
    rows, each, large, rate = 150, 6, 1e100, 1e150
    features = [[0.0] * (i * each) + [large] * each + [0.0] * ((rows - 1 - i) * each) for i in range(rows)]
    targets = [draw.uniform(1.0, 2.0) for _ in range(rows)]
    table = Table(features, targets, [1.0] * rows, [0.0] * (rows * each), [1.0] * (rows * each), False)
    assert (large * targets[0]) * (rate * large * targets[0]) == INFINITY
    rule, batches = rule_named("sgd", learning_rate=rate), [[i] for i in draw.sample(range(rows), rows)]
    numbers, start = rule_numbers(rule, [rate] * rows), [0.0] * table.parameters
    expected = taken(plain_runtime(table, "squared", rule), start, batches, numbers)
    assert not any(expected[0][3::3])
    assert taken(SparseRuntime(sparse_arrays(table, "squared", draw), rule), start, batches, numbers) == expected


@pytest.mark.parametrize("rule_name", ["sgd", "adagrad"])
def test_single_rows_may_be_long(rule_name: str) -> None:
    """Rows of no number and of thousands, more than there is room for at a time, one after the other."""
    draw = random.Random(fresh_seed())
    columns = 9_500
    table, rule = sparse_table("logistic", draw, 24, columns, 3), rule_named(rule_name, learning_rate=0.01)
    for i, stored in enumerate((9_400, 5_000, 3_000, 0, 8_192, 1)):
        table.features[i] = [0.0] * columns
        for j in draw.sample(range(columns), stored):
            table.features[i][j] = draw.gauss(0.0, 0.1)
    batches = [[draw.randrange(24)] for _ in range(90)]
    compare(table, "logistic", rule, batches, draw, compiled_runtime(table, "logistic", rule, 1))


@pytest.mark.parametrize("rule_name", ["sgd", "adam"])
def test_growth_stops_a_sparse_descent(rule_name: str) -> None:
    """At the smoothed loss's limit the step is not applied, as on dense rows."""
    draw = random.Random(fresh_seed())
    table, rule = sparse_table("squared", draw, 30, 12, 4), rule_named(rule_name, learning_rate=10.0)
    batches = [draw.choices(range(30), k=5) for _ in range(400)]
    numbers, start = rule_numbers(rule, [10.0] * 400), [0.0] * table.parameters
    expected = taken(plain_runtime(table, "squared", rule), start, batches, numbers, 1.2)
    assert "growth" in expected[0]
    assert taken(SparseRuntime(sparse_arrays(table, "squared", draw), rule), start, batches, numbers, 1.2) == expected


@every_rule
def test_a_rule_is_lazy_if_a_gradient_of_zero_changes_nothing(rule_name: str) -> None:
    """`lazy` is true of a rule with these options exactly if no state and no parameter moves at g = 0.0: of random and
    hard states, at every step, to the last bit."""
    draw = random.Random(fresh_seed())
    for _ in range(40):
        rule = random_rule(rule_name, draw)
        assert rule.lazy == (not moves_at_zero(rule, draw)), rule


def moves_at_zero(rule: Rule, draw: random.Random) -> bool:
    if rule.point is not None or rule.terms is not None or rule.answer is not None:
        return True  # these read parameters that are not touched
    hard = [0.0, 1e-310, 1e-20, 1.0, 1e300]
    for numbers in rule_numbers(rule, [0.1, 0.01, 1e-8]):
        arguments, keep = rule.split(numbers)
        for _ in range(200):
            theta = draw.choice([draw.gauss(0, 1), *hard, -0.0, -1.0])
            states = [draw.choice([abs(draw.gauss(0, 1)), *hard]) for _ in rule.state]
            step, *after = rule.update(0.0, theta, states, arguments)
            if bits([theta * keep - step, *after]) != bits([theta, *states]):
                return True
    return False


def test_the_lazy_rules_are_these() -> None:
    """The documentation names them."""
    assert [name for name in RULES if RULES[name](learning_rate=0.1).lazy] == ["sgd", "adagrad"]


@pytest.mark.parametrize("loss", [name for name in SPARSE_LOSSES if loss_named(name).curvature is not None])
def test_curvature_of_sparse_rows(loss: str) -> None:
    """A batch's Hessian times a vector has the bytes that plain Python finds on dense rows, scaled or not; and with the
    columns alone that the batch has, the same numbers at their places and 0 elsewhere."""
    draw, bend = random.Random(fresh_seed()), loss_named(loss).curvature

    def second(score: float, target: float, numbers: tuple[float, ...]) -> float:
        return bend(score, target, *numbers)

    for scaled in (True, False):
        table = sparse_table(loss, draw, 60, 30, 8, scaled)
        problem, plain = sparse_arrays(table, loss, draw), plain_runtime(table, loss, rule_named("sgd")).problem
        theta, vector = ([draw.gauss(0, 1) for _ in range(table.parameters)] for _ in range(2))
        rows, expected = draw.choices(range(60), k=40), [0.0] * table.parameters
        hessian_product(
            *(plain.features, plain.targets, plain.weights, plain.means, plain.inverse_scales, plain.intercept),
            *(theta, rows, second, plain.loss.numbers),
            *(vector, expected),
        )
        out = np.empty(table.parameters)
        arrays = np.array(theta), np.array(rows), np.array(vector)
        curvature_kernel(problem).sharpness(*problem.whole, *arrays, out)
        assert bits(out) == bits(expected)
        part, inside, places = problem.of_rows(np.array(rows))
        narrow = np.empty(part.parameters)
        curvature_kernel(part).sharpness(*part.whole, arrays[0][places], inside, arrays[2][places], narrow)
        whole = np.zeros(table.parameters)
        whole[places] = narrow
        assert np.array_equal(whole, out)
