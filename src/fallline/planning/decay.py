"""Weight decay beside the size that the parameters need. Settled, or said so, before step 1."""

from __future__ import annotations

from ..losses import Loss
from ..measures.curvature import Curvature
from ..rules.rule import Rule
from .rate import rounded


def settled_decay(rule: Rule, loss: Loss, curvature: Curvature) -> tuple[Rule, list[str]]:
    """The rule, with a decay that was not given made fit for the target's unit, and a sentence that says so.

    AdamW's kind of decay cannot let the scores become as large as they must: its gradient part is at most about the
    rate a step, and the decay rate * weight_decay * |theta|, so |theta| ends below about 1 / weight_decay, the
    intercept too, whatever the rate. The usual numbers are meant for scores of about 1. With weight_decay / s and the
    rate times s a target that is s times as large has the same descent, in its own unit: s is the size of the scores
    that the target asks for at the start, the mean slope over the mean second derivative. Classes ask for scores of
    about 1, and a decay that was given is kept.
    """
    decay = getattr(rule, "weight_decay", 0.0)
    by_rate = getattr(rule, "decay_scaled_by_rate", True)  # else the bound is rate / weight_decay: as large as it must
    if not decay or not by_rate or not rule.adaptive or curvature.second == 0.0:
        return rule, []
    size = curvature.slope / curvature.second
    if "weight_decay" not in rule.given and size > 1.0 and not loss.classes:
        found = rounded(decay / size)
        why = f"{rule.name}'s {decay:g} is for scores of about 1, and the target is of size {size:.3g}"
        return rule.with_options(weight_decay=found), [f"weight decay {found:g}: {why}"]
    if size * decay <= 1.0:
        return rule, []
    return rule, [
        f"weight decay {decay:g} holds every parameter, the intercept too, below about {1.0 / decay:g}, and the target "
        f"is of size {size:.3g}: use weight_decay=0, or leave it out, and it will be measured"
    ]
