"""A list of definitions that reads a definition's file when it is first asked for: five points are fitted without
reading the twenty rules that they do not use."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Catalogue:
    """A mapping from the name of each definition to its class, in order.

    package: the package that holds the files. places: the file of each name in it, and the class there.
    """

    def __init__(self, package: str, places: dict[str, tuple[str, str]]):
        self._package, self._places = package, places

    def __getitem__(self, name: str) -> Any:
        return _read(self._package, self._places[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def get(self, name: str) -> Any:
        return self[name] if name in self._places else None

    def keys(self) -> list[str]:
        return list(self._places)

    def values(self) -> list[Any]:
        return [self[name] for name in self._places]

    def items(self) -> list[tuple[str, Any]]:
        return [(name, self[name]) for name in self._places]


def catalogue(package: str, places: dict[str, tuple[str, str]]) -> Any:
    """A Catalogue, which whoever names it annotates as the Mapping that it is."""
    return Catalogue(package, places)


def of_class(package: str, places: dict[str, tuple[str, str]], kind: str) -> Any:
    """What the package's `__getattr__` gives: the class of this name; AttributeError where there is none."""
    for place in places.values():
        if place[1] == kind:
            return _read(package, place)
    raise AttributeError(f"module {package!r} has no attribute {kind!r}")


def _read(package: str, place: tuple[str, str]) -> Any:
    file, kind = place
    return getattr(__import__(f"{package}.{file}", fromlist=[kind]), kind)
