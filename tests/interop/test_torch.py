"""Fallline's rules as torch optimizers: the bytes of plain Python on CPU tensors, and all that torch expects of one."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from fallline.errors import DivergenceError, SpecificationError
from fallline.rules import ASGD, RULES, Adam, AMSGrad, DoG, GradientDescent, Momentum, Rule
from fallline.rules import rule as made_of

pytestmark = pytest.mark.conformance
STEPS, RATE = 8, 0.01
SHAPES = ((7, 5), (), (0,), (40,), (2, 3, 4))  # a matrix, a number, nothing, a vector, an array
every_rule = pytest.mark.parametrize("name", RULES)
AVERAGING = [name for name in RULES if RULES[name].answer or RULES[name].point]


def optimizer(*arguments: Any) -> Any:
    from fallline.interop import torch as ours

    return ours.optimizer(*arguments)


def parameter(values: Any, dtype: Any = None) -> Any:
    import torch

    return torch.nn.Parameter(torch.tensor(values, dtype=dtype or torch.float64))


def tensors(rng: np.random.Generator) -> list[Any]:
    return [parameter(rng.normal(size=shape)) for shape in SHAPES]


def gradients(rng: np.random.Generator, sizes: list[Any]) -> list[list[Any]]:
    """For each step a gradient of each shape, of very different sizes, with exact zeros; the first are all zero."""
    found = []
    for k in range(STEPS):
        drawn = [rng.normal(size=shape) * 10.0 ** rng.uniform(-6, 6, size=shape) for shape in sizes]
        found.append([np.where(rng.uniform(size=np.shape(g)) < 0.2, 0.0, g) * (k > 0) for g in drawn])
    return found


def give(parameters: list[Any], gradient: list[Any]) -> None:
    import torch

    for one, g in zip(parameters, gradient, strict=True):
        one.grad = torch.tensor(g, dtype=one.dtype)


def flat(vectors: list[Any]) -> list[float]:
    return [float(value) for vector in vectors for value in np.asarray(vector).reshape(-1)]


def thetas(made: Any, parameters: list[Any]) -> bytes:
    """Theta itself, wherever the parameters hold another point."""
    found = [made.state[one].get("theta", one) for one in parameters]
    return b"".join(one.detach().numpy().tobytes() for one in found)


@every_rule
@pytest.mark.parametrize("threads", [1, 2])
def test_every_rule_gives_the_bytes_of_its_trajectory(name: str, threads: int, rng: np.random.Generator) -> None:
    """Tensors of several shapes, stepped together on 1 and 2 threads, have the bytes of Rule.trajectory."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        wanted, parameters = RULES[name](learning_rate=RATE), tensors(rng)
        drawn = gradients(rng, list(SHAPES))
        path = wanted.trajectory(flat([p.detach() for p in parameters]), [flat(g) for g in drawn])
        made = optimizer(parameters, wanted)
        for k, (gradient, theta) in enumerate(zip(drawn, path), start=1):
            give(parameters, gradient)
            made.step()
            assert thetas(made, parameters) == np.array(theta).tobytes(), k
    finally:
        torch.set_num_threads(before)


@every_rule
def test_float32_is_storage(name: str, rng: np.random.Generator) -> None:
    """A float32 tensor's step is the float64 step from the widened values, rounded once; so is its state."""
    import torch

    rule, start = RULES[name](learning_rate=RATE), rng.normal(size=30).astype(np.float32)
    narrow = parameter(start, torch.float32)
    made = optimizer([narrow], rule)
    for [g] in gradients(rng, [(30,)]):
        wide = parameter(narrow.detach().double().numpy())
        twin = optimizer([wide], rule)
        if rule.point is not None or made.state[narrow]:
            for key, value in made.state[narrow].items():
                twin.state[wide][key] = value.double() if isinstance(value, torch.Tensor) else value
        give([narrow], [g])
        wide.grad = narrow.grad.double()
        made.step()
        twin.step()
        for key, value in made.state[narrow].items():
            if isinstance(value, torch.Tensor):
                assert value.dtype == torch.float32
                assert torch.equal(value, twin.state[wide][key].float()), key
        if rule.point is None:
            assert torch.equal(narrow, wide.float())


