"""Softmax for golden.py: a row's K scores, their slopes and loss, and the sums of a leaf."""

import golden_math

RATES = ((0.2, 1e-4), (0.04, 2e-5), (0.06, 3e-3))  # as in golden_losses.RATES


def row_loss(scores, label):
    """The value, and the slope by each score."""
    largest = max(scores)
    powers = [golden_math.exp(score - largest) for score in scores]
    total = 0.0
    for power in powers:
        total = total + power
    slopes = [power / total for power in powers]
    slopes[label] = slopes[label] - 1.0
    return golden_math.log(total) - (scores[label] - largest), slopes


def classes_of(table):
    return int(max(table["class"])) + 1


def leaf_of(table, theta, rows):
    """The gradients by coefficients (feature j, class c at j * K + c) and by the K intercepts, the loss, the weight."""
    d, k = len(table["mean"]), classes_of(table)
    u = [theta[i] * table["inverse_scale"][i // k] for i in range(d * k)]
    leaf = [0.0] * (d * k + k + 2)
    for row in rows:
        x = [table["features"][row][j] - table["mean"][j] for j in range(d)]
        weight = table["weight"][row]
        scores = []
        for c in range(k):
            score = 0.0
            for j in range(d):
                score = score + x[j] * u[j * k + c]
            scores.append(score + theta[d * k + c])
        value, slopes = row_loss(scores, int(table["class"][row]))
        for c in range(k):
            for j in range(d):
                leaf[j * k + c] = leaf[j * k + c] + (weight * slopes[c]) * x[j]
            leaf[d * k + c] = leaf[d * k + c] + weight * slopes[c]
        leaf[-2] = leaf[-2] + weight * value
        leaf[-1] = leaf[-1] + weight
    return leaf
