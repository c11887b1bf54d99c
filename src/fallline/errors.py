"""Every error that Fallline raises on purpose.

    FalllineError
    ├── DataError            a table: its file, row and column
    ├── SpecificationError   an option: its value and what is allowed
    ├── DivergenceError      a descent that went up: step, cause, advice, and the run
    └── RunError             a recorded run: corrupt, locked, or its data have changed

A message is one line that says what is wrong, where, and how to mend it.
"""

from __future__ import annotations


class FalllineError(Exception):
    """The base of all of Fallline's errors."""


class DataError(FalllineError):
    """A table cannot be used as it is.

    file, row and column say where, as far as that is known; a row is counted from 1, the header not counted.
    """

    def __init__(self, message: str, *, file: str | None = None, row: int | None = None, column: str | None = None):
        super().__init__(message)
        self.file = file
        self.row = row
        self.column = column


class SpecificationError(FalllineError):
    """An option has a value that it cannot have; `allowed` says in words what it can."""

    def __init__(self, message: str, *, option: str | None = None, value: object = None, allowed: str | None = None):
        super().__init__(message)
        self.option = option
        self.value = value
        self.allowed = allowed


class DivergenceError(FalllineError):
    """The descent diverged: at which step, for what cause, and what to do. `run` holds the run as far as it came."""

    def __init__(self, message: str, *, step: int, cause: str, advice: str, run: object = None):
        super().__init__(message)
        self.step = step
        self.cause = cause
        self.advice = advice
        self.run = run


class RunError(FalllineError):
    """A recorded run cannot be used: it is corrupt, locked by another process, or its data have changed."""