@every_rule
def test_a_state_that_was_saved_goes_on_with_the_same_bytes(name: str, rng: np.random.Generator, tmp_path: Any) -> None:
    """Through state_dict, torch.save and load_state_dict into a new optimizer, and through deepcopy, in mid-run."""
    import torch

    rule, parameters = RULES[name](learning_rate=RATE), tensors(rng)
    drawn, made = gradients(rng, list(SHAPES)), optimizer(parameters, rule)
    for gradient in drawn[:4]:
        give(parameters, gradient)
        made.step()
    torch.save({"optimizer": made.state_dict(), "parameters": [p.detach() for p in parameters]}, tmp_path / "state.pt")
    found = torch.load(tmp_path / "state.pt", weights_only=True)
    again = [torch.nn.Parameter(p.clone()) for p in found["parameters"]]
    loaded = optimizer(again, rule)
    loaded.load_state_dict(found["optimizer"])
    copied, copied_optimizer = copy.deepcopy((parameters, made))
    for gradient in drawn[4:]:
        for some, one in ((parameters, made), (again, loaded), (copied, copied_optimizer)):
            give(some, gradient)
            one.step()
    assert thetas(loaded, again) == thetas(made, parameters) == thetas(copied_optimizer, copied)
    assert all(torch.equal(a, b) for a, b in zip(parameters, again, strict=True))


@made_of(state=["m"], beta=0.5)
def outsider(g, theta, m, rate, k, beta, beta_power):
    m = beta * m + (1.0 - beta) * g
    return rate * m / (1.0 - beta_power) + 1e-3 * rate * theta / k, m


def test_a_rule_from_outside(rng: np.random.Generator) -> None:
    """A rule that the decorator made is an optimizer too, with the bytes of its trajectory."""
    one, drawn = parameter(rng.normal(size=40)), gradients(rng, [(40,)])
    path = outsider(learning_rate=RATE).trajectory(one.detach().tolist(), [g[0].tolist() for g in drawn])
    made = optimizer([one], outsider(learning_rate=RATE))
    for gradient, theta in zip(drawn, path):
        give([one], gradient)
        made.step()
        assert one.detach().numpy().tobytes() == np.array(theta).tobytes()


def test_a_state_of_another_rule_is_refused() -> None:
    """What load_state_dict is given must be of a rule with the same options and the same vectors."""
    one = parameter([1.0, 2.0])
    with pytest.raises(SpecificationError, match="not that of adam: it has no beta1"):
        optimizer([one], Adam(0.1)).load_state_dict(optimizer([one], Momentum(0.1)).state_dict())
    plain, remembers = optimizer([one], GradientDescent(0.1)), optimizer([one], Momentum(0.1))
    give([one], [np.ones(2)])
    remembers.step()
    with pytest.raises(SpecificationError, match="not that of sgd: it keeps b"):
        plain.load_state_dict(remembers.state_dict())


@pytest.mark.parametrize("name", AVERAGING)
def test_eval_shows_the_answer_and_train_takes_it_out_again(name: str, rng: np.random.Generator) -> None:
    """eval() puts the rule's answer into the parameters, train() restores every byte, and steps go on as if nothing
    had been; a step in between is refused."""
    options: dict[str, Any] = {"asgd": {"t0": 2.0, "lambd": 0.1}}.get(name, {})
    rule, one, twin = RULES[name](learning_rate=RATE, **options), parameter(rng.normal(size=9)), None
    twin = parameter(one.detach().numpy().copy())
    made, undisturbed = optimizer([one], rule), optimizer([twin], rule)
    for [g] in gradients(rng, [(9,)]):
        give([one], [g])
        give([twin], [g])
        made.step()
        undisturbed.step()
        held = one.detach().numpy().tobytes()
        theta = made.state[one].get("theta", one).detach().tolist()
        states = zip(*(made.state[one][key].tolist() for key in rule.state), strict=True)
        answers = [rule.answer(t, *s) if rule.answer else t for t, s in zip(theta, states, strict=True)]
        made.eval()
        made.eval()
        assert one.detach().numpy().tobytes() == np.array(answers).tobytes()
        with pytest.raises(SpecificationError, match="call train"):
            made.step()
        made.train()
        assert one.detach().numpy().tobytes() == held == twin.detach().numpy().tobytes()


def test_groups_have_their_own_options(rng: np.random.Generator) -> None:
    """Each group follows its own rate and hyper-parameters, and a group may be added later."""
    a, b, late = (parameter(rng.normal(size=5)) for _ in range(3))
    starts = [one.detach().tolist() for one in (a, b, late)]
    made = optimizer([{"params": [a]}, {"params": b, "lr": 0.1, "beta1": 0.5}], Adam(RATE))
    drawn = gradients(rng, [(5,), (5,), (5,)])
    for k, gradient in enumerate(drawn):
        if k == 3:
            made.add_param_group({"params": [late], "epsilon": 1e-3})
        give([a, b, late][: 2 + (k >= 3)], gradient[: 2 + (k >= 3)])
        made.step()
    rules = (Adam(RATE), Adam(0.1, beta1=0.5), Adam(RATE, epsilon=1e-3))
    for i, (one, rule) in enumerate(zip((a, b, late), rules, strict=True)):
        *_, expected = rule.trajectory(starts[i], [g[i].tolist() for g in drawn[3 * (i == 2) :]])
        assert one.detach().numpy().tobytes() == np.array(expected).tobytes(), i


