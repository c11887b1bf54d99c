"""Every rule's arithmetic for golden.py, at the product's defaults: a few lines each, and what some have besides."""

import math

import golden_math

FIRST_RULES = ("sgd", "momentum", "rmsprop", "adam")  # they are followed on all batch sizes and through more steps
RATES = {  # of a rule, on tables that are not scaled and on scaled ones
    "sgd": (1e-5, 0.03),
    "momentum": (2e-6, 0.01),
    "rmsprop": (1e-3, 0.01),
    "adam": (3e-3, 0.07),
    "nesterov": (1e-6, 0.005),
    "adagrad": (0.01, 0.1),
    "adadelta": (1.0, 0.9),
    "lion": (1e-3, 0.02),
    "signum": (2.3e-3, 0.03),
    "rprop": (4e-3, 0.04),
    "asgd": (8e-6, 0.02),
    "adamw": (2.5e-3, 0.06),
    "amsgrad": (3.5e-3, 0.05),
    "adamax": (4e-3, 0.08),
    "nadam": (2e-3, 0.03),
    "radam": (1e-6, 0.01),
    "adabelief": (1.5e-3, 0.025),
    "yogi": (5e-3, 0.04),
    "schedule_free_sgd": (1e-5, 0.05),
    "schedule_free_adamw": (3e-3, 0.09),
    "dog": (1.0, 2.0),
}
RULES = tuple(RATES)


def running_product(b, k):
    """b to the power k as steps 1, 2, …, k multiply it up: ** is not the same on every machine."""
    product = 1.0
    for _ in range(k):
        product = product * b
    return product


def sign(x):
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else x


# ---- the step of one parameter in step k, counted from 1; its state is changed


def sgd(g, theta, state, sums, rate, k):
    return rate * g


def momentum(g, theta, state, sums, rate, k):
    state[0] = 0.9 * state[0] + g
    return rate * state[0]


def nesterov(g, theta, state, sums, rate, k):
    state[0] = 0.9 * state[0] + g
    return rate * (g + 0.9 * state[0])


def adagrad(g, theta, state, sums, rate, k):
    state[0] = state[0] + g * g
    return rate * g / (math.sqrt(state[0]) + 1e-10)


def rmsprop(g, theta, state, sums, rate, k):
    state[0] = 0.99 * state[0] + (1.0 - 0.99) * g * g
    return rate * g / (math.sqrt(state[0]) + 1e-8)


def adadelta(g, theta, state, sums, rate, k):
    state[0] = 0.9 * state[0] + (1.0 - 0.9) * g * g
    delta = math.sqrt(state[1] + 1e-6) / math.sqrt(state[0] + 1e-6) * g
    state[1] = 0.9 * state[1] + (1.0 - 0.9) * delta * delta
    return rate * delta


def averages(g, state):
    """What Adam and its relatives begin with."""
    state[0] = 0.9 * state[0] + (1.0 - 0.9) * g
    state[1] = 0.999 * state[1] + (1.0 - 0.999) * g * g


def adam(g, theta, state, sums, rate, k):
    averages(g, state)
    m_hat = state[0] / (1.0 - running_product(0.9, k))
    v_hat = state[1] / (1.0 - running_product(0.999, k))
    return rate * m_hat / (math.sqrt(v_hat) + 1e-8)


def amsgrad(g, theta, state, sums, rate, k):
    averages(g, state)
    if not state[2] > state[1]:
        state[2] = state[1]
    m_hat = state[0] / (1.0 - running_product(0.9, k))
    v_hat = state[2] / (1.0 - running_product(0.999, k))
    return rate * m_hat / (math.sqrt(v_hat) + 1e-8)


def adamax(g, theta, state, sums, rate, k):
    state[0] = 0.9 * state[0] + (1.0 - 0.9) * g
    faded, size = 0.999 * state[1], abs(g) + 1e-8
    state[1] = faded if faded > size else size
    return rate * (state[0] / (1.0 - running_product(0.9, k))) / state[1]


def nadam(g, theta, state, sums, rate, k):
    averages(g, state)
    mu = [0.9 * (1.0 - 0.5 * golden_math.exp(i * 0.004 * golden_math.log(0.96))) for i in range(k + 2)]
    product = 1.0
    for i in range(1, k + 1):
        product = product * mu[i]
    of_m = mu[k + 1] / (1.0 - product * mu[k + 1])
    of_g = (1.0 - mu[k]) / (1.0 - product)
    v_hat = state[1] / (1.0 - running_product(0.999, k))
    return rate * (of_m * state[0] + of_g * g) / (math.sqrt(v_hat) + 1e-8)


def radam(g, theta, state, sums, rate, k):
    averages(g, state)
    m_hat = state[0] / (1.0 - running_product(0.9, k))
    power = running_product(0.999, k)
    rho = 2.0 / (1.0 - 0.999) - 1.0
    rho_k = rho - 2.0 * k * power / (1.0 - power)
    if not rho_k > 5.0:
        return rate * m_hat
    rectified = (rho_k - 4.0) * (rho_k - 2.0) * rho / ((rho - 4.0) * (rho - 2.0) * rho_k)
    return rate * (math.sqrt(rectified * (1.0 - power)) * m_hat / (math.sqrt(state[1]) + 1e-8))


