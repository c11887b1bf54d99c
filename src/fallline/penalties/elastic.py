"""What l2, l1 and their mixture share: alpha * (l1_ratio * |w| + (1 - l1_ratio) / 2 * w²) as scalar functions.

Each takes l1 = alpha * l1_ratio and l2 = alpha * (1 - l1_ratio). The smooth half goes into the gradient, the other is
a proximal step (Tibshirani 1996; Zou & Hastie 2005; Beck & Teboulle 2009 for the step).
"""

from __future__ import annotations

from ..scalar import maximum, minimum


def l2_value(w: float, l1: float, l2: float) -> float:
    return 0.5 * l2 * w * w


def l2_slope(w: float, l1: float, l2: float) -> float:
    return l2 * w


def l1_value(w: float, l1: float, l2: float) -> float:
    return l1 * abs(w)


def elastic_value(w: float, l1: float, l2: float) -> float:
    return l1 * abs(w) + 0.5 * l2 * w * w


def soft_threshold(w: float, scale: float, l1: float, l2: float) -> float:
    """w, less its part between -threshold and threshold: exactly 0 where that is all of it."""
    threshold = scale * l1
    return w - minimum(maximum(w, -threshold), threshold)
