"""Penalties and transforms through `fit`: what is refused, what is recorded, replayed and explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fallline
from fallline.descent.specification import Specification
from fallline.named import Named
from fallline.penalties import L1, L2, PENALTIES, Box, ElasticNet, GroupL1, NonNegative, penalty_named
from fallline.rules import ASGD, RULES, AdamW, Nesterov, RMSProp
from fallline.transforms import (
    TRANSFORMS,
    Accumulate,
    ClipByNorm,
    ClipByValue,
    DecoupledDecay,
    ExponentialAverage,
    PolyakAverage,
    TailAverage,
    TrustRatio,
    transform_named,
)

RNG = np.random.default_rng(7)
COLUMNS = RNG.normal(size=(90, 2))
WORDS = [("red", "green", "blue")[i % 3] for i in range(90)]
TABLE: dict[str, Any] = {
    "a": COLUMNS[:, 0].tolist(),
    "b": (COLUMNS[:, 1] * 40.0 + 7.0).tolist(),
    "colour": WORDS,
    "y": (COLUMNS @ [2.0, -1.0] + [0.5 * (word == "red") for word in WORDS]).tolist(),
}
QUICK: dict[str, Any] = {"runtime": "plain", "validation": None, "learning_rate": 0.05, "epochs": 3}
EVERYTHING = (
    *(TailAverage(0.5), DecoupledDecay(0.1), TrustRatio("lamb"), ClipByNorm(1.0), Accumulate(2)),
    *(ClipByValue(0.5), TrustRatio("lars", 0.7)),
)


def fit(**options: Any) -> fallline.Run:
    return fallline.fit(TABLE, "y", **{**QUICK, **options})


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a sign has no scale": ({"rule": "lion", "penalty": "l1"}, "l1 does not go with rule lion.*penalty l2"),
    "nor has rprop": ({"rule": "rprop", "penalty": ElasticNet()}, "elastic_net does not go with rule rprop"),
    "groups need one scale": ({"rule": "adam", "penalty": "group_l1"}, "group_l1 does not go with rule adam.*momentum"),
    "clipped one by one": ({"rule": "sgd", "penalty": "group_l1", "transforms": ClipByValue(1.0)}, "use clip_by_norm"),
    "a point elsewhere": ({"rule": "schedule_free_sgd", "penalty": "l1"}, "its gradient at another point"),
    "bounds elsewhere": ({"rule": Nesterov(base_point=True), "penalty": NonNegative()}, "at another point"),
    "an answer elsewhere": ({"rule": ASGD(), "penalty": Box(0.0)}, "answers with another point"),
    "the rate inside": ({"rule": Nesterov(rate_in_velocity=True), "penalty": "l1"}, "rate_in_velocity=False"),
    "the spread": ({"rule": RMSProp(centred=True, momentum=0.9), "penalty": "l1"}, "which then vanishes"),
    "decay twice": ({"rule": "adamw", "transforms": DecoupledDecay()}, "decays already; use adam"),
    "decay of an average": ({"rule": "schedule_free_sgd", "transforms": DecoupledDecay()}, "another point"),
    "two averages": ({"rule": "asgd", "transforms": PolyakAverage()}, "a second average"),
    "two of a place": ({"transforms": (PolyakAverage(), TailAverage())}, "a step has place for one average"),
    "two proximal steps": ({"penalty": (L1(), ElasticNet())}, "only that of both together"),
    "bounds in groups": ({"penalty": (GroupL1(), NonNegative())}, "group_l1 and non_negative cannot be combined"),
    "two bounds": ({"penalty": (Box(0.0), NonNegative())}, "give one Box"),
    "two groupings": ({"penalty": (GroupL1(), GroupL1(1.0))}, "both shrink groups"),
    "no such penalty": ({"penalty": "l3"}, "penalty='l3' is unknown: use one of l2, l1, elastic_net"),
    "no penalty": ({"penalty": (L1(), 3)}, "penalty=3 is not possible"),
    "no such transform": ({"transforms": "clip"}, "transforms='clip' is unknown: use one of clip_by_value"),
    "no transform": ({"transforms": (None,)}, "transforms=None is not possible"),
    "what it needs": ({"transforms": "clip_by_norm"}, r"needs its option bound: give an object, ClipByNorm\(bound=…\)"),
    "one batch": (
        {"transforms": Accumulate(3), "batch_size": "full"},
        "accumulate=3 adds up several batches.*batch_size",
    ),
    "no such column": (
        {"penalty": GroupL1(0.1, [["a", "color"]])},
        "groups: there is no feature 'color': use a, b, col",
    ),
    "in two groups": ({"penalty": GroupL1(0.1, [["colour"], ["colour=red"]])}, "'colour=red' is in two of them"),
    "no bound's column": ({"penalty": Box({"c": 1.0})}, "lower: there is no feature 'c'"),
    "bounds that cross": ({"penalty": Box({"a": 1.0}, 0.5)}, "at most upper=0.5 for 'a'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_not_be_right_is_refused(case: str):
    """In one line that names both sides, before a step is taken."""
    options, words = REFUSED[case]
    with pytest.raises(fallline.SpecificationError, match=words) as caught:
        fit(**options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "make",
    [
        *(lambda: L2(-1.0), lambda: L1(float("inf")), lambda: ElasticNet(0.1, 1.5), lambda: GroupL1(0.1, ["a"])),
        *(lambda: GroupL1(0.1, [["a"], ["a"]]), Box, lambda: Box(2.0, 1.0), lambda: Box("x")),  # type: ignore[arg-type]
        *(lambda: Box({"a": None}), lambda: ClipByNorm(0.0), lambda: ClipByValue(-1.0), lambda: Accumulate(0)),  # type: ignore[dict-item]
        *(lambda: Accumulate(1.5), lambda: PolyakAverage(-1), lambda: ExponentialAverage(1.0)),  # type: ignore[arg-type]
        *(lambda: TailAverage(0.0), lambda: TrustRatio("adam"), lambda: DecoupledDecay(-0.1)),
        *(lambda: penalty_named("l1", beta=1), lambda: transform_named("clip_by_norm", norm=1)),
    ],
)
def test_an_impossible_option_says_what_is_possible(make: Any):
    """Every option's range is checked when the object is made."""
    with pytest.raises(fallline.SpecificationError) as caught:
        make()
    assert caught.value.option is not None
    assert caught.value.allowed is not None


