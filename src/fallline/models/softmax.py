"""The linear model with a score for each class."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.values import Floats, Rows
from ..losses.softmax import shares
from .class_tally import ClassTally
from .elementwise import elementwise
from .linear import BLOCK, LinearModel


class SoftmaxModel(LinearModel):
    """A linear score for each of K classes; the probabilities are exp(score) over the sum of all exp(score).

    theta (d * K coefficients of the scaled features, that of feature j and class c at j * K + c, then K intercepts)
    and all else as in `LinearModel`. Only differences between classes have a meaning: to add the same to every
    class's score changes no probability.
    """

    kind = "softmax"

    @property
    def _slopes(self) -> Floats:
        """The coefficients (d, K) in the table's own units."""
        count = self.loss.scores
        slopes: Floats = self.theta[: len(self.means) * count].reshape(-1, count) * self.inverse_scales[:, None]
        return slopes

    @property
    def coefficients(self) -> dict[Any, dict[str, float]]:  # type: ignore[override]
        """For each class its features' coefficients: what one unit more of each adds to the score of the class."""
        columns = self._slopes.T.tolist()
        return {
            label: dict(zip(self.schema.features, column, strict=True))
            for label, column in zip(self.classes, columns, strict=True)
        }

    @property
    def intercept(self) -> dict[Any, float]:  # type: ignore[override]
        """For each class its score in a row whose every feature is 0, in the table's own units."""
        found = {}
        for c, (label, slopes) in enumerate(self.coefficients.items()):
            value = float(self.theta[len(self.means) * self.loss.scores + c]) if self.has_intercept else 0.0
            for mean, slope in zip(self.means.tolist(), slopes.values(), strict=True):
                value -= mean * slope
            found[label] = value
        return found

    def score_features(self, features: Floats) -> Floats:  # type: ignore[override]  # sparse rows are refused
        """The scores (n, K) of encoded rows (n, d); NaN stands for a missing number."""
        coefficients, count = self._slopes, self.loss.scores
        found = np.zeros((len(features), count))
        for start in range(0, len(features), BLOCK):
            block = features[start : start + BLOCK]
            part = found[start : start + BLOCK]
            for j, (mean, fill) in enumerate(zip(self.means, self.fills, strict=True)):
                column = block[:, j]
                part += (np.where(np.isnan(column), fill, column) - mean)[:, None] * coefficients[j]
            if self.has_intercept:
                part += self.theta[len(self.means) * count :]
        return found

    def likeliest(self, found: Floats) -> Rows:
        """The class with the largest score; the first of equal ones."""
        chosen: Rows = np.argmax(found, axis=1).astype(np.int64)
        return chosen

    @property
    def has_probabilities(self) -> bool:
        return True

    def probabilities(self, found: Floats) -> Floats:
        out: list[Floats] = [np.zeros(0)] * self.loss.scores
        elementwise(shares)(list(found.T), out)
        return np.column_stack(out)

    def new_tally(self) -> ClassTally:
        return ClassTally(self.loss)
