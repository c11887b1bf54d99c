"""A schema as JSON-safe dicts, and back: strict, since a model file may be damaged or written by other hands."""

from __future__ import annotations

from typing import Any

from ..errors import DataError
from .columns import KINDS, TARGETS, Column, Label, Target
from .values import PARTS
from .words import listed, shortened


def of_column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "kind": column.kind,
        "missing": column.missing,
        "categories": list(column.categories),
        "other": column.other,
        "parts": list(column.parts),
        "buckets": column.buckets,
    }


def of_target(target: Target) -> dict[str, Any]:
    return {"name": target.name, "kind": target.kind, "classes": list(target.classes)}


Parts = tuple[tuple[Column, ...], Target | None, str | None, tuple[str, ...], tuple[tuple[str, str], ...]]


def schema_parts(data: object) -> Parts:
    """Columns, target, weight, notes and what was left out, every one of them checked."""
    fields = _fields(data, "the schema", ("columns", "target", "weight", "notes", "left_out"))
    columns = tuple(_column(item) for item in _list(fields["columns"], "columns"))
    target = None if fields["target"] is None else _target(fields["target"])
    weight = None if fields["weight"] is None else _text(fields["weight"], "weight")
    notes = tuple(_text(note, "notes") for note in _list(fields["notes"], "notes"))
    names = [column.name for column in columns]
    _distinct([*names, *([target.name] if target else []), *([weight] if weight else [])], "columns")
    _distinct([name for column in columns for name in column.features], "features")
    if not columns:
        raise _damaged("columns", "is empty")
    left_out = tuple(_pair(item) for item in _list(fields["left_out"], "left_out"))
    return columns, target, weight, notes, left_out


def _pair(data: object) -> tuple[str, str]:
    found = _list(data, "left_out")
    if len(found) != 2:
        raise _damaged("left_out", f"holds {_shown(data)} where a name and a reason belong")
    return _text(found[0], "left_out"), _text(found[1], "left_out")


def sparse_parts(data: object) -> tuple[Target | None, str | None, tuple[str, ...], int, int]:
    """Target, weight, notes, the number of columns and that of the first one, of a schema of sparse rows."""
    fields = _fields(data, "the schema", ("sparse", "first", "target", "weight", "notes"))
    target = None if fields["target"] is None else _target(fields["target"])
    weight = None if fields["weight"] is None else _text(fields["weight"], "weight")
    notes = tuple(_text(note, "notes") for note in _list(fields["notes"], "notes"))
    count, first = fields["sparse"], fields["first"]
    if type(count) is not int or count < 1:
        raise _damaged("sparse", f"is {_shown(count)}, not a number of columns")
    if type(first) is not int or first not in (0, 1):
        raise _damaged("first", f"is {_shown(first)}, not 0 or 1")
    return target, weight, notes, count, first


def _column(data: object) -> Column:
    fields = _fields(data, "a column", ("name", "kind", "missing", "categories", "other", "parts", "buckets"))
    name = _text(fields["name"], "name")
    kind = _one_of(fields["kind"], KINDS, "kind")
    categories = tuple(_text(word, "categories") for word in _list(fields["categories"], "categories"))
    _distinct(categories, "categories")
    missing, other = (_flag(fields[key], key) for key in ("missing", "other"))
    if (kind == "category") != bool(categories) or (other and kind != "category"):
        raise _damaged("categories", f"does not go with the kind {kind!r} of column {shortened(name)!r}")
    parts = tuple(_one_of(part, PARTS, "parts") for part in _list(fields["parts"], "parts"))
    _distinct(parts, "parts")
    buckets = fields["buckets"]
    if isinstance(buckets, bool) or not isinstance(buckets, int) or (kind == "hashed") != (buckets > 0):
        raise _damaged("buckets", f"is {_shown(buckets)}, which does not go with the kind {kind!r}")
    if parts and kind != "date":
        raise _damaged("parts", f"does not go with the kind {kind!r} of column {shortened(name)!r}")
    return Column(name, kind, missing, categories, other, parts, buckets)


def _target(data: object) -> Target:
    fields = _fields(data, "the target", ("name", "kind", "classes"))
    kind = _one_of(fields["kind"], TARGETS, "kind")
    classes = tuple(_label(label) for label in _list(fields["classes"], "classes"))
    alike = len({type(label) for label in classes}) == 1 and len(set(classes)) == len(classes) > 1
    if not (alike if kind == "classes" else not classes):
        raise _damaged("classes", f"does not go with a target of kind {kind!r}")
    return Target(_text(fields["name"], "name"), kind, classes)


def _fields(data: object, what: str, names: tuple[str, ...]) -> dict[str, object]:
    if not isinstance(data, dict):
        raise _damaged(what, f"is {_shown(data)}, not a dict")
    if set(data) != set(names):
        raise _damaged(what, f"must hold exactly {listed(names)}")
    return data


def _list(data: object, what: str) -> list[object] | tuple[object, ...]:
    if not isinstance(data, list | tuple):
        raise _damaged(what, f"is {_shown(data)}, not a list")
    return data


def _text(data: object, what: str) -> str:
    if not isinstance(data, str):
        raise _damaged(what, f"holds {_shown(data)} where text belongs")
    try:
        data.encode()
    except UnicodeEncodeError:  # JSON may hold half a character, and Arrow cannot
        raise _damaged(what, f"holds {data!a}, which is not Unicode text") from None
    return data


def _flag(data: object, what: str) -> bool:
    if not isinstance(data, bool):
        raise _damaged(what, f"is {_shown(data)}, not true or false")
    return data


def _label(data: object) -> Label:
    if isinstance(data, bool | int):
        return data
    return _text(data, "classes")


def _one_of(data: object, allowed: tuple[str, ...], what: str) -> str:
    if not isinstance(data, str) or data not in allowed:
        raise _damaged(what, f"is {_shown(data)}, not one of {listed(allowed)}")
    return data


def _distinct(names: list[str] | tuple[str, ...], what: str) -> None:
    if len(set(names)) < len(names):
        raise _damaged(what, "holds a name twice")


def _shown(data: object) -> str:
    return shortened(ascii(data))  # ascii: half a character could not be printed


def _damaged(what: str, why: str) -> DataError:
    return DataError(f"the stored schema is damaged: {what!r} {why}; train the model again")
