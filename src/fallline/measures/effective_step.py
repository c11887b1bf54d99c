"""The effective step of each parameter: the step that was taken, divided by the gradient that it was taken on.

For plain gradient descent it is the rate, for all alike. An adaptive rule gives each parameter its own: rate /
(sqrt(v_hat) + epsilon) for Adam once the gradient is steady, which is `rule.scale`. Unit: parameter² / loss.
Cost: one pass over the parameters. Kingma & Ba (2015), section 2.1, call |step| the effective step in parameter space.
"""

from __future__ import annotations

import numpy as np

from ..compiled.runtime import Floats
from ..rules.rule import Numbers, Rule


def effective_steps(step: Floats, gradient: Floats) -> Floats:
    """step / gradient, parameter by parameter; NaN where the gradient is 0."""
    ratio: Floats = np.divide(step, gradient, out=np.full(len(step), np.nan), where=gradient != 0.0)
    return ratio


def steady_steps(rule: Rule, numbers: Numbers, rule_state: Floats, parameters: int) -> Floats | None:
    """What they come to while the gradient stays the same: the rule's `scale` in this state. None without a scale."""
    if rule.scale is None:
        return None
    arguments = rule.split(numbers)[0]
    states = zip(*np.asarray(rule_state).tolist(), strict=True) if len(rule.state) else [()] * parameters
    return np.array([rule.scale(*state, *arguments) for state in states])
