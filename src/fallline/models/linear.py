"""The linear model: a score for each row of a raw table, and the prediction that the loss's link makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np

from ..data.infer import present_rows
from ..data.reading import PIECE
from ..data.schema import Schema
from ..data.sparse import SparseRows
from ..data.sparse_schema import SparseSchema, schema_from_dict
from ..data.targets import check_domain
from ..data.values import Floats, Rows
from ..errors import DataError, DivergenceError, SpecificationError
from ..losses import Loss, loss_from_dict
from .class_tally import ClassTally
from .elementwise import elementwise
from .file import write_model
from .pieces import pieces
from .tally import Tally

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
        """The target's classes, of two the one that a high score speaks for last; empty for a number."""
        return self.schema.target.classes if self.schema.target else ()

    def score(self, table: Any, *, encoding: str | None = None, notes: list[str] | None = None) -> Floats:
        """The score of each row of a raw table, summed in the order of training; a file is read piece by piece.

        encoding: of a text file, UTF-8 unless given. notes: a list that gets sentences about the table, such as how
        many values were never seen in training. Raises DataError for a table that lacks a column or holds infinities,
        DivergenceError if the training diverged.
        """
        self.check_usable()
        found = pieces(self.schema, table, encoding=encoding, notes=notes)
        return np.concatenate([self.score_features(self.schema.encode(piece)) for piece in found])

    def check_usable(self) -> None:
        """DivergenceError for a model whose training diverged."""
        if self.stop == "diverged":
            raise DivergenceError(
                "this model's training diverged, so it does not predict: train it again, at a smaller learning rate",
                step=0,
                cause="diverged",
                advice="train again at a smaller learning rate",
            )

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

    def predict(
        self, table: Any, *, encoding: str | None = None, notes: list[str] | None = None
    ) -> np.ndarray[Any, Any]:
        """The predicted number of each row of a raw table, or its likelier class; options as in `score`."""
        return self.predictions(self.score(table, encoding=encoding, notes=notes))

    def predictions(self, found: Floats) -> np.ndarray[Any, Any]:
        """What is predicted at these scores."""
        if not self.classes:
            numbers: Floats = elementwise(self.loss.inverse_link)(found)
            return numbers
        labels = np.array(self.classes, dtype=object if isinstance(self.classes[0], str) else None)
        chosen: np.ndarray[Any, Any] = labels[self.likeliest(found)]
        return chosen

    def likeliest(self, found: Floats) -> Rows:
        """The number of the class that each row's score speaks for."""
        return (found > 0.0).astype(np.int64)

    def predict_proba(self, table: Any, *, encoding: str | None = None, notes: list[str] | None = None) -> Floats:
        """The probability of each class (n, K), in the order of `classes`; options as in `score`. Classification only.

        Raises DataError where the target is a number, SpecificationError where the loss gives no probabilities.
        """
        if not self.classes:
            raise DataError("predict_proba: the target is a number, so there are no classes; use predict")
        if not self.has_probabilities:
            raise SpecificationError(
                f"predict_proba: the {self.loss.name} loss gives no probabilities; use predict, or train with "
                'loss="logistic"',
                option="loss",
                value=self.loss.name,
                allowed='"logistic" or "modified_huber"',
            )
        return self.probabilities(self.score(table, encoding=encoding, notes=notes))

    @property
    def has_probabilities(self) -> bool:
        return self.loss.probability is not None

    def probabilities(self, found: Floats) -> Floats:
        """The probability of each class (n, K) that belongs to scores."""
        assert self.loss.probability is not None
        second = elementwise(self.loss.probability)(found)
        return np.column_stack([1.0 - second, second])

    def evaluate(self, table: Any, *, encoding: str | None = None, notes: list[str] | None = None) -> dict[str, Any]:
        """How good the predictions are on a table that holds the target: see `fallline.models.tally`.

        Rows without a target are passed over. Options as in `score`.
        """
        self.check_usable()
        tally = self.new_tally()
        for piece in pieces(self.schema, table, target=True, encoding=encoding, notes=notes):
            present = present_rows(piece, self.schema.target.name if self.schema.target else None)
            check_domain(piece, self.schema, self.loss, present)
            targets = self.schema.encode_target(piece, present)
            tally.add(self.score_features(self.schema.encode(piece, present)), targets)
        if tally.rows == 0:
            raise DataError("evaluate: no row has a target to compare with")
        return tally.result()

    def evaluate_features(self, features: Floats | SparseRows, targets: Floats) -> dict[str, Any]:
        """The same of encoded rows."""
        if len(targets) == 0:
            raise DataError("evaluate: no row has a target to compare with")
        found, tally = self.score_features(features), self.new_tally()
        for start in range(0, len(targets), PIECE):
            tally.add(found[start : start + PIECE], targets[start : start + PIECE])
        return tally.result()

    def new_tally(self) -> Tally | ClassTally:
        """What gathers the scores of `evaluate`."""
        return Tally(self.loss, bool(self.classes))

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model, its schema included, to one safetensors file; the file is replaced in one step."""
        description = {
            "kind": self.kind,
            "loss": self.loss.to_dict(),
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
        loss, stop = loss_from_dict(description["loss"]), str(description["stop"])
        for key in ARRAYS:
            wanted = (columns + intercept) * loss.scores if key == "theta" else columns
            if arrays[key].shape != (wanted,) or arrays[key].dtype != np.float64:
                raise ValueError(f"{key} has shape {arrays[key].shape} of {arrays[key].dtype}, not {wanted} float64")
            if not np.isfinite(arrays[key]).all():
                raise ValueError(f"{key} holds a value that is not finite")
        if loss.many and isinstance(schema, SparseSchema):
            raise ValueError("sparse rows have one score each, and the loss has several")
        if loss.many and loss.scores != len(schema.target.classes if schema.target else ()):
            raise ValueError("the loss has not as many scores as there are classes")
        parts = [arrays[key] for key in ARRAYS]
        return cls(schema, loss, *parts, intercept=intercept, stop=stop, training=dict(description["training"]))

    def __repr__(self) -> str:
        target = self.schema.target.name if self.schema.target else "?"
        return f"<{self.kind} model of {target}: {len(self.means)} features>"