OBJECTS: list[Named] = [
    *(L2(0.1), L1(0.2), ElasticNet(0.3, 0.4), GroupL1(0.5, [["a", "b"], ["c"]]), GroupL1(), NonNegative()),
    *(Box(-1.0, {"a": 2.0}), *EVERYTHING, PolyakAverage(3), ExponentialAverage(0.9, False)),
]


@pytest.mark.parametrize("one", OBJECTS, ids=repr)
def test_a_definition_can_be_written_down(one: Named):
    """to_dict is JSON that makes an equal object; repr is its constructor."""
    data = json.loads(json.dumps(one.to_dict()))
    named = penalty_named if one.name in PENALTIES else transform_named
    assert named(**data) == one
    assert eval(repr(one)) == one
    assert hash(one) == hash(named(**data))
    assert one.formula and one.__doc__
    assert one.name in {**PENALTIES, **TRANSFORMS}


def test_a_run_with_everything_is_recorded_and_replayed(tmp_path: Path):
    """The specification goes through JSON; the opened run has the same states, averages, objectives and pages."""
    path = tmp_path / "table.csv"
    rows = zip(*TABLE.values(), strict=True)
    path.write_text("\n".join([",".join(TABLE), *(",".join(map(str, row)) for row in rows)]))
    options = {
        **QUICK,
        "batch_size": 12,
        "transforms": EVERYTHING,
        "penalty": (Box(-0.5), ElasticNet(0.1)),
        "rule": "adam",
    }
    run = fallline.fit(path, "y", **options, record=tmp_path / "run")
    opened = fallline.open_run(tmp_path / "run")
    assert Specification.from_dict(run.specification.to_dict()).to_dict() == opened.specification.to_dict()
    assert [one.name for one in opened.specification.plan.penalties] == ["elastic_net", "box"]
    assert opened.specification.plan.batch == 12
    assert opened.specification.plan.sizes.batch == 24
    assert opened.specification.plan.sizes.steps == 4
    assert run.steps == 12
    start = [one.start for one in run.specification.plan.transforms if isinstance(one, TailAverage)]
    assert start == [6]
    for k in (0, 5, 12):
        mine, theirs = run.at(k), opened.at(k)
        assert mine.theta.tobytes() == theirs.theta.tobytes()
        assert mine.average is not None and theirs.average is not None
        assert mine.average.tobytes() == theirs.average.tobytes()
    assert run.model.theta.tobytes() == run.at(12).average.tobytes()  # type: ignore[union-attr]
    assert run.model.theta.tobytes() != run.at(12).theta.tobytes()
    assert run.at(6).average.tobytes() == run.at(6).theta.tobytes()  # type: ignore[union-attr]
    assert run.history.equals(opened.history)


def test_an_explanation_is_the_step_itself():
    """The parts of explain(k) lead from at(k - 1) to at(k); loss, objective and norm are those of the history; the page
    shows the penalty's slope, each transform, the proximal step and the bounds."""
    run = fit(batch_size=12, transforms=EVERYTHING, penalty=(Box(-0.5), ElasticNet(0.1)), rule="adam")
    history = run.history.to_pydict()
    for k in range(1, run.steps + 1):
        explained = run.explain(k)
        assert [p.after for p in explained.parameters] == run.at(k).theta.tolist()
        assert explained.loss == history["loss"][k - 1]
        assert explained.penalty is not None
        assert explained.loss + explained.penalty == history["objective"][k - 1]
        norm = np.sqrt(sum(p.penalized * p.penalized for p in explained.parameters))
        assert norm == pytest.approx(history["gradient_norm"][k - 1], rel=1e-14)
        for p in explained.parameters:
            assert p.gradient + sum(part.value for part in p.slope_parts) == pytest.approx(p.penalized, rel=1e-14)
            assert (p.theta_parts[-1].value if p.theta_parts else p.before * p.keep - p.step) == p.after
        assert explained.parameters[-1].slope_parts == explained.parameters[-1].theta_parts == ()
        json.dumps(explained.to_dict())
    page = str(run.explain(5))
    for words in (
        *("Objective = loss + penalty = ", "elastic_net: slope = l2 * w = ", "with the penalty: "),
        *("clip_by_norm: factor = bound / maximum(sqrt(squares), bound) = ", "clip_by_norm: g = value * factor = "),
        *("clip_by_value: g = minimum(maximum(g, -bound), bound) = ", "trust_ratio: step = value * factor = "),
        *("elastic_net: threshold = scale * l1 = ", "box: w = minimum(maximum(w, lower), upper) = ", " * 0.995 - "),
    ):
        assert words in page, words


