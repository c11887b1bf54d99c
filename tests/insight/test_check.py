"""`fallline check`: right optimizers follow their rules, and of each wrong one the term that is wrong is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.conformance


def mutants():
    sys.path.insert(0, str(Path(__file__).parent))
    import mutants as found

    return found


def checked(place: str, *options: str) -> subprocess.CompletedProcess[str]:
    """`fallline check` as a process, in the folder of the mutants."""
    command = [str(Path(sys.executable).parent / "fallline"), "check", place, *options]
    return subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent, check=False)


def finding(place: str, options: dict[str, object]):
    from fallline.insight.check import check
    from fallline.interop.peers import TorchLike

    mutants()
    peer = TorchLike(place, options)
    return check(peer, *peer.rule())


def test_right_optimizers_follow_their_rules() -> None:
    """Three optimizers written afresh, and torch's own, agree with the rules to rounding."""
    for kind in mutants().RIGHT:
        assert finding(f"mutants:{kind.__name__}", {}).worst < 1e-12
    for place, options in (
        ("torch.optim:Adam", {"lr": 0.01, "betas": (0.8, 0.95)}),
        ("torch.optim:SGD", {"lr": 0.1, "momentum": 0.7}),
        ("torch.optim:RMSprop", {"lr": 0.01, "alpha": 0.9}),
        ("torch.optim:RMSprop", {"lr": 0.01, "centered": True, "momentum": 0.5}),
        ("torch.optim:Adagrad", {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.3}),
        ("torch.optim:Rprop", {"lr": 0.01, "etas": (0.4, 1.3), "step_sizes": (1e-5, 2.0)}),
        ("torch.optim:Adam", {"lr": 0.01, "amsgrad": True}),
        ("torch.optim:NAdam", {"lr": 0.01, "momentum_decay": 0.1}),
        ("torch.optim:RAdam", {"lr": 0.01}),
        ("torch.optim:Adamax", {"lr": 0.01}),
        ("torch.optim:Adadelta", {"rho": 0.8}),
        ("torch.optim:AdamW", {"weight_decay": 0.3}),
    ):
        found = finding(place, options)
        assert (place, found.agrees, found.words) == (place, True, ())


def test_every_mutant_is_named_rightly() -> None:
    """Of each of the wrong optimizers the deviation is said that it was made with, and where it shows first."""
    wrong = mutants().WRONG
    assert len(wrong) >= 15
    for kind, options, words in wrong:
        found = finding(f"mutants:{kind.__name__}", options)
        said = ", and ".join(found.words)
        assert words in said, (kind.__name__, words, said)
        assert not found.agrees
        assert found.step >= 1
        assert found.theirs != found.ours


def test_an_unknown_fault_is_not_given_a_name() -> None:
    """Where no known deviation takes the steps, none is claimed; step and coordinate are still named."""
    found = finding("mutants:Odd", {})
    assert (found.agrees, found.words, found.step) == (False, (), 1)


def test_the_command() -> None:
    """Agreement is exit 0 and one line; a difference is exit 1 and names step, coordinate, values and term."""
    right = checked("torch.optim:Adam", "--betas", "0.9,0.99", "--lr", "0.02")
    assert (right.returncode, right.stderr) == (0, "")
    assert "torch.optim:Adam follows adam (learning_rate=0.02, beta1=0.9, beta2=0.99" in right.stdout
    wrong = checked("mutants:EpsilonInside", "--rule", "adam")
    assert wrong.returncode == 1
    assert "first in step 1, coordinate" in wrong.stdout
    assert "epsilon is inside the root" in wrong.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("torch.optim",), "write module:Class"),
        (("no_such_module:Adam",), "No module named"),
        (("torch.optim:Adamm",), "has no class Adamm"),
        (("torch.optim:Adam", "--beta", "1"), "cannot be made"),
        (("torch.optim:Adam", "--rule", "adamm"), "is no rule that is known"),
        (("torch.optim:LBFGS",), "is no rule that is known"),
        (("torch.optim:SparseAdam",), "cannot take step 1 on a dense float64 vector"),
        (("mutants:Raises",), "cannot take step 2 on a dense float64 vector: RuntimeError: not this kind of gradient"),
        (("torch.optim:Muon",), "cannot be made: Muon only supports 2D parameters"),
        (("torch.optim:Adam", "lr"), "--name value"),
    ],
)
def test_wrong_usage_is_one_line(arguments: tuple[str, ...], words: str) -> None:
    """What cannot be checked is one line on stderr and exit 2."""
    done = checked(*arguments)
    assert done.returncode == 2, done
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
