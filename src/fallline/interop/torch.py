"""Fallline's rules as `torch.optim` optimizers: the compiled kernel on zero-copy views of CPU tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ..compiled.apply import Parameters, apply_in_place, write_answers, write_points
from ..compiled.shape import first_states
from ..errors import DivergenceError, SpecificationError
from ..rules.rule import Numbers, Rule

DTYPES = (torch.float64, torch.float32)
RULES_KEPT = 64  # of those made of a group's options, which a scheduler may change in every step


def optimizer(params: Any, rule: Rule) -> RuleOptimizer:
    """A torch.optim.Optimizer that takes the rule's steps: params and groups of params as for those of torch.

    A group's options are "lr" (which torch's schedulers change) and the rule's other hyper-parameters. float64
    tensors get the bytes of `Rule.trajectory`; float32 tensors are storage: arithmetic is float64, and parameters and
    state are rounded once, when they are written. As many threads as `torch.get_num_threads()`; same bytes with any.

    Parameters without a gradient are skipped, and their steps not counted. A tensor that is not contiguous is copied,
    and the result copied back. SpecificationError for what is not a dense CPU tensor of one of the two types;
    DivergenceError at the first step where a gradient, step or parameter is not finite. That step has been taken.
    """
    return RuleOptimizer(params, rule)


class RuleOptimizer(torch.optim.Optimizer):  # type: ignore[misc]  # torch is an extra, not there when mypy runs
    """The optimizer of a rule; made by `optimizer`.

    Where the rule takes its gradient at another point than theta, the parameters hold that point between steps.
    `eval()` puts the rule's answer into the parameters (an average, say), and `train()` takes it out again.
    """

    def __init__(self, params: Any, rule: Rule):
        if rule.learning_rate is None:
            raise SpecificationError(f"{rule.name}: an optimizer needs a learning_rate", option="learning_rate")
        self.rule = rule
        self._rules: dict[tuple[Any, ...], Rule] = {}
        options = {"lr": rule.learning_rate, **rule.hyperparameters, "training": True}
        del options["learning_rate"]
        super().__init__(params, options)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As torch's; every tensor is checked first."""
        given = param_group["params"]
        param_group = {**param_group, "params": [given] if isinstance(given, torch.Tensor) else list(given)}
        known = {*self.defaults, "params", "param_names"}
        for option in param_group:
            if option not in known:
                allowed = ", ".join(self.defaults)
                raise SpecificationError(
                    f"{self.rule.name} has no option {option!r}: a group has {allowed}", option=option, allowed=allowed
                )
        for entry in param_group["params"]:
            _check(entry[1] if isinstance(entry, tuple) else entry, "a parameter")
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        rule, _ = self._rule_of(group), _rate_of(group)
        if rule.point is not None:
            for tensor in group["params"]:
                self._start(rule, tensor)
                self._to_point(rule, group, tensor)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "rule": self.rule, "_rules": {}}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As torch's; SpecificationError where the state is of a rule with other options."""
        missing = [name for name in self.defaults for group in state_dict["param_groups"] if name not in group]
        kept = {name for state in state_dict["state"].values() for name in state} - {"k", "carry", "theta"}
        if missing or (kept and kept != set(self.rule.state)):
            has = f"it has no {missing[0]}" if missing else f"it keeps {', '.join(sorted(kept))}"
            raise SpecificationError(f"the state is not that of {self.rule.name}: {has}", option="state_dict")
        super().load_state_dict(state_dict)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step on every parameter that has a gradient; returns the closure's loss, if there is a closure."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            if not group["training"]:
                raise SpecificationError("the parameters hold the answer: call train() before the next step")
            self._step_group(group)
        return loss

    def _step_group(self, group: dict[str, Any]) -> None:
        rule, rate = self._rule_of(group), _rate_of(group)
        together: dict[tuple[int, Numbers], list[torch.Tensor]] = {}
        for tensor in group["params"]:
            if tensor.grad is not None:
                _check(tensor, "a parameter")
                _check(tensor.grad, "a gradient")
                state = self._start(rule, tensor)
                together.setdefault((state["k"], state["carry"]), []).append(tensor)
        for (k, carry), tensors in together.items():
            numbers, next_carry = rule.numbers(k + 1, rate, carry)
            views = [_View(self.state[t].get("theta", t), t.grad, self._states(rule, t)) for t in tensors]
            cause = apply_in_place(rule, numbers, [view.parameters for view in views], torch.get_num_threads())
            for view, tensor in zip(views, tensors):
                view.write_back()
                self.state[tensor].update(k=k + 1, carry=tuple(next_carry))
                if rule.point is not None:
                    self._to_point(rule, group, tensor)
            if cause:
                raise DivergenceError(
                    f"{rule.name} diverged in step {k + 1}: a {cause} is not finite. The parameters hold what that "
                    "step left: load an earlier state, and lower lr",
                    step=k + 1,
                    cause=cause,
                    advice="load an earlier state, and lower lr",
                )

    def eval(self) -> None:
        """Put the rule's answer into the parameters; nothing changes for a rule whose answer is theta itself."""
        self._switch(False)

    def train(self) -> None:
        """Put back what `eval` took out, so that steps can go on."""
        self._switch(True)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _switch(self, training: bool) -> None:
        for group in self.param_groups:
            rule = self._rule_of(group)
            changed, group["training"] = group["training"] != training, training
            if not changed or (rule.point is None and rule.answer is None):
                continue
            for tensor in group["params"]:
                state = self.state.get(tensor)
                if not state:
                    continue  # it has not taken a step: theta, point and answer are one
                if training and rule.point is not None:
                    self._to_point(rule, group, tensor)
                elif training:
                    tensor.copy_(state.pop("theta"))
                else:
                    theta = state.setdefault("theta", tensor.clone(memory_format=torch.contiguous_format))
                    out = torch.empty_like(theta)
                    write_answers(rule, _flat(theta), self._vectors(rule, tensor), _flat(out))
                    tensor.copy_(out)

    def _start(self, rule: Rule, tensor: torch.Tensor) -> dict[str, Any]:
        """The tensor's state, made before its first step: step count, carry, and one tensor for each of the rule's."""
        state: dict[str, Any] = self.state[tensor]
        if not state:
            theta = tensor.detach().contiguous()
            state.update(k=0, carry=tuple(rule.start_carry()))
            for name, values in zip(rule.state, first_states(rule, _flat(theta))):
                state[name] = torch.from_numpy(values).reshape(tensor.shape)
            if rule.point is not None:
                state["theta"] = theta.clone()
        return state

    def _to_point(self, rule: Rule, group: dict[str, Any], tensor: torch.Tensor) -> None:
        """tensor <- where the next step's gradient is taken."""
        state = self.state[tensor]
        numbers, _ = rule.numbers(state["k"] + 1, _rate_of(group), state["carry"])
        out = torch.empty_like(state["theta"])
        write_points(rule, numbers, _flat(state["theta"]), self._vectors(rule, tensor), _flat(out))
        with torch.no_grad():
            tensor.copy_(out)

    def _states(self, rule: Rule, tensor: torch.Tensor) -> list[torch.Tensor]:
        return [self.state[tensor][name] for name in rule.state]

    def _vectors(self, rule: Rule, tensor: torch.Tensor) -> tuple[Any, ...]:
        return tuple(_flat(state) for state in self._states(rule, tensor))

    def _rule_of(self, group: dict[str, Any]) -> Rule:
        """The rule with the group's hyper-parameters; the rate is passed on step by step: schedules may set it to 0."""
        options = {name: group[name] for name in self.rule.hyperparameters if name != "learning_rate"}
        key = tuple(options.values())
        if key not in self._rules:
            if len(self._rules) >= RULES_KEPT:
                self._rules.clear()
            same = {"learning_rate": self.rule.learning_rate, **options} == self.rule.hyperparameters
            made = type(self.rule)(learning_rate=self.rule.learning_rate, **options)
            self._rules[key] = self.rule if same else made
        return self._rules[key]


