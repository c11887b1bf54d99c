"""The documentation cannot drift: README's blocks run, and public names are documented."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fallline
from fallline import losses, penalties, rules, schedules, transforms

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the examples, as the README's reader has it."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


PAGES = [README, *(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md")))]


@pytest.mark.parametrize(
    "code",
    [code for page in PAGES for code in blocks("python", page)],
    ids=lambda code: code.strip().splitlines()[0][:40],
)
def test_the_documentation_s_python_runs(code: str, checkout: Path) -> None:
    """Each Python block of the README and of docs/ runs as it stands, without a word on stderr."""
    (checkout / "page.py").write_text(code, encoding="utf-8")  # in a file: a rule's source is read from there
    command = [sys.executable, "-W", "error", "page.py"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    if "gradient_descent(" in code:
        assert "2.021281045682893 2.923168672645527" in done.stdout


def test_the_readme_s_commands_run(checkout: Path) -> None:
    """The README's shell lines run one after the other; .ci/run takes those that make an environment literally."""
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.strip()]
    verbs = [line.split("&&")[-1].strip() for line in lines]
    assert len([line for line in lines if line.startswith("python3 -m venv")]) == 2
    scripts = f"{Path(sys.executable).parent}/"
    for verb in verbs:
        if verb == ".venv/bin/pytest":
            continue
        command = verb.replace(".venv/bin/", scripts)
        done = subprocess.run(command, shell=True, cwd=checkout, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (verb, done.stderr)
    assert (checkout / "predicted.csv").read_text().count("\n") == 53_941


def test_the_readme_shows_adam_as_it_is() -> None:
    """The README's text of Adam is the text that runs, without its annotations."""
    source = inspect.getsource(rules.adam.adam)  # type: ignore[attr-defined]
    body = source[source.index("    m = ") :].strip()
    assert body in README


@pytest.mark.parametrize("name", fallline.__all__)
def test_public_names_are_documented(name: str) -> None:
    """Every public name has a docstring, and dir() shows it."""
    assert inspect.getdoc(getattr(fallline, name))
    assert name in dir(fallline)


@pytest.mark.parametrize("rule", rules.RULES.values(), ids=lambda rule: rule.name)
def test_rules_are_documented(rule: type[rules.Rule]) -> None:
    """A rule has its own docstring, formula and paper, and a file of at most 100 lines."""
    assert rule.__doc__
    assert rule.__doc__ != rules.Rule.__doc__
    assert rule.formula
    assert re.search(r"\(\d{4}\)", rule.paper)
    assert len(Path(inspect.getfile(rule)).read_text().splitlines()) <= 100


LISTS = (losses.LOSSES, schedules.SCHEDULES, penalties.PENALTIES, transforms.TRANSFORMS)


@pytest.mark.parametrize("entry", [entry for found in LISTS for entry in found.values()], ids=lambda e: e.name)
def test_every_definition_has_a_formula(entry: object) -> None:
    """Every loss, schedule, penalty and transform in the lists says its formula."""
    assert entry.formula  # type: ignore[attr-defined]


def test_public_names_are_these() -> None:
    """The public face changes only on purpose."""
    assert sorted(fallline.__all__) == [
        "DataError",
        "DivergenceError",
        "FalllineError",
        "Run",
        "RunError",
        "SpecificationError",
        "find_learning_rate",
        "fit",
        "gradient_descent",
        "load",
        "open_run",
    ]
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        fallline.fitt  # noqa: B018
