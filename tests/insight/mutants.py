"""Optimizers with torch.optim's interface that are wrong on purpose, each in one known way.

Plain loops over lists: a mutant shares no code with Fallline. WRONG lists class, options and what must be said of it.
"""

from __future__ import annotations

import math

import torch


class Base(torch.optim.Optimizer):
    """Steps coordinate by coordinate; a subclass says how with `move(g, theta, state, group, t) -> new theta`."""

    def __init__(self, params, **defaults):
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                state.setdefault("t", 0)
                state["t"] += 1
                cells = state.setdefault("cells", [{} for _ in range(p.numel())])
                new = [self.move(float(g), float(x), c, group, state["t"]) for g, x, c in zip(p.grad, p, cells)]
                p.copy_(torch.tensor(new, dtype=p.dtype))


class Adam(Base):
    """Right, unless a subclass changes a part."""

    def __init__(self, params, lr=0.01, betas=(0.9, 0.99), eps=1e-6, weight_decay=0.0):
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def first(self, m, g, beta):
        return beta * m + (1 - beta) * g

    def second(self, v, g, beta, m):
        return beta * v + (1 - beta) * g * g

    def step_of(self, m, v, g, group, t):
        beta1, beta2 = group["betas"]
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        return group["lr"] * m_hat / (math.sqrt(v_hat) + group["eps"])

    def betas(self, group):
        return group["betas"]

    def move(self, g, x, c, group, t):
        beta1, beta2 = self.betas(group)
        c["m"] = self.first(c.get("m", 0.0), g, beta1)
        c["v"] = self.second(c.get("v", 0.0), g, beta2, c["m"])
        return x - self.step_of(c["m"], c["v"], g, group, t)


class EpsilonInside(Adam):
    def step_of(self, m, v, g, group, t):
        beta1, beta2 = group["betas"]
        return group["lr"] * (m / (1 - beta1**t)) / math.sqrt(v / (1 - beta2**t) + group["eps"])


class EpsilonHat(Adam):
    def step_of(self, m, v, g, group, t):
        beta1, beta2 = group["betas"]
        return group["lr"] * math.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (math.sqrt(v) + group["eps"])


class NoCorrection(Adam):
    def step_of(self, m, v, g, group, t):
        return group["lr"] * m / (math.sqrt(v) + group["eps"])


class NoCorrectionOfM(Adam):
    def step_of(self, m, v, g, group, t):
        return group["lr"] * m / (math.sqrt(v / (1 - group["betas"][1] ** t)) + group["eps"])


class NoCorrectionOfV(Adam):
    def step_of(self, m, v, g, group, t):
        return group["lr"] * (m / (1 - group["betas"][0] ** t)) / (math.sqrt(v) + group["eps"])


class CountsFromTwo(Adam):
    def step_of(self, m, v, g, group, t):
        return super().step_of(m, v, g, group, t + 1)


class NoRoot(Adam):
    def step_of(self, m, v, g, group, t):
        beta1, beta2 = group["betas"]
        return group["lr"] * (m / (1 - beta1**t)) / (v / (1 - beta2**t) + group["eps"])


class SquaresM(Adam):
    def second(self, v, g, beta, m):
        return beta * v + (1 - beta) * m * m


class AbsoluteV(Adam):
    def second(self, v, g, beta, m):
        return beta * v + (1 - beta) * abs(g)


class WholeGradientInM(Adam):
    def first(self, m, g, beta):
        return beta * m + g


class Exchanged(Adam):
    def betas(self, group):
        return group["betas"][::-1]

    def step_of(self, m, v, g, group, t):
        beta2, beta1 = group["betas"]
        return group["lr"] * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + group["eps"])


class HiddenDecay(Adam):
    def move(self, g, x, c, group, t):
        return super().move(g + group["weight_decay"] * x, x, c, group, t)


class Uphill(Adam):
    def move(self, g, x, c, group, t):
        return super().move(-g, x, c, group, t)


class RMSProp(Base):
    def __init__(self, params, lr=0.01, alpha=0.9, eps=1e-6):
        super().__init__(params, lr=lr, alpha=alpha, eps=eps)

    def average(self, v, g, decay):
        return decay * v + (1 - decay) * g * g

    def divisor(self, old, v, eps):
        return math.sqrt(v) + eps

    def move(self, g, x, c, group, t):
        old = c.get("v", 0.0)
        c["v"] = self.average(old, g, group["alpha"])
        return x - group["lr"] * g / self.divisor(old, c["v"], group["eps"])


