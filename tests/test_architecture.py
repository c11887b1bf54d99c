"""The house: which room imports which, what an import loads, and how large files are."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fallline import penalties, rules, transforms

PACKAGE = Path(__file__).parents[1] / "src" / "fallline"
# From the top of the house to the bottom; a room imports only from rooms that stand before it.
ROOMS = [
    "errors", "scalar", "sums", "allowed", "catalogue", "named", "rules", "schedules", "losses", "penalties",
    "transforms", "order", "plain", "autodiff", "data", "models", "compiled", "measures", "descent", "planning",
    "runs", "cluster", "picture", "insight", "api", "testing", "estimators", "interop", "lab", "cli", "__main__",
]  # fmt: skip
STANDARD_LIBRARY_ONLY = ROOMS[: ROOMS.index("plain") + 1]
FILES = sorted(PACKAGE.rglob("*.py"))


FILE_OF = {  # of each definition in a catalogue
    room.__name__.split(".")[1]: {file for file, _ in room._PLACES.values()} for room in (penalties, rules, transforms)
}


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> list[str]:
    """The absolute names of every module that a file imports, wherever in the file, types included."""
    package = module_of(path).split(".") if path.name == "__init__.py" else module_of(path).split(".")[:-1]
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            found += [f"{name}.{alias.name}" if exists(f"{name}.{alias.name}") else name for alias in node.names]
    return found


def exists(name: str) -> bool:
    path = PACKAGE.parent / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


def room_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "fallline" and len(parts) > 1 else None


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_from_rooms_above_it(path: Path) -> None:
    """No file imports from a room that stands after its own, and those up to `plain` use the standard library only."""
    room = room_of(module_of(path))
    for imported in imports_of(path):
        if room is None or imported == "fallline":
            continue  # the package's own __init__ hands names on; a version number may be asked for
        other = room_of(imported)
        if other is not None:
            assert ROOMS.index(other) <= ROOMS.index(room), f"{room} imports {imported}"
        elif room in STANDARD_LIBRARY_ONLY:
            assert imported.split(".")[0] in sys.stdlib_module_names, f"{room} imports {imported}"


def test_every_room_is_in_the_list() -> None:
    """A new folder or module has its place in the order before it has code."""
    names = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert names - {"__init__", "__pycache__"} <= set(ROOMS)


def test_no_import_goes_in_a_circle() -> None:
    """Modules, types included, form no loop."""
    modules = {module_of(path): path for path in FILES}
    arrows = {name: {other for other in imports_of(path) if other in modules} for name, path in modules.items()}
    arrows["fallline"] = set()  # it hands names on, when they are first used
    finished: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail[trail.index(name) :], name))
        if name not in finished:
            for other in arrows[name]:
                visit(other, (*trail, name))
            finished.add(name)

    for name in modules:
        visit(name, ())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_are_small(path: Path) -> None:
    """No file has 500 lines or more."""
    assert len(path.read_text(encoding="utf-8").splitlines()) < 500


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before))"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    "statement",
    [f"import fallline{room}" for room in ("", ".rules", ".losses", ".penalties", ".transforms")] + ["fallline.plain"],
)
def test_the_top_of_the_house_loads_the_standard_library_only(statement: str) -> None:
    """`import fallline` and the rooms down to `plain` load nothing that was installed, nor Python's slow imports."""
    loaded = loaded_by("import fallline.plain.gradient_descent" if statement == "fallline.plain" else statement)
    assert loaded <= {"fallline", *sys.stdlib_module_names}
    assert not loaded & {"dataclasses", "typing", "enum", "inspect", "re", "json"}


def test_five_points_read_few_files() -> None:
    """`gradient_descent` reads no schedule, penalty, transform or rule that it does not use: they would take longer
    than the fit, which is meant to take at most three times as long as an empty Python."""
    code = "import fallline, sys; fallline.gradient_descent([1, 2], [3, 4], epochs=1); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name.startswith("fallline.")}
    assert "fallline.schedules" not in loaded
    every = {f"fallline.{room}.{file}" for room in ("penalties", "transforms", "rules") for file in FILE_OF[room]}
    assert loaded & every == {"fallline.rules.gradient_descent"}


def test_the_command_line_starts_without_the_engine() -> None:
    """What `--help` needs does not load NumPy, Numba or pyarrow."""
    assert not loaded_by("import fallline.cli") & {"numpy", "numba", "pyarrow", "safetensors"}
