"""Weight decay beside the size that the parameters need. Says so before step 1."""

from __future__ import annotations

from ..measures.curvature import Curvature
from ..rules.rule import Rule


def decay_note(rule: Rule, curvature: Curvature) -> list[str]:
    """A sentence if AdamW's kind of decay cannot let the scores become as large as they must; else nothing.

    Its gradient part is at most about the rate a step, and the decay rate * weight_decay * |theta|: so |theta| ends
    below about 1 / weight_decay, the intercept too, whatever the rate.
    """
    decay = getattr(rule, "weight_decay", 0.0)
    if not decay or not rule.adaptive or curvature.second == 0.0:
        return []
    size = curvature.slope / curvature.second
    if size * decay <= 1.0:
        return []
    return [
        f"weight decay {decay:g} holds every parameter, the intercept too, below about {1.0 / decay:g}, and the target "
        f"is of size {size:.3g}: use weight_decay=0, or adam"
    ]
