"""Every loss's value and slope for golden.py, written with branches where the product has none, and the targets that a
loss is followed on. Softmax stands in golden_classes.py."""

import golden_classes
import golden_math

FIRST_LOSSES = ("squared", "logistic")  # they are followed with every rule, table and scaling
RULES = ("sgd", "momentum", "adam")  # with which the others are followed
RATES = {  # of the other losses with these rules: on the made table, scaled, and on the diamonds, not scaled
    "absolute": ((0.3, 1e-3), (0.05, 2e-4), (0.08, 4e-3)),
    "huber": ((0.2, 1.5e-3), (0.03, 3e-4), (0.09, 5e-3)),
    "quantile": ((0.5, 3e-3), (0.07, 5e-4), (0.1, 6e-3)),
    "epsilon_insensitive": ((0.4, 2e-3), (0.06, 4e-4), (0.11, 7e-3)),
    "squared_epsilon_insensitive": ((0.02, 8e-6), (0.008, 1e-6), (0.06, 2e-3)),
    "hinge": ((0.1, 1e-4), (0.02, 3e-5), (0.03, 2e-3)),
    "squared_hinge": ((0.05, 1e-5), (0.01, 2e-6), (0.04, 3e-3)),
    "modified_huber": ((0.06, 2e-5), (0.015, 3e-6), (0.05, 2.5e-3)),
    "poisson": ((0.01, 1e-5), (0.003, 2e-6), (0.02, 1e-3)),
    "gamma": ((0.02, 3e-6), (0.004, 6e-7), (0.03, 1.5e-3)),
    "softmax": golden_classes.RATES,
    "tweedie": ((0.015, 2e-5), (0.005, 3e-6), (0.025, 1.2e-3)),
}
LOSSES = (*FIRST_LOSSES, *RATES)
OF_NUMBERS = ("squared", "absolute", "huber", "quantile", "epsilon_insensitive", "squared_epsilon_insensitive")
OF_AMOUNTS = ("poisson", "gamma", "tweedie")  # the others have two classes as targets


def target_of(loss):
    """Which of a table's targets the loss is followed on."""
    if loss == "softmax":
        return "class"
    return "squared" if loss in OF_NUMBERS else "amount" if loss in OF_AMOUNTS else "logistic"


def row_loss(loss, score, target):
    """Value and slope at the product's default options."""
    return ROWS[loss](score, target)


def sign(x):
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else x


def squared(score, target):
    residual = score - target
    return residual * residual, 2.0 * residual


def logistic(score, target):
    e = golden_math.exp(-abs(score))
    above = score if score > 0.0 else 0.0
    value = above - score * target + golden_math.log1p(e)
    probability = (e if score < 0.0 else 1.0) / (1.0 + e)
    return value, probability - target


def absolute(score, target):
    return abs(score - target), sign(score - target)


def huber(score, target):
    residual, delta = score - target, 1.35
    distance = abs(residual)
    if distance < delta:
        return distance * (distance - 0.5 * distance), residual
    return delta * (distance - 0.5 * delta), delta * sign(residual)


def quantile(score, target):
    residual, level = score - target, 0.5
    slope = 1.0 - level if residual > 0.0 else -level if residual < 0.0 else residual
    return slope * residual, slope


def epsilon_insensitive(score, target):
    beyond = abs(score - target) - 0.1
    return (beyond, sign(score - target)) if beyond > 0.0 else (0.0, 0.0)


def squared_epsilon_insensitive(score, target):
    beyond = abs(score - target) - 0.1
    excess = beyond if beyond > 0.0 else 0.0
    return excess * excess, 2.0 * excess * sign(score - target)


def hinge(score, target):
    side = 1.0 if target == 1.0 else -1.0
    lacking = 1.0 - side * score
    return (lacking, -side) if lacking > 0.0 else (0.0, 0.0)


def squared_hinge(score, target):
    side = 1.0 if target == 1.0 else -1.0
    lacking = max(1.0 - side * score, 0.0)
    return lacking * lacking, -2.0 * side * lacking


def modified_huber(score, target):
    side = 1.0 if target == 1.0 else -1.0
    margin = side * score
    if margin < -1.0:
        return -4.0 * margin, -4.0 * side
    lacking = 1.0 - margin if margin < 1.0 else 0.0
    return lacking * lacking, -2.0 * side * lacking


def poisson(score, target):
    mean = golden_math.exp(score)
    best = (target * golden_math.log(target) if target > 0.0 else 0.0) - target
    return (mean - target * score) + best, mean - target


def gamma(score, target):
    ratio = target * golden_math.exp(-score)
    return (score - golden_math.log(target)) + (ratio - 1.0), 1.0 - ratio


def tweedie(score, target):
    a, b = -0.5, 0.5
    half = golden_math.exp(0.5 * (a * score))
    first = target * half * half
    second = golden_math.exp(b * score)
    return (second / b - first / a) + golden_math.power(target, b) / (a * b), second - first


ROWS = {
    "squared": squared,
    "logistic": logistic,
    "absolute": absolute,
    "huber": huber,
    "quantile": quantile,
    "epsilon_insensitive": epsilon_insensitive,
    "squared_epsilon_insensitive": squared_epsilon_insensitive,
    "hinge": hinge,
    "squared_hinge": squared_hinge,
    "modified_huber": modified_huber,
    "poisson": poisson,
    "gamma": gamma,
    "tweedie": tweedie,
}
