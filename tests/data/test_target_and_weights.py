"""What a target's column becomes, and one of weights."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from schema_cases import refused_schema, schema_of

from fallline.data.columns import Target
from fallline.errors import DataError

NAN = float("nan")


# --- the target


@pytest.mark.parametrize(
    ("values", "expected", "numbers"),
    [
        (["b", "a", "b"], Target("y", "classes", ("a", "b")), [1, 0, 1]),
        (pa.array(["b", "a", "b"]).dictionary_encode(), Target("y", "classes", ("a", "b")), [1, 0, 1]),
        ([True, False, True], Target("y", "classes", (False, True)), [1, 0, 1]),
        ([1, 0, 1], Target("y", "classes", (0, 1)), [1, 0, 1]),
        (pa.array([1, 0, 1], pa.uint8()), Target("y", "classes", (0, 1)), [1, 0, 1]),
        ([1.0, 0.0, 1.0], Target("y", "number"), [1, 0, 1]),
        ([1, 2, 1], Target("y", "number"), [1, 2, 1]),
        ([Decimal("0.5"), Decimal(1), Decimal(2)], Target("y", "number"), [0.5, 1, 2]),
    ],
)
def test_targets(values: Any, expected: Target, numbers: list[float]) -> None:
    """Two words, booleans and whole 0 and 1 are classes, the second of which is 1; all else is numbers."""
    columns = {"a": [1, 2, 3], "y": values}
    schema = schema_of(columns, "y")
    assert schema.target == expected
    assert schema.encode_target(pa.table(columns)).tolist() == numbers
    assert bool(schema.notes) == (expected.classes == (0, 1) and not isinstance(expected.classes[0], bool))


@pytest.mark.parametrize(
    ("values", "says", "row"),
    [
        ([5, 5, None], "constant", None),
        (["x", None, "x"], "constant", None),
        ([True, True, True], "constant", None),
        ([NAN, NAN, NAN], "every value of the target is missing", None),
        (pa.nulls(3), "every value of the target is missing", None),
        (pa.array([None] * 3, pa.string()), "every value of the target is missing", None),
        ([f"word {i}" for i in range(101)], "101 classes (word 0, word 1, word 10", None),
        ([datetime.date(2020, 1, 1)] * 3, "is a date", None),
        ([[1], [2], [3]], "list<item: int64>", None),
        ([None, 1.0, np.inf], "inf", 3),
    ],
)
def test_targets_that_cannot_be(values: Any, says: str, row: int | None) -> None:
    """Each is refused with the reason, the column and the row, if it is one row's fault."""
    refused_schema({"a": range(len(values)), "y": values}, "y", says, row, "y")


def test_target_with_one_word_among_numbers() -> None:
    """The value that makes text of the target is named."""
    refused_schema({"a": range(40), "y": [None, *map(str, range(38)), "12,5"]}, "y", "'12,5' is not a number", 40, "y")


def test_target_later() -> None:
    """An unknown label and a missing value have a row; a table without the target is refused."""
    schema = schema_of({"a": [1, 2], "y": ["no", "yes"]}, "y")
    for values, says in (
        (["no", "maybe"], "'maybe' is none of the classes, which are no, yes"),
        (["no", None], "missing"),
    ):
        with pytest.raises(DataError, match=says) as caught:
            schema.encode_target(pa.table({"y": values}))
        assert (caught.value.row, caught.value.column) == (2, "y")
    with pytest.raises(DataError, match="there is no column 'y'"):
        schema.encode_target(pa.table({"a": [1]}))
    with pytest.raises(DataError, match="no target"):
        schema_of({"a": [1, 2]}).encode_target(pa.table({"a": [1]}))


# --- weights


def test_weights() -> None:
    """They are no feature, and None where the schema has none."""
    columns = {"a": [1, 2, 3], "w": [0, 1, 2], "y": [1.5, 2.5, 3.5]}
    schema = schema_of(columns, "y", sample_weight="w")
    assert (schema.features, schema.weight) == (("a",), "w")
    assert schema.encode_weight(pa.table(columns)).tolist() == [0, 1, 2]  # type: ignore[union-attr]
    assert schema_of(columns, "y").encode_weight(pa.table(columns)) is None


@pytest.mark.parametrize(
    ("bad", "says"), [(-1.0, "-1"), (None, "missing"), (NAN, "missing"), (np.inf, "inf"), ("x", "'x'")]
)
def test_wrong_weights(bad: Any, says: str) -> None:
    """Negative, missing, infinite and no number at all: row and column."""
    weights = ["1", bad, "1"] if isinstance(bad, str) else [1.0, bad, 1.0]
    columns = {"a": [1, 2, 3], "w": weights, "y": [1, 2, 3]}
    refused_schema(columns, "y", says, 2, "w", sample_weight="w")
    gaps = {**columns, "w": [None, *weights[1:]], "y": [None, 2, 3]}
    refused_schema(gaps, "y", says, 2, "w", sample_weight="w")


def test_all_weights_zero() -> None:
    """Nothing would count."""
    refused_schema({"a": [1, 2], "w": [0, 0], "y": [1, 2]}, "y", "every weight is 0", None, "w", sample_weight="w")
