"""Other people's optimizers, run on given gradients: any class with torch.optim's interface."""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import SpecificationError
from ..insight.check import Probe, Vectors
from ..rules import RULES, Rule, rule_named

# torch's names of hyper-parameters that are not ours; where there are several, the first that the rule has is meant.
NAMES = {
    "lr": ("learning_rate",),
    "eps": ("epsilon",),
    "alpha": ("alpha", "decay"),
    "rho": ("decay",),
    "centered": ("centred",),
    "initial_accumulator_value": ("start",),
}
PAIRS = {"betas": ("beta1", "beta2"), "etas": ("eta_minus", "eta_plus"), "step_sizes": ("shortest", "longest")}


class TorchLike:
    """An optimizer class with torch.optim's interface, and the options to make one with.

    Raises SpecificationError where the class cannot be found or an optimizer cannot be made.
    """

    def __init__(self, place: str, options: dict[str, Any]):
        self.place, self.options = place, options
        self.kind = class_at(place)
        self.defaults: dict[str, Any] = dict(getattr(self._made([0.0])[1], "defaults", {})) | options

    def __call__(self, probe: Probe) -> Vectors:
        """theta after each step of the probe. Whatever the optimizer keeps besides is float64 too."""
        import torch

        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            return self._path(probe)
        finally:
            torch.set_default_dtype(before)

    def _path(self, probe: Probe) -> Vectors:
        import torch

        parameter, optimizer = self._made(probe.start)
        path = []
        for k, (gradient, rate) in enumerate(zip(probe.gradients, probe.rates, strict=True), start=1):
            for group in optimizer.param_groups:
                group["lr"] = rate
            parameter.grad = torch.tensor(gradient, dtype=torch.float64)
            try:
                optimizer.step()
            except Exception as error:  # whatever a stranger's step raises
                reason = f"{type(error).__name__}: {error}".splitlines()[0]
                raise SpecificationError(
                    f"{self.place} cannot take step {k} on a dense float64 vector: {reason}", option="optimizer"
                ) from error
            path.append(parameter.detach().tolist())
        return path

    def _made(self, start: list[float]) -> tuple[Any, Any]:
        import torch

        parameter = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
        try:
            return parameter, self.kind([parameter], **self.options)
        except Exception as error:  # whatever a stranger's constructor raises
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise SpecificationError(f"{self.place} cannot be made: {reason}", option="optimizer") from error

    def rule(self, name: str | None = None) -> tuple[Rule, float]:
        """The rule of that name, or of the class's own, with the optimizer's hyper-parameters.

        And the weight decay that the optimizer was given, where the rule has none of its own.
        """
        wanted = name or self.kind.__name__.lower()
        if wanted == "adam" and self.defaults.get("amsgrad") and "amsgrad" in RULES:
            wanted = "amsgrad"
        if wanted not in RULES:
            kinds = [kind.__name__.lower() for kind in self.kind.__mro__]
            by_length = sorted(RULES, key=len, reverse=True)
            near = next((rule for kind in kinds for rule in by_length if rule in kind), None)
            if name is not None or near is None:
                allowed = ", ".join(RULES)
                raise SpecificationError(
                    f"{wanted!r} is no rule that is known: name one with --rule: {allowed}", option="rule", value=wanted
                )
            wanted = near
        options = self._hyperparameters(wanted)
        decay = 0.0 if "weight_decay" in options else float(self.defaults.get("weight_decay") or 0.0)
        return rule_named(wanted, **options), decay

    def _hyperparameters(self, rule: str) -> dict[str, Any]:
        known = RULES[rule].ranges
        found: dict[str, Any] = {"learning_rate": 1e-3}
        for option, value in self.defaults.items():
            if option in PAIRS and isinstance(value, tuple | list):
                found |= dict(zip(PAIRS[option], value, strict=False))
            elif value is not None:
                ours = [name for name in NAMES.get(option, (option,)) if name in known]
                found.update(dict.fromkeys(ours[:1], value))
        return {option: _plain(value) for option, value in found.items() if option in known}


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool) else float(value)


def class_at(place: str) -> Any:
    """The class at "module:Class"; a module may also lie in the current folder."""
    module_name, separator, class_name = place.partition(":")
    if not separator or not module_name or not class_name:
        raise SpecificationError(
            f"{place!r} names no optimizer: write module:Class, such as torch.optim:Adam", option="optimizer"
        )
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    try:
        module = import_module(module_name)
    except ImportError as error:
        raise SpecificationError(f"{place}: {error}; install it, or correct the name", option="optimizer") from error
    kind = getattr(module, class_name, None)
    if not inspect.isclass(kind):
        raise SpecificationError(f"{place}: {module_name} has no class {class_name}", option="optimizer")
    return kind
