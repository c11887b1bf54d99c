"""golden.json is what golden.py makes, golden.py knows nothing of Fallline, and both cover every rule and loss."""

from __future__ import annotations

import ast
import itertools
import json
import random
import sys
from functools import cache
from pathlib import Path
from typing import Any

import golden
import golden_classes
import golden_losses
import golden_math
import golden_rules
import pytest
from law_cases import bits, fresh_seed

from fallline import scalar
from fallline.losses import LOSSES
from fallline.rules import RULES

GOLDEN: dict[str, Any] = json.loads(Path(golden.HERE / "golden.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", [golden, golden_classes, golden_losses, golden_math, golden_rules])
def test_the_script_imports_the_standard_library_alone(module: Any):
    """golden.py and its parts are independent: they import no module of Fallline and nothing from site-packages."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert names <= {*sys.stdlib_module_names, "golden_classes", "golden_losses", "golden_math", "golden_rules"}


def test_every_rule_and_loss_has_golden_hashes():
    """A rule that is added to the product's list needs its arithmetic in golden_rules.py: its rates, its lines in
    UPDATES, its first state and what else belongs to it; a loss needs its rates and lines in
    golden_losses.py; then the script is run again."""
    assert [name for name in RULES if name not in golden.RULES] == []
    assert [name for name in LOSSES if name not in golden.LOSSES] == []


def test_the_file_holds_every_case_and_no_other():
    """golden.json holds every case of the script, with a hash for each step kept. Two losses are followed with every
    table, scaling, rule and batch size, all others with three rules on two batch sizes of both tables."""
    expected = {
        f"{name} {scaling} {rule} {loss} {batch}": len(golden.steps_kept(rule, batch))
        for name, scaling, rule, loss, batch in golden.cases()
    }
    whole = itertools.product(golden.TABLES, golden.SCALINGS, golden.RULES, golden_losses.FIRST_LOSSES)
    assert {f"{' '.join(case)} {batch}" for case in whole for batch in golden.steps_of(case[2])} <= expected.keys()
    for loss in golden.LOSSES:
        some = itertools.product(golden.LATER_TABLES, golden_losses.RULES, golden.LATER_STEPS)
        assert {f"{' '.join(table)} {rule} {loss} {batch}" for table, rule, batch in some} <= expected.keys()
    assert {key: len(hashes["theta"]) for key, hashes in GOLDEN["descents"].items()} == expected


def test_batch_sizes_stand_on_both_sides_of_a_leaf_and_of_the_tree():
    """The first four rules meet batches around one leaf, of odd and even numbers of leaves, and all rows; the others
    at least one row, more than one leaf, and all rows."""
    found = {rule: set(golden.steps_of(rule)) for rule in golden.RULES}
    assert all(found[rule] == {1, 1023, 1024, 1025, 3073, 5120, "full"} for rule in golden_rules.FIRST_RULES)
    assert all(sizes >= {1, 1025, "full"} for sizes in found.values())


def test_no_two_descents_of_a_table_end_alike():
    """Each case says something of its own: no last theta occurs twice."""
    last = [hashes["theta"][-1] for hashes in GOLDEN["descents"].values()]
    assert len(set(last)) == len(last)


def test_the_file_is_what_the_script_makes_of_tables_and_orders():
    """Tables, their scaling and the row orders, made again, have the hashes in the file."""
    assert {name: golden.table_hashes(name) for name in golden.TABLES} == GOLDEN["tables"]
    assert [golden.hashed([float(row) for row in golden.epoch_order(*sizes)]) for sizes in golden.ORDERS] == (
        GOLDEN["orders"]
    )


def test_exp_log_and_power_are_the_script_s():
    """The vocabulary's exp, log, log1p and power have the bytes of the script's, wherever a loss or a rule may ask."""
    draw = random.Random(fresh_seed())
    for _ in range(20_000):
        x = -draw.choice((draw.uniform(0.0, 746.0), draw.uniform(0.0, 3.0), 10.0 ** draw.uniform(-20, 0)))
        assert bits([scalar.exp(x)]) == bits([golden_math.exp(x)]), x
        assert bits([scalar.log1p(scalar.exp(x))]) == bits([golden_math.log1p(golden_math.exp(x))]), x
    for _ in range(2_000):
        x, y = 10.0 ** draw.uniform(-30, 30), draw.choice((0.0, 0.5, 0.75, 1.0, draw.uniform(-9.0, 9.0)))
        near = draw.choice((x, 1.0, 1.0 + 10.0 ** draw.uniform(-16, 0)))
        assert bits([scalar.log(near)]) == bits([golden_math.log(near)]), near
        assert bits([scalar.power(near, y)]) == bits([golden_math.power(near, y)]), (near, y)


table_of = cache(golden.table_of)


@pytest.mark.parametrize(("rule", "loss"), sorted({(rule, loss) for _, _, rule, loss, _ in golden.cases()}))
def test_the_file_is_what_the_script_makes_of_descents(rule: str, loss: str):
    """Descents on batches of 1 and 1,025 rows, made again, have the hashes in the file."""
    for (name, scaling), batch in zip((("made", "scaled"), ("diamonds", "unscaled")), (1, 1025), strict=True):
        found = golden.case(name, scaling, rule, loss, batch, table_of(name, scaling))
        assert found == GOLDEN["descents"][f"{name} {scaling} {rule} {loss} {batch}"]


def test_the_data_reach_the_law_s_corners():
    """The made table has weights other than 1, and batches of 1 meet a row of weight 0."""
    weights = golden.table_of("made", "scaled")["weight"]
    met = [weights[batch[0]] for batch in golden.batches_of(len(weights), 4, 1, golden.SEED, golden.STEPS[1])]
    assert set(met) == {0.0, 1.0 / 3.0, 1.0, 2.75}
