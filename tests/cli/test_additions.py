"""Penalties and transforms on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fallline.cli.additions import penalties_of, transforms_of
from fallline.errors import SpecificationError
from fallline.penalties import L1, Box, ElasticNet, NonNegative
from fallline.runs.record import read
from fallline.transforms import (
    Accumulate,
    ClipByNorm,
    ClipByValue,
    DecoupledDecay,
    ExponentialAverage,
    PolyakAverage,
    TailAverage,
    TrustRatio,
)

from .conftest import PENGUINS, Done

NO_OPTIONS = dict.fromkeys(("alpha", "l1_ratio", "lower", "upper"))


def test_words_make_penalties():
    """Each option goes to the penalties that have it; none is no penalty."""
    assert penalties_of(None, NO_OPTIONS) is None
    assert penalties_of("none", NO_OPTIONS) is None
    assert penalties_of("l1", {**NO_OPTIONS, "alpha": "0.01"}) == (L1(0.01),)
    words = {"alpha": "0.1", "l1_ratio": "0.2", "lower": "0", "upper": None}
    assert penalties_of("elastic_net,box", words) == (ElasticNet(0.1, 0.2), Box(0.0))
    assert penalties_of("non_negative", NO_OPTIONS) == (NonNegative(),)


def test_words_make_transforms():
    """A transform for each option that was given."""
    assert transforms_of({"clip_norm": None, "average": None}) is None
    words = {"clip_norm": "1", "clip_value": "0.5", "trust_ratio": "lars", "decoupled_decay": "0.1", "accumulate": "4"}
    expected = (ClipByNorm(1.0), ClipByValue(0.5), TrustRatio("lars"), DecoupledDecay(0.1), Accumulate(4))
    assert transforms_of(words) == expected
    averages = {
        "polyak": PolyakAverage(),
        "polyak:7": PolyakAverage(7),
        "tail:0.25": TailAverage(0.25),
        "exponential:0.9": ExponentialAverage(0.9),
    }
    for word, average in averages.items():
        assert transforms_of({"average": word}) == (average,)


@pytest.mark.parametrize(
    ("option", "word", "said"),
    [
        *(("clip_norm", "0", "--clip-norm 0 is not possible: use a finite number above 0"),),
        *(("clip_value", "x", "--clip-value x is not possible"), ("accumulate", "1.5", "--accumulate 1.5 is not")),
        *(("trust_ratio", "adam", '--trust-ratio adam is not possible: use "lamb" or "lars"'),),
        *(("average", "mean", "--average mean is not possible: use polyak, tail or exponential"),),
        *(("average", "tail:2", "--average tail:2 is not possible: use above 0 and at most 1"),),
        *(("decoupled_decay", "-1", "--decoupled-decay -1 is not possible"),),
    ],
)
def test_an_impossible_transform_is_refused_as_it_was_written(option: str, word: str, said: str):
    """The message names the option of the command line, and what it can be."""
    with pytest.raises(SpecificationError) as caught:
        transforms_of({option: word})
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("penalty", "words", "said"),
    [
        (None, {"alpha": "3"}, "--alpha 3 needs --penalty NAME"),
        ("l1", {"alpha": "x"}, "--alpha x is not possible: use a finite number at least 0"),
        ("l1", {"alpha": "1", "l1_ratio": "0.5"}, "--l1-ratio 0.5 needs a penalty that has it"),
        ("l3", {}, "--penalty l3 is not possible: use l2, l1"),
        ("box", {}, "--penalty box is not possible: use lower, upper or both"),
        ("pathlib:Path", {}, "--penalty pathlib:Path: that is no penalty"),
    ],
)
def test_an_impossible_penalty_is_refused_as_it_was_written(penalty: str | None, words: dict[str, str], said: str):
    """The same for penalties and their options."""
    with pytest.raises(SpecificationError) as caught:
        penalties_of(penalty, {**NO_OPTIONS, **words})
    assert str(caught.value).startswith(said)


def test_a_fit_with_penalties_and_transforms(fallline: Callable[..., Done], tmp_path: Path):
    """The run that is recorded has them, its page shows them, and what does not go together ends with code 2."""
    words = ("fit", PENGUINS, "--target", "sex", "--epochs", "2", "--batch-size", "50", "--penalty", "l1,non_negative")
    done = fallline(*words, "--alpha", "0.02", "--clip-norm", "1", "--accumulate", "2", "--average", "tail")
    assert done.code == 0, done.err
    plan = read(tmp_path / "runs" / "penguins-sex")[0].plan
    assert plan.penalties == (L1(0.02), NonNegative())
    assert plan.transforms == (Accumulate(2), ClipByNorm(1.0), TailAverage(0.5, 3))
    assert (plan.batch, plan.sizes.batch) == (50, 100)
    page = fallline("explain", "runs/penguins-sex", "--step", "3").out
    assert "l1: threshold = scale * l1 = " in page
    done = fallline(*words, "--rule", "lion", "--no-record")
    assert done.code == 2
    assert "l1 does not go with rule lion" in done.err
    done = fallline(*words, "--average", "tail", "--accumulate", "x")
    assert (done.code, done.complaint) == (
        2,
        "fallline: --accumulate x is not possible: use a whole number of at least 1",
    )
