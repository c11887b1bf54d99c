"""What has a name and checked options, and can be written down: schedules, penalties, transforms."""

from __future__ import annotations

from .errors import SpecificationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, ClassVar, TypeVar

    from .allowed import Range

    Kind = TypeVar("Kind", bound="Named")


class Named:
    """A definition with options. `ranges` says what each option may be, in the order of the arguments.

    Options that are left open (None) are filled in by `settled(steps)` from the steps of the whole run; using an open
    one raises SpecificationError. `to_dict` gives the name and the options, through JSON too.
    """

    name: ClassVar[str] = ""
    formula: ClassVar[str] = ""
    paper: ClassVar[str] = ""
    ranges: ClassVar[dict[str, Range]] = {}
    left_open: ClassVar[tuple[str, ...]] = ()  # options that may be None until the run's steps are known
    optional: ClassVar[tuple[str, ...]] = ()  # options for which None means something

    def _set(self, **values: object) -> None:
        """Check the options and make them attributes; an open one has none, so that using it is an error."""
        self.options: dict[str, Any] = {}
        for option, value in values.items():
            none = value is None and option in (*self.left_open, *self.optional)
            self.options[option] = None if none else self._checked(option, value)
            if not none or option in self.optional:
                setattr(self, option, self.options[option])

    def _checked(self, option: str, value: object) -> Any:
        read = self.ranges[option].read(value)
        if read is None:
            raise self.refused(option, value, str(self.ranges[option]))
        return read

    def refused(self, option: str, value: object, allowed: str) -> SpecificationError:
        return SpecificationError(
            f"{option}={value!r} is not possible for {self.name}: it must be {allowed}",
            option=option,
            value=value,
            allowed=allowed,
        )

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            if name not in type(self).left_open:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            raise SpecificationError(
                f"{name}=None is still open in {self!r}: give it, or take settled(steps of the run)", option=name
            )

    def settled(self: Kind, steps: int) -> Kind:
        """The same with nothing left open, for a run of this many steps."""
        missing = {option: self._filled(option, steps) for option in self.left_open if self.options[option] is None}
        return type(self)(**{**self.options, **missing}) if missing else self

    def _filled(self, option: str, steps: int) -> object:
        """What an open option is in a run of so many steps: all of them, unless a definition says otherwise."""
        return steps

    def to_dict(self) -> dict[str, object]:
        return {"name": self.name, **{option: written(value) for option, value in self.options.items()}}

    def __repr__(self) -> str:
        options = ", ".join(f"{option}={value!r}" for option, value in self.options.items())
        return f"{type(self).__name__}({options})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.to_dict() == self.to_dict()

    def __hash__(self) -> int:
        return hash(repr(self))


def written(value: object) -> object:
    """An option's value in the types of JSON."""
    if isinstance(value, Named):
        return value.to_dict()
    return [written(item) for item in value] if isinstance(value, tuple) else value


def made(what: str, kinds: Mapping[str, type[Kind]], name: str, options: Mapping[str, Any]) -> Kind:
    """One of these kinds by its name; SpecificationError where there is none, or an option is unknown or impossible.

    what: the option of `fit` that the name was given for.
    """
    found = kinds.get(name)
    if found is None:
        allowed = ", ".join(kinds)
        raise SpecificationError(
            f"{what}={name!r} is unknown: use one of {allowed}", option=what, value=name, allowed=allowed
        )
    for option in options:
        if option not in found.ranges:
            allowed = ", ".join(found.ranges) or "none"
            raise SpecificationError(
                f"{name} has no option {option!r}: it has {allowed}", option=option, allowed=allowed
            )
    code, given = found.__init__.__code__, found.__init__.__defaults__ or ()
    for option in code.co_varnames[1 : code.co_argcount - len(given)]:
        if option not in options:
            raise SpecificationError(
                f"{what}={name!r} needs its option {option}: give an object, {found.__name__}({option}=…)",
                option=option,
            )
    return found(**options)