def test_groups_are_explained_too():
    """The factor of a coefficient's group, and what it leaves."""
    run = fit(penalty=GroupL1(0.3), rule="momentum")
    explained = run.explain(2)
    assert [p.after for p in explained.parameters] == run.at(2).theta.tolist()
    assert "group_l1: factor = maximum(1.0 - scale * l1 / where(norm > 0.0, norm, 1.0), 0.0)" in str(explained)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_takes_l2_and_clipping(rule: str):
    """What needs nothing of a rule goes with every rule, and the loss without the penalty is recorded beside it."""
    run = fit(rule=rule, penalty=L2(10.0), transforms=ClipByNorm(0.5))
    history = run.history.to_pydict()
    assert run.steps == 3
    assert history["objective"][0] == history["loss"][0]
    assert history["objective"][1] > history["loss"][1]


@pytest.mark.parametrize("penalty", [L1(1e3), GroupL1(1e3), ElasticNet(1e3, 0.99)], ids=repr)
def test_an_intercept_is_never_penalised(penalty: Any):
    """A very strong penalty makes every coefficient exactly 0, and what is left predicts the target's mean."""
    run = fit(rule="sgd", penalty=penalty, learning_rate=0.01, epochs=2000)
    assert (run.model.theta[:-1] == 0.0).all()
    assert np.allclose(run.model.predict(TABLE), np.mean(TABLE["y"]), rtol=1e-12)


def test_a_descent_begins_within_its_bounds():
    """theta(0) is the allowed point nearest to 0, and no later step leaves the box; other columns are free."""
    run = fit(penalty=Box({"a": 0.25, "colour": -0.1}, {"b": -0.5, "colour": 0.0}), rule="adam")
    names = list(run.model.coefficients)
    for k in range(run.steps + 1):
        found = dict(zip(names, run.at(k).theta[:-1].tolist(), strict=True))
        assert found["a"] >= 0.25
        assert found["b"] <= -0.5
        assert all(-0.1 <= value <= 0.0 for name, value in found.items() if name.startswith("colour"))
    assert run.at(0).theta.tolist() == [0.25, -0.5, 0.0, 0.0, 0.0, 0.0]


def test_an_average_is_the_mean_of_the_path():
    """PolyakAverage(2) answers with the mean of theta(3), theta(4), …; AdamW's and Adam's decay are one thing."""
    run = fit(batch_size=30, transforms=PolyakAverage(2), rule="sgd")
    path = np.array([run.at(k).theta for k in range(3, run.steps + 1)])
    assert np.allclose(run.model.theta, path.mean(axis=0), rtol=1e-13)
    decayed = fit(rule="adam", transforms=DecoupledDecay(0.3))
    assert decayed.model.theta.tobytes() == fit(rule=AdamW(weight_decay=0.3)).model.theta.tobytes()


def test_convergence_is_judged_by_the_objective():
    """A strong l1 raises the loss above its start while the objective falls: the run still converges."""
    run = fallline.fit(
        TABLE, "y", runtime="plain", validation=None, rule="sgd", penalty=(L1(0.5), L2(0.5)), epochs="auto"
    )
    assert run.stop == "converged"
    history = run.history.to_pydict()
    assert history["objective"][-1] < history["objective"][0]


def test_the_measured_rate_knows_of_l2():
    """l2 adds to the curvature: without it, a rate measured for the loss alone would diverge at once."""
    options: dict[str, Any] = {"runtime": "plain", "validation": None, "rule": "sgd", "epochs": 200}
    run = fallline.fit(TABLE, "y", penalty=L2(100.0), **options)
    assert run.specification.plan.learning_rate < 2.0 / 100.0
    assert run.history.column("gradient_norm")[-1].as_py() < 0.1 * run.history.column("gradient_norm")[0].as_py()
    for rule, transforms in (("sgd", ()), ("momentum", (DecoupledDecay(0.1), ClipByNorm(1e6), PolyakAverage()))):
        with pytest.raises(fallline.DivergenceError, match=r"stable only below 0\.0") as caught:
            fit(penalty=L2(100.0), rule=rule, transforms=transforms, epochs=200, learning_rate=0.5)
        run: Any = caught.value.run
        assert "it was not applied" in str(run.explain(run.steps + 1))
