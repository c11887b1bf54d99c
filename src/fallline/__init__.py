"""Fallline trains models by gradient descent, and the loop that you can read is the loop that runs.

`import fallline` loads the standard library only; everything else is imported when it is first used.
"""

from __future__ import annotations

from .errors import DataError, DivergenceError, FalllineError, RunError, SpecificationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .api import Run, find_learning_rate, fit, load, open_run
    from .plain.gradient_descent import gradient_descent

__version__ = "0.1.0"
__all__ = [
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

_HOMES = {
    "Run": "api",
    "find_learning_rate": "api",
    "fit": "api",
    "gradient_descent": "plain.gradient_descent",
    "load": "api",
    "open_run": "api",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
