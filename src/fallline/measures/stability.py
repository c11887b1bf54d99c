"""The largest stable learning rate of a rule, from the curvature: `rule.stability` over the largest eigenvalue of S H.

On a quadratic with Hessian H (eigenvalues lambda) a rule converges while rate * lambda_max(S H) < stability, S the
rule's `scale` at rate 1, parameter by parameter:
  gradient descent       rate < 2 / lambda
  heavy ball             rate < (2 + 2 beta) / lambda
  Nesterov               rate < (2 + 2 beta) / ((1 + 2 beta) lambda)
  averaged momentum      rate < (2 + 2 beta) / ((1 - beta) lambda)     m <- beta m + (1 - beta) g, step rate * m
  Adam and its relatives lambda_max(P^-1 H) < (2 + 2 beta1) / ((1 - beta1) rate), so 38 / rate at beta1 = 0.9;
                         P = diag(sqrt(v_hat) + epsilon), taken as it stands
Cost: given lambda, nothing; with a state, one Lanczos run on S^1/2 H S^1/2.
Polyak (1964); Cohen et al. (2021), Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability;
Cohen et al. (2022), Adaptive Gradient Methods at the Edge of Stability.
"""

from __future__ import annotations

import numpy as np

from ..compiled.runtime import Floats
from ..rules.rule import Numbers, Rule
from .hessian import HessianProduct, preconditioned
from .lanczos import lanczos


def stable_rate(rule: Rule, numbers: Numbers, largest: float) -> float | None:
    """Of a rule whose scale does not depend on its state, on curvature up to `largest`; None where there is none.

    A rule without a scale is taken as rate * g, unless it is adaptive: then its limit is not known.
    """
    if rule.adaptive or not largest > 0.0:
        return None
    scale = 1.0 if rule.scale is None else rule.scale_at_rate_1([0.0] * len(rule.state), numbers)
    return rule.stability / (largest * scale)


def stable_rate_of_state(rule: Rule, numbers: Numbers, rule_state: Floats, product: HessianProduct) -> float | None:
    """Of an adaptive rule with its state (s, p) held as it is; None without a scale, and before its first step."""
    if rule.scale is None or not rule_state.any():
        return None
    scales = np.array([rule.scale_at_rate_1(values, numbers) for values in zip(*rule_state.tolist(), strict=True)])
    largest = lanczos(preconditioned(product, scales), product.parameters, both=False).largest
    return rule.stability / largest if largest > 0.0 else None
