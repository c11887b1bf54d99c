"""The linear model: a score for each row of a raw table, and the prediction that the loss's link makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np

from ..data.infer import present_rows
from ..data.schema import Schema
from ..data.sources import read
from ..data.sparse import SparseRows
from ..data.sparse_schema import SparseSchema, schema_from_dict, table_for
from ..data.table import Table
from ..data.values import Floats
from ..errors import DataError, DivergenceError
from ..losses import Loss, loss_named
from .elementwise import elementwise
from .file import write_model
from .scores import scores

ARRAYS = ("theta", "means", "inverse_scales", "fills")
BLOCK = 4096  # rows scored at a time, so that their features stay in the cache


class LinearModel:
    """score = sum of (x - mean) * inverse_scale * theta, feature by feature, plus the intercept.

    theta (d + 1 floats, or d without an intercept) belongs to the scaled features in the schema's order, the
    intercept last. means, inverse_scales: 0.0 and 1.0 where a feature is not scaled. fills: what a missing number
    becomes. stop: why the training ended. A model whose training diverged does not predict.
    """

    kind = "linear"

    def __init__(
        self,
        schema: Schema,
        loss: Loss,
        theta: Floats,
        means: Floats,
        inverse_scales: Floats,
        fills: Floats,
        *,
        intercept: bool = True,
        stop: str = "",
        training: Mapping[str, Any] | None = None,
    ):
        self.schema, self.loss, self.theta = schema, loss, theta
        self.means, self.inverse_scales, self.fills = means, inverse_scales, fills
        self.has_intercept, self.stop, self.training = intercept, stop, dict(training or {})

    @property
    def coefficients(self) -> dict[str, float]:
        """Each feature's coefficient in the table's own units: what one unit more of it adds to the score."""
        slopes = self.theta[: len(self.means)] * self.inverse_scales
        return dict(zip(self.schema.features, slopes.tolist(), strict=True))

    @property
    def intercept(self) -> float:
        """The score of a row whose every feature is 0, in the table's own units."""
        value = float(self.theta[-1]) if self.has_intercept else 0.0
        for mean, coefficient in zip(self.means.tolist(), self.coefficients.values(), strict=True):
            value -= mean * coefficient
        return value

    @property
    def classes(self) -> tuple[Any, ...]:
        """The target's two classes, the one that a high score speaks for last; empty for a number."""
        return self.schema.target.classes if self.schema.target else ()

    def score(self, table: Any) -> Floats:
        """The score of each row of a raw table, summed in the order of training.

        Raises DataError for a table that lacks a column or holds infinities, DivergenceError if the training diverged.
        """
        if self.stop == "diverged":
            raise DivergenceError(
                "this model's training diverged, so it does not predict: train it again, at a smaller learning rate",
                step=0,
                cause="diverged",
                advice="train again at a smaller learning rate",
            )
        source = self.read(table)
        rows = np.arange(source.rows)
        parts = [
            self.score_features(self.schema.encode(source, rows[i : i + (1 << 18)]))
            for i in range(0, len(rows), 1 << 18)
        ]
        return np.concatenate(parts)

    def score_features(self, features: Floats | SparseRows) -> Floats:
        """The scores of encoded rows (n, d); NaN stands for a missing number."""
        coefficients = self.theta[: len(self.means)] * self.inverse_scales
        if isinstance(features, SparseRows):
            return features.products(coefficients) + (self.theta[-1] if self.has_intercept else 0.0)
        found = np.zeros(len(features))
        for start in range(0, len(features), BLOCK):
            block = features[start : start + BLOCK]
            part = found[start : start + BLOCK]
            for j, (mean, coefficient, fill) in enumerate(zip(self.means, coefficients, self.fills, strict=True)):
                column = block[:, j]
                part += (np.where(np.isnan(column), fill, column) - mean) * coefficient
            if self.has_intercept:
                part += self.theta[-1]
        return found

    def predict(self, table: Any) -> np.ndarray[Any, Any]:
        """The predicted number of each row of a raw table, or its likelier class."""
        found = self.score(table)
        if not self.classes:
            return found
        labels = np.array(self.classes, dtype=object if isinstance(self.classes[0], str) else None)
        chosen: np.ndarray[Any, Any] = labels[(found > 0.0).astype(int)]
        return chosen

    def predict_proba(self, table: Any) -> Floats:
        """The probability of each class (n, 2), in the order of `classes`. Classification only."""
        if not self.classes:
            raise DataError("predict_proba: the target is a number, so there are no classes; use predict")
        second = self.probabilities(self.score(table))
        return np.column_stack([1.0 - second, second])

    def probabilities(self, found: Floats) -> Floats:
        """The predictions that belong to scores: the inverse link, the same text as in training."""
        probabilities: Floats = elementwise(self.loss.inverse_link)(found)
        return probabilities

    def evaluate(self, table: Any) -> dict[str, float]:
        """How good the predictions are on a table that holds the target: see `fallline.models.scores`."""
        source = self.read(table)
        target = self.schema.target
        if target is None or target.name not in source.names:
            raise DataError(
                f"evaluate: the table has no column {target.name if target else 'target'!r} to compare with"
            )
        present = present_rows(source, target.name)
        return self.evaluate_features(self.schema.encode(source, present), self.schema.encode_target(source, present))

    def evaluate_features(self, features: Floats | SparseRows, targets: Floats) -> dict[str, float]:
        if len(targets) == 0:
            raise DataError("evaluate: no row has a target to compare with")
        return scores(self.loss, self.score_features(features), targets, bool(self.classes))

    def read(self, table: Any) -> Table:
        if isinstance(self.schema, SparseSchema):
            return table_for(self.schema, table)
        return table if isinstance(table, Table) else read(table, text=self.schema.text)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model, its schema included, to one safetensors file; the file is replaced in one step."""
        description = {
            "kind": self.kind,
            "loss": self.loss.name,
            "schema": self.schema.to_dict(),
            "stop": self.stop,
            "intercept": self.has_intercept,
            "training": self.training,
        }
        write_model(path, description, {name: getattr(self, name) for name in ARRAYS})

    @classmethod
    def from_parts(cls, description: dict[str, Any], arrays: dict[str, Floats]) -> LinearModel:
        """The model that `save` described. KeyError, TypeError or ValueError for anything else."""
        schema = schema_from_dict(description["schema"])
        columns, intercept = len(schema.features), bool(description["intercept"])
        for key in ARRAYS:
            wanted = columns + intercept if key == "theta" else columns
            if arrays[key].shape != (wanted,) or arrays[key].dtype != np.float64:
                raise ValueError(f"{key} has shape {arrays[key].shape} of {arrays[key].dtype}, not {wanted} float64")
            if not np.isfinite(arrays[key]).all():
                raise ValueError(f"{key} holds a value that is not finite")
        loss, stop = loss_named(description["loss"]), str(description["stop"])
        parts = [arrays[key] for key in ARRAYS]
        return cls(schema, loss, *parts, intercept=intercept, stop=stop, training=dict(description["training"]))

    def __repr__(self) -> str:
        return f"<linear model of {self.schema.target.name if self.schema.target else '?'}: {len(self.means)} features>"
