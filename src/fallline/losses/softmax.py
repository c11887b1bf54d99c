"""The softmax loss, or cross-entropy, for any number of classes: the one kind of loss with a score for each class."""

from __future__ import annotations

from ..errors import SpecificationError
from ..scalar import exp, log, maximum
from .loss import Loss

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence
    from typing import Any


def shares(scores: Sequence[float], out: MutableSequence[float]) -> tuple[float, float]:
    """out <- exp(score) / sum of exp(score), shifted by the largest score so that nothing overflows; return that score
    and the shifted sum, taken from left to right."""
    largest = scores[0]
    for c in range(1, len(scores)):
        largest = maximum(largest, scores[c])
    total = 0.0
    for c in range(len(scores)):
        out[c] = exp(scores[c] - largest)
        total = total + out[c]
    for c in range(len(scores)):
        out[c] = out[c] / total
    return largest, total


def softmax(scores: Sequence[float], target: float, slopes: MutableSequence[float]) -> float:
    """slopes <- the derivative by each score; return the value."""
    largest, total = shares(scores, slopes)
    label = int(target)
    slopes[label] = slopes[label] - 1.0
    return log(total) - (scores[label] - largest)


class Softmax(Loss):
    """log(sum over the classes of exp(score)) - score of the row's own class; a row has K scores, one for each class.

    The target is a class, counted 0, 1, … K - 1; the probability of class c is exp(score_c) / sum of exp(score). The
    slope by score c is that probability, less 1 for the row's own class. The value is that of scikit-learn's
    `HalfMultinomialLoss` and `log_loss` and of torch's `cross_entropy`. Bridle (1990), "Probabilistic interpretation of
    feedforward classification network outputs".

    theta holds a coefficient for each feature and class, then an intercept for each class: that of feature j and class
    c is theta[j * K + c]. No class is held at 0, so only differences between classes have a meaning.
    scores: K; 0 until the target's classes are known.
    """

    name = "softmax"
    formula = "log(sum of exp(scores)) - score of the row's class"
    other_names = ("multinomial", "half_multinomial", "cross_entropy", "categorical_crossentropy")
    row = staticmethod(softmax)
    classes = True
    many = True
    score_name = "score"

    def __init__(self, scores: int = 0):
        super().__init__()
        if isinstance(scores, bool) or not isinstance(scores, int) or scores < 0 or scores == 1:
            raise SpecificationError(
                f"scores={scores!r} is not possible for loss 'softmax': it is the number of classes, at least 2",
                option="scores",
                value=scores,
                allowed="a whole number of at least 2",
            )
        self.scores = scores

    def settled(self, classes: int) -> Softmax:
        if self.scores not in (0, classes):
            raise SpecificationError(
                f"loss 'softmax' has {self.scores} scores, and the target has {classes} classes: leave scores out",
                option="scores",
                value=self.scores,
                allowed=str(classes),
            )
        return Softmax(classes)

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "scores": self.scores}
