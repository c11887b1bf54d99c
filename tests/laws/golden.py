"""The law (DESIGN, section 2) written down a second time, in the plainest nested loops, to make golden.json.

It uses the standard library only and nothing of Fallline, so that a mistake in the product's own reference cannot hide:
sums by a list of leaves and a list of levels (the product: a binary counter), the row order by listing blocks and
windows (the product: a pure function of the step), exp and log1p with Python's own rounding and ldexp (golden_math.py),
losses with branches (golden_losses.py), rules as torch has them, with its constants where it has the rule
(golden_rules.py).

    python tests/laws/golden.py            writes golden.json beside it, in about half a minute
"""

import csv
import hashlib
import json
import math
import pathlib
import struct

import golden_classes
import golden_losses
import golden_rules

HERE = pathlib.Path(__file__).resolve().parent
DIAMONDS = HERE.parent.parent / "examples" / "diamonds.csv"

LEAF = 1024
RULES = golden_rules.RULES
LOSSES = golden_losses.LOSSES
TABLES = ("made", "diamonds")
SCALINGS = ("unscaled", "scaled")
CUTS = ("Fair", "Good", "Ideal", "Premium", "Very Good")
SEED = 20240229
STEPS = {1: 60, 1023: 7, 1024: 7, 1025: 7, 3073: 4, 5120: 4, "full": 3}  # beyond the first epoch where that is cheap
FEWER_STEPS = {1: 60, 1025: 4, "full": 2}
LATER_STEPS = (1, 1025)  # the batch sizes for the losses that came later
LATER_TABLES = (("made", "scaled"), ("diamonds", "unscaled"))


def steps_of(rule):
    """The batch sizes on which the rule is followed, and through how many steps."""
    return STEPS if rule in golden_rules.FIRST_RULES else FEWER_STEPS


def rate_of(rule, scaling, loss):
    if loss in golden_losses.FIRST_LOSSES:
        return golden_rules.RATES[rule][SCALINGS.index(scaling)]
    return golden_losses.RATES[loss][golden_losses.RULES.index(rule)][0 if scaling == "scaled" else 1]


def cases():
    """Every table, scaling, rule, loss and batch size that is followed: fewer for the losses that came later."""
    found = []
    for name in TABLES:
        for scaling in SCALINGS:
            for rule in RULES:
                for loss in LOSSES:
                    if loss in golden_losses.FIRST_LOSSES:
                        batches = list(steps_of(rule))
                    elif rule in golden_losses.RULES and (name, scaling) in LATER_TABLES:
                        batches = list(LATER_STEPS)
                    else:
                        batches = []
                    found.extend([(name, scaling, rule, loss, batch) for batch in batches])
    return found


# ---- sums


def tree(leaves):
    """Pair neighbours, level by level; an odd one is carried up unchanged."""
    level = leaves
    while len(level) > 1:
        above = []
        for i in range(0, len(level) - 1, 2):
            above.append([level[i][j] + level[i + 1][j] for j in range(len(level[i]))])
        if len(level) % 2 == 1:
            above.append(level[-1])
        level = above
    return level[0]


def sum_of(numbers):
    leaves = []
    for start in range(0, len(numbers), LEAF):
        total = 0.0
        for i in range(start, min(start + LEAF, len(numbers))):
            total = total + numbers[i]
        leaves.append([total])
    return tree(leaves)[0]


def mean_and_scale(column):
    """Shifted by the first value, two passes, divisor n. A missing value (NaN) stands at the mean."""
    n = len(column)
    present = [x for x in column if not math.isnan(x)]
    first = present[0] if present else 0.0
    deviations = [0.0 if math.isnan(x) else x - first for x in column]
    shift = sum_of(deviations) / max(len(present), 1)
    residues = [0.0 if math.isnan(column[i]) else deviations[i] - shift for i in range(n)]
    constant = all(x == first for x in present)
    return first + shift, (1.0 if constant else math.sqrt(sum_of([r * r for r in residues]) / n))