def test_a_parameter_without_a_gradient_is_skipped(rng: np.random.Generator) -> None:
    """Its steps are not counted: when its gradients come, it starts with step 1."""
    a, b = parameter(rng.normal(size=5)), parameter(rng.normal(size=5))
    start, drawn = b.detach().tolist(), gradients(rng, [(5,), (5,)])
    made = optimizer([a, b], Adam(RATE))
    for k, gradient in enumerate(drawn):
        give([a], gradient[:1])
        if k >= 2:
            give([b], gradient[1:])
        made.step()
    *_, expected = Adam(RATE).trajectory(start, [g[1].tolist() for g in drawn[2:]])
    assert b.detach().numpy().tobytes() == np.array(expected).tobytes()


def test_a_whole_vector_rule_sees_all_tensors_of_a_group(rng: np.random.Generator) -> None:
    """DoG's norms are over all tensors: two halves take the steps of the whole."""
    start, drawn = rng.normal(size=3000), [rng.normal(size=3000) for _ in range(4)]
    halves, whole = [parameter(start[:1300]), parameter(start[1300:])], parameter(start)
    made, single = optimizer(halves, DoG()), optimizer([whole], DoG())
    for g in drawn:
        give(halves, [g[:1300], g[1300:]])
        give([whole], [g])
        made.step()
        single.step()
    assert thetas(made, halves) == thetas(single, [whole])


@pytest.mark.parametrize("scheduler", ["StepLR", "CosineAnnealingLR", "OneCycleLR", "ReduceLROnPlateau"])
def test_torch_s_schedulers_set_the_rate(scheduler: str, rng: np.random.Generator) -> None:
    """The rate of every step is what torch's scheduler has put into the group, a rate of 0 too; OneCycleLR also moves
    the momentum."""
    import torch

    one, drawn = parameter(rng.normal(size=6)), gradients(rng, [(6,)])
    made = optimizer([one], Momentum(0.1))
    options: dict[str, Any] = {
        "StepLR": {"step_size": 2}, "CosineAnnealingLR": {"T_max": 4},
        "OneCycleLR": {"max_lr": 0.2, "total_steps": STEPS}, "ReduceLROnPlateau": {"patience": 0, "factor": 0.5},
    }  # fmt: skip
    moving = getattr(torch.optim.lr_scheduler, scheduler)(made, **options[scheduler])
    theta, b, rates = one.detach().tolist(), [0.0] * 6, set()
    for [g] in drawn:
        rate, momentum = (float(made.param_groups[0][key]) for key in ("lr", "momentum"))
        rates.add(rate)
        b = [momentum * old + new for old, new in zip(b, g.tolist(), strict=True)]
        theta = [value - rate * step for value, step in zip(theta, b, strict=True)]
        give([one], [g])
        made.step()
        moving.step(*([1.0] if scheduler == "ReduceLROnPlateau" else []))
        assert one.detach().numpy().tobytes() == np.array(theta).tobytes()
    assert len(rates) > 2


def test_a_closure_is_called_with_gradients_on_and_its_loss_returned() -> None:
    """step(closure) computes loss and gradient itself, as torch's optimizers do."""
    one = parameter([3.0, -2.0])
    made = optimizer([one], GradientDescent(0.25))

    def closure() -> Any:
        made.zero_grad()
        loss = (one * one).sum()
        loss.backward()
        return loss

    assert made.step(closure).item() == 13.0
    assert one.detach().tolist() == [1.5, -1.0]


def test_a_module_is_trained() -> None:
    """Beside torch.optim.SGD, on a small network under autograd, the same parameters to rounding."""
    import torch

    torch.manual_seed(5)
    x, y = torch.randn(64, 3, dtype=torch.float64), torch.randn(64, 1, dtype=torch.float64)
    ours = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)).double()
    theirs = copy.deepcopy(ours)
    for model, made in (
        (ours, optimizer(ours.named_parameters(), Momentum(0.05))),
        (theirs, torch.optim.SGD(theirs.parameters(), lr=0.05, momentum=0.9)),
    ):
        for _ in range(50):
            made.zero_grad()
            torch.nn.functional.mse_loss(model(x), y).backward()
            made.step()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(a, b, rtol=1e-11, atol=1e-13)


