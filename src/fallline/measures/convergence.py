"""The predicted rate of convergence, from the condition number, against the observed one.

On a quadratic with eigenvalues from smallest to largest, one step of gradient descent multiplies the error along an
eigenvector by 1 - rate * lambda, so in the end the distance falls by max |1 - rate * lambda| a step, at best by
(kappa - 1) / (kappa + 1) at rate 2 / (smallest + largest), kappa = largest / smallest. With momentum mu it is the
larger root of z² - (1 + mu - rate * lambda) z + mu = 0, at best (sqrt(kappa) - 1) / (sqrt(kappa) + 1). The excess loss
falls by the square. Cost: nothing beyond the eigenvalues; for the observed rate, the recorded losses.
Nesterov (2004), Introductory Lectures on Convex Optimization, section 2.1.5; Polyak (1964) for momentum.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence


def predicted_factor(rate: float, smallest: float, largest: float, momentum: float = 0.0) -> float:
    """What the distance to the optimum is multiplied by in a step, in the end; from 1 on it does not converge.

    momentum: of the heavy ball (step rate * b, b <- momentum * b + g).
    """
    return max(_factor(rate * bend, momentum) for bend in (smallest, largest))


def _factor(bend: float, momentum: float) -> float:
    middle = (1.0 + momentum - bend) / 2.0
    root = cmath.sqrt(middle * middle - momentum)
    return max(abs(middle + root), abs(middle - root))


def best_factor(condition: float, momentum: bool = False) -> float:
    """The lowest factor that any rate (and any momentum) has at this condition number."""
    if math.isinf(condition):
        return 1.0
    kappa = math.sqrt(condition) if momentum else condition
    return (kappa - 1.0) / (kappa + 1.0)


def observed_factor(losses: Sequence[float], optimum: float) -> float:
    """The same from recorded losses of batches of all rows: the root of what the excess loss is multiplied by a step.

    The geometric mean over these losses, the ones at the optimum left out; NaN for fewer than two above it.
    """
    excess = [loss - optimum for loss in losses]
    last = max((i for i, value in enumerate(excess) if value > 0.0), default=0)
    if last < 1 or excess[0] <= 0.0:
        return float("nan")
    return math.exp((math.log(excess[last]) - math.log(excess[0])) / (2.0 * last))