def batch_sums(table, loss, theta, batch):
    """The sums over a batch: the gradient by each feature and by the intercept, the loss, the weight."""
    leaves = []
    for start in range(0, len(batch), LEAF):
        rows = batch[start : start + LEAF]
        if loss == "softmax":
            leaves.append(golden_classes.leaf_of(table, theta, rows))
        else:
            leaves.append(leaf_of(table, loss, theta, rows))
    return tree(leaves)


def leaf_of(table, loss, theta, rows):
    d = len(table["mean"])
    u = [theta[j] * table["inverse_scale"][j] for j in range(d)]
    targets = table[golden_losses.target_of(loss)]
    leaf = [0.0] * (d + 3)
    for row in rows:
        x = table["features"][row]
        weight = table["weight"][row]
        prediction = 0.0
        for j in range(d):
            prediction = prediction + (x[j] - table["mean"][j]) * u[j]
        prediction = prediction + theta[d]
        value, slope = golden_losses.row_loss(loss, prediction, targets[row])
        for j in range(d):
            leaf[j] = leaf[j] + (weight * slope) * (x[j] - table["mean"][j])
        leaf[d] = leaf[d] + (weight * slope)
        leaf[d + 1] = leaf[d + 1] + weight * value
        leaf[d + 2] = leaf[d + 2] + weight
    return leaf


def scores_of(table, loss):
    """How many scores a row has."""
    return golden_classes.classes_of(table) if loss == "softmax" else 1