class RMSPropInside(RMSProp):
    def divisor(self, old, v, eps):
        return math.sqrt(v + eps)


class RMSPropSum(RMSProp):
    def average(self, v, g, decay):
        return v + g * g


class RMSPropLate(RMSProp):
    def divisor(self, old, v, eps):
        return math.sqrt(old) + eps


class SGD(Base):
    def __init__(self, params, lr=0.01, momentum=0.8):
        super().__init__(params, lr=lr, momentum=momentum)

    def move(self, g, x, c, group, t):
        c["b"] = group["momentum"] * c.get("b", 0.0) + g
        return x - group["lr"] * c["b"]


class SGDVelocity(SGD):
    def move(self, g, x, c, group, t):
        c["b"] = group["momentum"] * c.get("b", 0.0) + group["lr"] * g
        return x - c["b"]


class SGDAhead(SGD):
    def move(self, g, x, c, group, t):
        c["b"] = group["momentum"] * c.get("b", 0.0) + g
        return x - group["lr"] * (g + group["momentum"] * c["b"])


class SGDDamped(SGD):
    def move(self, g, x, c, group, t):
        c["b"] = group["momentum"] * c.get("b", 0.0) + (1 - group["momentum"]) * g
        return x - group["lr"] * c["b"]


class SGDClipped(SGD):
    def move(self, g, x, c, group, t):
        return super().move(min(max(g, -1.0), 1.0), x, c, group, t)


class SGDTwoFaults(SGD):
    """Two faults at once."""

    def move(self, g, x, c, group, t):
        c["b"] = group["momentum"] * c.get("b", 0.0) + 2.0 * g
        return x - group["lr"] * (2.0 * g + group["momentum"] * c["b"])


class SGDLate(SGD):
    """Uses the learning rate of the step before."""

    def move(self, g, x, c, group, t):
        c["b"] = group["momentum"] * c.get("b", 0.0) + g
        rate, c["rate"] = c.get("rate", group["lr"]), group["lr"]
        return x - rate * c["b"]


class HeavyNesterov(SGD):
    """Nesterov's by name alone."""


class Adamax(Adam):
    """Right, with epsilon in the denominator: a form that the rule has as an option."""

    def step_of(self, m, v, g, group, t):
        return group["lr"] * (m / (1 - group["betas"][0] ** t)) / (v + group["eps"])

    def second(self, v, g, beta, m):
        return max(beta * v, abs(g))


class Raises(SGD):
    """Takes one step, and no more."""

    def move(self, g, x, c, group, t):
        if t == 2:
            raise RuntimeError("not this kind of gradient\nand more")
        return x


class Odd(SGD):
    """Wrong in a way that nobody has a name for."""

    def move(self, g, x, c, group, t):
        return x - group["lr"] * math.sin(7.0 * g + t)


RIGHT = (Adam, RMSProp, SGD)
WRONG = (
    (EpsilonInside, {}, "epsilon is inside the root"),
    (EpsilonHat, {}, "epsilon is added before the bias correction"),
    (NoCorrection, {}, "no bias is corrected"),
    (NoCorrectionOfM, {}, "the bias of m is not corrected"),
    (NoCorrectionOfV, {}, "the bias of v is not corrected"),
    (CountsFromTwo, {}, "count the steps from 2"),
    (NoRoot, {}, "the root is missing"),
    (SquaresM, {}, "v averages m² instead of g²"),
    (AbsoluteV, {}, "v averages |g| instead of g²"),
    (WholeGradientInM, {}, "m adds the whole gradient"),
    (Exchanged, {}, "beta1 and beta2 are exchanged"),
    (HiddenDecay, {"weight_decay": 0.1}, "weight decay 0.1 is added to the gradient"),
    (Uphill, {}, "the step goes uphill"),
    (RMSPropInside, {}, "epsilon is inside the root"),
    (RMSPropSum, {}, "v is the sum of squared gradients"),
    (RMSPropLate, {}, "the step uses v from before this gradient"),
    (SGDVelocity, {}, "the learning rate is inside the velocity"),
    (SGDAhead, {}, "the momentum is Nesterov's"),
    (SGDDamped, {}, "the gradient enters with 1 - momentum"),
    (SGDClipped, {}, "clipped to [-1, 1]"),
    (HeavyNesterov, {}, "the heavy ball's, and not Nesterov's"),
    (SGDLate, {}, "takes effect one step late"),
    (Adamax, {}, "epsilon_in_denominator is True"),
    (SGDTwoFaults, {}, "the momentum is Nesterov's, and the gradient is doubled"),
)
