"""scikit-learn's `optimal`: one over the curvature of an l2 penalty times the time."""

from __future__ import annotations

from ..allowed import POSITIVE, options
from .schedule import Schedule


class Optimal(Schedule):
    """rate(k) = 1 / (alpha * (t0 + k - 1)), and with t0=None, t0 = 1 / (alpha * base), so that step 1 has rate base.

    alpha: above 0, the strength of the l2 penalty that goes with it. t0: above 0, or None. With t0 given this is
    scikit-learn's formula to the letter, in which no base occurs: base is then not used.
    scikit-learn takes t0 = 1 / (alpha * eta), eta = s / maximum(1, slope of the loss at the score -s and the target
    1), s = alpha^(-1/4): t0=None with that eta for base. It counts samples, and this counts steps.
    """

    name = "optimal"
    formula = "1 / (alpha * (t0 + t)), t = k - 1, t0 = 1 / (alpha * base) unless given"
    paper = "Bottou (2012), Stochastic Gradient Descent Tricks, §5.2; scikit-learn, SGDClassifier"
    ranges = options(alpha=POSITIVE, t0=POSITIVE)
    optional = ("t0",)

    alpha: float
    t0: float | None

    def __init__(self, alpha: float = 1e-4, t0: float | None = None):
        self._set(alpha=alpha, t0=t0)

    def rate(self, k: int, base: float) -> float:
        t = k - 1
        return base / (1.0 + self.alpha * base * t) if self.t0 is None else 1.0 / (self.alpha * (self.t0 + t))