def gradient_of(table, loss, theta, batch):
    """Mean loss, gradient, weight; None for both where the batch weighs nothing."""
    k = scores_of(table, loss)
    coefficients = len(table["mean"]) * k
    sums = batch_sums(table, loss, theta, batch)
    weight = sums[coefficients + k + 1]
    if weight == 0.0:
        return None, None, weight
    gradient = [(sums[i] * table["inverse_scale"][i // k]) / weight for i in range(coefficients)]
    gradient.extend([sums[coefficients + c] / weight for c in range(k)])
    return sums[coefficients + k] / weight, gradient, weight


# ---- one step of a rule


def points(rule, theta, state):
    """Where the gradient of a step is taken."""
    return [golden_rules.point(rule, theta[j], state[j]) for j in range(len(theta))]


def take_step(rule, gradient, theta, state, rate, k):
    """Step k, counted from 1, of all parameters; theta and state are changed. Return what was subtracted."""
    terms = [golden_rules.terms(rule, gradient[j], theta[j], state[j]) for j in range(len(theta))]
    sums = [sum_of([term[i] for term in terms]) for i in range(len(terms[0]))]
    steps = []
    for j in range(len(theta)):
        steps.append(golden_rules.UPDATES[rule](gradient[j], theta[j], state[j], sums, rate, k))
        theta[j] = theta[j] * golden_rules.keep(rule, rate, k) - steps[j]
    return steps


# ---------------------------------------------------------------- the order of rows

TWO32 = 2**32


def mix(x):
    x = (x ^ (x // 2**16)) * 0x7FEB352D % TWO32
    x = (x ^ (x // 2**15)) * 0x68E31DA5 % TWO32
    return x ^ (x // 2**16)


def key_of(key, number):
    return mix(mix(key ^ (number % TWO32)) ^ (number // TWO32 % TWO32))


def word(key, counter):
    return mix((mix((counter + key) % TWO32) + (key ^ 0x5BF03635)) % TWO32)


def block_order(count, key):
    """Which block stands at each place: six Feistel rounds on the words of 2 * bits, walked until below count."""
    bits = 1
    while 4**bits < count:
        bits = bits + 1
    half = 2**bits
    image = []
    for place in range(half * half):
        left, right = place // half, place % half
        for turn in range(6):
            left, right = right, left ^ (mix(right ^ word(key, turn)) % half)
        image.append(left * half + right)
    blocks = []
    for place in range(count):
        block = image[place]
        while block >= count:
            block = image[block]
        blocks.append(block)
    return blocks


def epoch_order(rows, columns, seed, epoch):
    """All rows of an epoch: 4 or 8 a block, blocks permuted, some gathered in a window, each window shuffled."""
    row_bytes = 8 * max(columns, 1)
    size = max(size for size in (4, 8) if size == 4 or size * row_bytes <= 2**13)
    window_blocks = min(2**13 // size, max(8, 2**20 // (row_bytes * size)))
    key = key_of(key_of(0, seed), epoch)
    order_of_blocks = block_order(math.ceil(rows / size), key)
    blocks = [[row for row in range(size * block, size * block + size) if row < rows] for block in order_of_blocks]
    order = []
    for window in range(math.ceil(len(blocks) / window_blocks)):
        gathered = []
        for block in blocks[window * window_blocks : (window + 1) * window_blocks]:
            gathered.extend(block)
        window_key = key_of(key, window + 1)
        for i in range(len(gathered) - 1, 0, -1):
            j = word(window_key, i) * (i + 1) // TWO32
            gathered[i], gathered[j] = gathered[j], gathered[i]
        order.extend(gathered)
    return order


def batches_of(rows, columns, batch, seed, steps):
    """The rows of steps 1, 2, …, steps; a batch of all rows stands in table order, a short last batch is a batch."""
    batches = []
    epoch = 0
    while len(batches) < steps:
        whole = batch == "full" or batch >= rows
        order = list(range(rows)) if whole else epoch_order(rows, columns, seed, epoch)
        size = rows if whole else batch
        for start in range(0, rows, size):
            batches.append(order[start : start + size])
        epoch = epoch + 1
    return batches[:steps]


# ---- tables


def weight_of(i):
    return 0.0 if i % 17 == 3 else 1.0 / 3.0 if i % 5 == 1 else 2.75 if i % 11 == 2 else 1.0


def made_table():
    """6,500 rows (7 leaves, 4 + 2 + 1) of 4 features from a linear congruential generator; the third is not scaled."""
    number = 12345
    features, squared, logistic, amount, of_three = [], [], [], [], []
    for _ in range(6500):
        draws = []
        for _ in range(6):
            number = (1103515245 * number + 12345) % 2**31
            draws.append(number // 2**7)  # its low bits are not random; 24 bits are left
        a, b, c, d, noise, coin = [draw / 16777213.0 for draw in draws]
        x = [6.0 * a - 3.0, 40.0 + 25.0 * b, 1.0 if c > 0.7 else 0.0, 1e-3 * d]
        features.append(x)
        squared.append(3.0 * x[0] - 0.5 * x[1] + 2.0 * x[2] + 900.0 * x[3] + noise)
        logistic.append(1.0 if a + 0.3 * x[2] > coin else 0.0)
        amount.append(0.25 + 3.0 * a * noise)
        of_three.append(0.0 if a > coin else 1.0 if b > noise else 2.0)
    targets = {"squared": squared, "logistic": logistic, "amount": amount, "class": of_three}
    return features, targets, [True, True, False, True]


def diamonds_table():
    """Every eighth row of the diamonds: six numbers; the price (in thousands too), the cut, whether it is ideal."""
    features, squared, logistic, amount, cut = [], [], [], [], []
    with open(DIAMONDS, newline="", encoding="utf-8") as file:
        for i, row in enumerate(csv.DictReader(file)):
            if i % 8 == 0:
                features.append([float(row[name]) for name in ("carat", "depth", "table", "x", "y", "z")])
                squared.append(float(row["price"]))
                logistic.append(1.0 if row["cut"] == "Ideal" else 0.0)
                amount.append(float(row["price"]) / 1000.0)
                cut.append(float(CUTS.index(row["cut"])))
    targets = {"squared": squared, "logistic": logistic, "amount": amount, "class": cut}
    return features, targets, [True] * 6


def table_of(name, scaling):
    features, targets, scalable = made_table() if name == "made" else diamonds_table()
    mean, inverse_scale = [], []
    for j in range(len(scalable)):
        m, s = mean_and_scale([x[j] for x in features])
        scaled = scaling == "scaled" and scalable[j]
        mean.append(m if scaled else 0.0)
        inverse_scale.append(1.0 / s if scaled else 1.0)
    weight = [weight_of(i) for i in range(len(features))]
    return {"features": features, **targets, "weight": weight, "mean": mean, "inverse_scale": inverse_scale}


# ---- descents


def start_of(parameters):
    return [(0.5, -0.25, 1.0 / 3.0, 0.125, -0.7, 0.3, 0.1)[j % 7] for j in range(parameters)]


def hashed(numbers):
    """blake2b of the eight bytes of each number, little end first."""
    data = b"".join(struct.pack("<d", number) for number in numbers)
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def steps_kept(rule, batch):
    """The steps after which theta is hashed."""
    last = steps_of(rule)[batch]
    return [1, 2, 3, 10, 30, 60] if batch == 1 else list(range(1, last + 1))


def descend(table, rule, loss, rate, batches):
    """Take the steps. Return theta after each, and the loss and gradient norm of each."""
    theta = start_of((len(table["mean"]) + 1) * scores_of(table, loss))
    state = [golden_rules.first_state(rule, value) for value in theta]
    thetas, records = [], []
    for k in range(1, len(batches) + 1):
        mean_loss, gradient, weight = gradient_of(table, loss, points(rule, theta, state), batches[k - 1])
        if weight == 0.0:  # counts as a step, changes nothing
            records.extend([0.0, 0.0])
        else:
            records.extend([mean_loss, math.sqrt(sum_of([g * g for g in gradient]))])
            take_step(rule, gradient, theta, state, rate, k)
        assert all(math.isfinite(number) for number in theta), (rule, loss, rate, k)
        thetas.append(list(theta))
    return thetas, records


def case(name, scaling, rule, loss, batch, table=None):
    """The hashes of one descent: theta after the steps kept, and all losses and gradient norms."""
    table = table or table_of(name, scaling)
    batches = batches_of(len(table["weight"]), len(table["mean"]), batch, SEED, steps_of(rule)[batch])
    thetas, records = descend(table, rule, loss, rate_of(rule, scaling, loss), batches)
    return {"theta": [hashed(thetas[k - 1]) for k in steps_kept(rule, batch)], "records": hashed(records)}


def table_hashes(name):
    """What a descent starts from: the table's numbers, and means and inverse scales."""
    table = table_of(name, "scaled")
    flat = [number for row in table["features"] for number in row]
    content = flat + table["squared"] + table["logistic"] + table["amount"] + table["class"] + table["weight"]
    return {"content": hashed(content), "scaling": hashed(table["mean"] + table["inverse_scale"])}


ORDERS = ((33, 3, 0, 0), (1000, 40, 7, 2), (4097, 1000, 2**40 + 1, 5), (10001, 4, SEED, 11))


def everything():
    descents = {}
    tables = {(name, scaling): table_of(name, scaling) for name in TABLES for scaling in SCALINGS}
    for name, scaling, rule, loss, batch in cases():
        key = f"{name} {scaling} {rule} {loss} {batch}"
        descents[key] = case(name, scaling, rule, loss, batch, tables[name, scaling])
    return {
        "tables": {name: table_hashes(name) for name in TABLES},
        "orders": [hashed([float(row) for row in epoch_order(*sizes)]) for sizes in ORDERS],
        "descents": descents,
    }


def as_text(found):
    """JSON with one descent a line."""
    lines = [f"  {json.dumps(key)}: {json.dumps(hashes)}" for key, hashes in found["descents"].items()]
    head = f' "tables": {json.dumps(found["tables"])},\n "orders": {json.dumps(found["orders"])}'
    return "{\n" + head + ',\n "descents": {\n' + ",\n".join(lines) + "\n }\n}\n"


if __name__ == "__main__":
    (HERE / "golden.json").write_text(as_text(everything()), encoding="utf-8")
