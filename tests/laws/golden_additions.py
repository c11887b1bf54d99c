"""Penalties and transforms written down a second time, in nested loops over golden.py's tables and rules.

It knows nothing of Fallline. What a descent has besides the rule is a dict of plain numbers:

    l2, l1: for each coefficient. groups: (strength, lists of columns). lower, upper: for each coefficient.
    gradient: a list of ("value", bound), ("norm", bound), ("lars", coefficient, epsilon), in order.
    lamb: (coefficient, epsilon). decay: a number. part: rows of a batch.
    average: ("from", start) or ("forget", decay, corrected).
"""

import math

import golden
import golden_rules


def scale_of(rule, state, rate, k):
    """The rule's step by its gradient, if that stayed as it is."""
    if rule == "momentum":
        return rate / (1.0 - 0.9)
    if rule == "adam":
        v_hat = state[1] / (1.0 - golden_rules.running_product(0.999, k))
        return rate / (math.sqrt(v_hat) + 1e-8)
    return rate


def norm_of(numbers):
    return math.sqrt(golden.sum_of([x * x for x in numbers]))


def trust(norm, theta_norm, coefficient, epsilon):
    if norm == 0.0 or theta_norm == 0.0:
        return 1.0
    return coefficient * theta_norm / (norm + epsilon)


def group_norm(theta, group):
    return math.sqrt(golden.sum_of([theta[j] * theta[j] for j in group]))


def penalty_of(theta, d, more):
    """What is added to the loss, at theta."""
    values = []
    for j in range(d):
        value = 0.0
        if "l1" in more and "l2" in more:
            value = more["l1"][j] * abs(theta[j]) + 0.5 * more["l2"][j] * theta[j] * theta[j]
        elif "l1" in more:
            value = more["l1"][j] * abs(theta[j])
        elif "l2" in more:
            value = 0.5 * more["l2"][j] * theta[j] * theta[j]
        values.append(value)
    total = golden.sum_of(values)
    if "groups" in more:
        alpha, groups = more["groups"]
        total = total + golden.sum_of([alpha * math.sqrt(float(len(g))) * group_norm(theta, g) for g in groups])
    return total


def sums_of(table, loss, theta, batch, part):
    """The sums of a step's batches, one added to the other."""
    d = len(table["mean"])
    size = part or len(batch)
    sums = None
    for start in range(0, len(batch), size):
        found = golden.batch_sums(table, loss, theta, batch[start : start + size])
        sums = found if sums is None else [sums[i] + found[i] for i in range(d + 3)]
    return sums


def change_gradient(gradient, theta, more, shares):
    for change in more.get("gradient", []):
        if change[0] == "value":
            bound = change[1]
            for j in range(len(gradient)):
                shares[j] = shares[j] * (bound / max(abs(gradient[j]), bound))
                gradient[j] = bound if gradient[j] > bound else -bound if gradient[j] < -bound else gradient[j]
            continue
        norm = norm_of(gradient)
        factor = change[1] / max(norm, change[1]) if change[0] == "norm" else trust(norm, norm_of(theta), *change[1:])
        for j in range(len(gradient)):
            shares[j] = shares[j] * factor
            gradient[j] = gradient[j] * factor


def after_step(theta, d, more, scales):
    """The proximal steps and the bounds, in place."""
    for j in range(d):
        if "l1" in more:
            cut = scales[j] * more["l1"][j]
            theta[j] = theta[j] - cut if theta[j] > cut else theta[j] + cut if theta[j] < -cut else 0.0
    for group in more.get("groups", (0.0, []))[1]:
        norm = group_norm(theta, group)
        strength = more["groups"][0] * math.sqrt(float(len(group)))
        left = 1.0 - scales[group[0]] * strength / (norm if norm > 0.0 else 1.0)
        for j in group:
            theta[j] = theta[j] * left if left > 0.0 else 0.0
    for j in range(d):
        if "lower" in more:
            theta[j] = min(max(theta[j], more["lower"][j]), more["upper"][j])


def share_of(average, k):
    if average[0] == "from":
        return 1.0 / max(k - average[1], 1)
    decay, corrected = average[1:]
    if not corrected:
        return 1.0 if k == 1 else 1.0 - decay
    power, square, bits = 1.0, decay, k  # decay^k by squaring
    while bits > 0:
        power = power * square if bits % 2 == 1 else power
        square = square * square
        bits = bits // 2
    return (1.0 - decay) / (1.0 - power)


def descend(table, rule, loss, rate, batches, more):
    """Take the steps. Return theta and the average after each, and the loss, norm and penalty of each."""
    d = len(table["mean"])
    theta = golden.start_of(d + 1)
    mean = list(theta)
    state = [golden_rules.first_state(rule, value) for value in theta]
    thetas, means, records = [], [], []
    for k in range(1, len(batches) + 1):
        sums = sums_of(table, loss, theta, batches[k - 1], more.get("part"))
        weight = sums[d + 2]
        if weight == 0.0:
            records.append([0.0, 0.0, 0.0])
            thetas.append(list(theta))
            means.append(list(mean))
            continue
        gradient = [(sums[j] * table["inverse_scale"][j]) / weight for j in range(d)] + [sums[d] / weight]
        for j in range(d):
            if "l2" in more:
                gradient[j] = gradient[j] + more["l2"][j] * theta[j]
        records.append([sums[d + 1] / weight, norm_of(gradient), penalty_of(theta, d, more)])
        shares = [1.0] * (d + 1)
        change_gradient(gradient, theta, more, shares)
        steps = [golden_rules.UPDATES[rule](gradient[j], theta[j], state[j], [], rate, k) for j in range(d + 1)]
        if "lamb" in more:
            factor = trust(norm_of(steps) / rate, norm_of(theta), *more["lamb"])
            steps = [step * factor for step in steps]
            shares = [share * factor for share in shares]
        keep = 1.0 - rate * more["decay"] if "decay" in more else 1.0
        theta = [theta[j] * keep - steps[j] for j in range(d + 1)]
        after_step(theta, d, more, [scale_of(rule, state[j], rate, k) * shares[j] for j in range(d)])
        if "average" in more:
            share = share_of(more["average"], k)
            mean = [(1.0 - share) * mean[j] + share * theta[j] for j in range(d + 1)]
        assert all(math.isfinite(number) for number in theta), (rule, loss, rate, k)
        thetas.append(list(theta))
        means.append(list(mean))
    return thetas, means, records