def adabelief(g, theta, state, sums, rate, k):
    state[0] = 0.9 * state[0] + (1.0 - 0.9) * g
    surprise = g - state[0]
    state[1] = 0.999 * state[1] + (1.0 - 0.999) * surprise * surprise + 1e-16
    m_hat = state[0] / (1.0 - running_product(0.9, k))
    s_hat = state[1] / (1.0 - running_product(0.999, k))
    return rate * m_hat / (math.sqrt(s_hat) + 1e-16)


def yogi(g, theta, state, sums, rate, k):
    state[0] = 0.9 * state[0] + (1.0 - 0.9) * g
    state[1] = state[1] - (1.0 - 0.999) * sign(state[1] - g * g) * g * g
    return rate * state[0] / (math.sqrt(state[1]) + 1e-3)


def lion(g, theta, state, sums, rate, k):
    direction = sign(0.9 * state[0] + (1.0 - 0.9) * g)
    state[0] = 0.99 * state[0] + (1.0 - 0.99) * g
    return rate * direction


def signum(g, theta, state, sums, rate, k):
    state[0] = 0.9 * state[0] + (1.0 - 0.9) * g
    return rate * sign(state[0])


def rprop(g, theta, state, sums, rate, k):
    size, before = state
    if size == 0.0:
        size = rate
    turned = sign(g) * before
    if turned > 0.0:
        size = size * 1.2
    elif turned < 0.0:
        size = size * 0.5
    state[0] = 1e-6 if size < 1e-6 else 50.0 if size > 50.0 else size
    state[1] = 0.0 if turned < 0.0 else sign(g)
    return state[0] * state[1]


def asgd(g, theta, state, sums, rate, k):
    step = asgd_rate(rate, k) * g
    share = 1.0 / max(1.0, k - 1 - 1e6)
    state[0] = (1.0 - share) * state[0] + share * (theta * keep("asgd", rate, k) - step)
    return step


def asgd_rate(rate, k):
    return rate / golden_math.power(1.0 + 1e-4 * rate * (k - 1), 0.75)


def share_in_average(rates):
    """The last rate's weight in the Schedule-Free average: squares of the largest rate so far, over their sum."""
    largest = total = square = 0.0
    for rate in rates:
        largest = max(largest, rate)
        square = largest * largest
        total = total + square
    return square / total


def schedule_free_sgd(g, theta, state, sums, rate, k):
    c = share_in_average([rate] * k)
    moved = state[0] + rate * g
    state[0] = (1.0 - c) * moved
    return c * moved


def schedule_free_adamw(g, theta, state, sums, rate, k):
    rates, power = [], 1.0
    for _ in range(k):
        power = power * 0.999
        rates.append(rate * math.sqrt(1.0 - power))
    c = share_in_average(rates)
    y = point("schedule_free_adamw", theta, state)
    state[1] = 0.999 * state[1] + (1.0 - 0.999) * g * g
    moved = state[0] + rates[-1] * (g / (math.sqrt(state[1]) + 1e-8) + 0.0 * y)
    state[0] = (1.0 - c) * moved
    return c * moved


def dog(g, theta, state, sums, rate, k):
    first = 1e-6 * (1.0 + math.sqrt(sums[2]))
    state[1] = max(state[1], first, math.sqrt(sums[1]))
    state[2] = state[2] + sums[0]
    return rate * state[1] / math.sqrt(state[2] + 1e-8) * g


UPDATES = {"sgd": sgd, "momentum": momentum, "nesterov": nesterov, "adagrad": adagrad, "rmsprop": rmsprop}
UPDATES |= {"adadelta": adadelta, "adam": adam, "lion": lion, "signum": signum, "rprop": rprop, "asgd": asgd}
UPDATES |= {"adamw": adam, "amsgrad": amsgrad, "adamax": adamax, "nadam": nadam, "radam": radam, "yogi": yogi}
UPDATES |= {"adabelief": adabelief, "schedule_free_sgd": schedule_free_sgd, "dog": dog}
UPDATES |= {"schedule_free_adamw": schedule_free_adamw}


# ---- what else belongs to a rule

NO_STATE = ("sgd",)
ONE_NUMBER = ("momentum", "nesterov", "adagrad", "rmsprop", "lion", "signum", "schedule_free_sgd")


def first_state(rule, theta):
    """The state of a parameter before step 1."""
    if rule == "asgd":
        return [theta]
    if rule == "yogi":
        return [0.0, 1e-6]
    if rule == "amsgrad":
        return [0.0, 0.0, 0.0]
    if rule == "dog":
        return [theta, 0.0, 0.0]
    return [] if rule in NO_STATE else [0.0] if rule in ONE_NUMBER else [0.0, 0.0]


def point(rule, theta, state):
    """Where the gradient is taken."""
    return theta - (1.0 - 0.9) * state[0] if rule.startswith("schedule_free") else theta


def keep(rule, rate, k):
    """What theta is multiplied by before the step is subtracted."""
    return 1.0 - rate * 0.01 if rule == "adamw" else 1.0 - asgd_rate(rate, k) * 1e-4 if rule == "asgd" else 1.0


def terms(rule, g, theta, state):
    """What is summed over all parameters before the step."""
    return [g * g, (theta - state[0]) * (theta - state[0]), state[0] * state[0]] if rule == "dog" else []
