"""The ways from one rate to another."""

from __future__ import annotations

from ..scalar import cos

PI = 3.141592653589793


def line(start: float, end: float, share: float) -> float:
    """From start, at share 0, straight to end, at share 1."""
    return start + (end - start) * share


def half_wave(start: float, end: float, share: float) -> float:
    """From start to end along half a period of the cosine: flat at both ends."""
    return end + (start - end) * 0.5 * (1.0 + cos(PI * share))


def share_of(t: float, start: float, end: float) -> float:
    """How much of the way from start to end is done at t; all of it where there is no way."""
    return (t - start) / (end - start) if end > start else 1.0