class _View:
    """The vectors of a tensor, its gradient and its states: views, or copies of tensors that are not contiguous."""

    def __init__(self, tensor: torch.Tensor, gradient: torch.Tensor, states: list[torch.Tensor]):
        self.tensor, self.theta = tensor, tensor.detach().contiguous()
        if gradient.dtype != tensor.dtype:
            raise SpecificationError(f"a gradient is {gradient.dtype} and its parameter {tensor.dtype}")
        self._gradient = gradient.detach().contiguous()
        self.parameters = Parameters(_flat(self.theta), _flat(self._gradient), tuple(_flat(state) for state in states))

    def write_back(self) -> None:
        if not self.tensor.is_contiguous():
            self.tensor.copy_(self.theta)


def _rate_of(group: dict[str, Any]) -> float:
    rate = float(group["lr"])
    if not 0.0 <= rate < float("inf"):
        raise SpecificationError(
            f"lr={rate!r} is not possible: it must be a finite number at least 0",
            option="lr",
            value=rate,
            allowed="a finite number at least 0",
        )
    return rate


def _flat(tensor: torch.Tensor) -> Any:
    """The tensor's own memory as a NumPy vector; it must be contiguous."""
    return tensor.detach().view(-1).numpy()


def _check(tensor: object, what: str) -> None:
    if not isinstance(tensor, torch.Tensor):
        raise SpecificationError(f"{what} is a {type(tensor).__name__}: use tensors", option="params")
    for wrong, is_wrong, instead in (
        (f"on {tensor.device}", tensor.device.type != "cpu", "the CPU's tensors"),
        (f"{str(tensor.layout).removeprefix('torch.')}", tensor.layout != torch.strided, "dense tensors"),
        (f"{str(tensor.dtype).removeprefix('torch.')}", tensor.dtype not in DTYPES, "float64 or float32"),
    ):
        if is_wrong:
            raise SpecificationError(
                f"{what} is {wrong}: the compiled kernel takes {instead}", option="params", value=wrong, allowed=instead
            )