def test_tensors_that_are_not_contiguous(rng: np.random.Generator) -> None:
    """A transposed parameter and a strided gradient are copied, and the result copied back: the same bytes."""
    import torch

    start, drawn = rng.normal(size=(4, 6)), [rng.normal(size=(4, 6)) for _ in range(4)]
    turned = torch.nn.Parameter(torch.tensor(start.T.copy()).t())
    straight = parameter(start)
    assert not turned.is_contiguous()
    made, twin = optimizer([turned], Adam(RATE)), optimizer([straight], Adam(RATE))
    for g in drawn:
        turned.grad = torch.tensor(np.repeat(g, 2, axis=1))[:, ::2]
        straight.grad = torch.tensor(g)
        made.step()
        twin.step()
    assert torch.equal(turned, straight)


def test_it_is_zero_copy() -> None:
    """The parameter's memory is the same before and after, and a view of it sees the step."""
    one = parameter([1.0, 2.0])
    view, address = one.detach(), one.data_ptr()
    one.grad = view.clone()
    optimizer([one], GradientDescent(0.5)).step()
    assert (one.data_ptr(), view.tolist()) == (address, [0.5, 1.0])


@every_rule
@pytest.mark.parametrize("bad", [float("inf"), float("nan")])
def test_a_gradient_that_is_not_finite_is_named_with_its_step(name: str, bad: float) -> None:
    """A DivergenceError says which step and why; it comes in the step of the bad gradient."""
    one = parameter([1.0, 2.0, 3.0])
    made = optimizer([one], RULES[name](learning_rate=RATE))
    give([one], [np.ones(3)])
    made.step()
    give([one], [np.array([1.0, bad, 1.0])])
    with pytest.raises(DivergenceError, match="diverged in step 2: a gradient is not finite") as caught:
        made.step()
    assert (caught.value.step, caught.value.cause) == (2, "gradient")


def unusable() -> dict[str, Any]:
    import torch

    return {
        "float16": torch.ones(2, dtype=torch.float16),
        "complex": torch.ones(2, dtype=torch.complex128),
        "int": torch.ones(2, dtype=torch.int64),
        "meta": torch.ones(2, device="meta", dtype=torch.float64),
        "sparse": torch.ones(2, dtype=torch.float64).to_sparse(),
        "a list": [1.0, 2.0],
    }


@pytest.mark.parametrize("kind", ["float16", "complex", "int", "meta", "sparse", "a list"])
def test_other_tensors_are_refused(kind: str) -> None:
    """Only dense CPU tensors of float64 and float32 are taken, as parameters and as gradients."""
    with pytest.raises(SpecificationError, match="a parameter is"):
        optimizer([unusable()[kind]], Adam(RATE))


def test_other_gradients_are_refused() -> None:
    """A sparse gradient is refused when the step is taken, and nothing moves."""
    one = parameter([1.0, 2.0])
    made = optimizer([one], Adam(RATE))
    one.grad = unusable()["sparse"]
    with pytest.raises(SpecificationError, match="a gradient is sparse_coo: the compiled kernel takes dense tensors"):
        made.step()
    assert one.detach().tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("wanted", "group", "words"),
    [
        (Adam(), {}, "an optimizer needs a learning_rate"),
        (Adam(RATE), {"momentum": 0.5}, "adam has no option 'momentum': a group has lr, beta1"),
        (Adam(RATE), {"beta1": 1.0}, "beta1=1.0 is not possible for adam"),
        (Adam(RATE), {"lr": -1.0}, "lr=-1.0 is not possible"),
        (Adam(RATE), {"lr": float("nan")}, "lr=nan is not possible"),
    ],
)
def test_options_that_are_not_possible_are_refused(wanted: Rule, group: dict[str, Any], words: str) -> None:
    """A rule without a rate, and options of a group that the rule does not have or allow."""
    with pytest.raises(SpecificationError, match=words):
        optimizer([{"params": [parameter([1.0])], **group}], wanted)


def test_a_scheduler_that_moves_options_keeps_no_old_rules() -> None:
    """A hyper-parameter that changes in every step does not fill the memory."""
    one = parameter([1.0])
    made = optimizer([one], Momentum(1e-3))
    for k in range(200):
        made.param_groups[0]["momentum"] = 0.5 + k / 1000
        give([one], [np.ones(1)])
        made.step()
    assert len(made._rules) <= 64


def test_options_of_a_form_are_kept() -> None:
    """AMSGrad's other form and ASGD's average keep their options through the groups."""
    made = optimizer([parameter([1.0])], AMSGrad(RATE, maximum_of_corrected=True))
    assert made.param_groups[0]["maximum_of_corrected"] is True
    assert optimizer([parameter([1.0])], ASGD(RATE, t0=3.0)).param_groups[0]["t0"] == 3.0
