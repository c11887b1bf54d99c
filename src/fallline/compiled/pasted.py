"""Functions that a kernel is made of, compiled into it and nowhere else.

Numba makes machine code of every function that another one calls, after it has optimised it with all that it calls
itself, though every one is inlined in the end. For a kernel of forty functions that is nine tenths of the time. These
are typed and lowered once for each types of arguments, and only what calls them is optimised and made into code. A
process's kernels have most of their functions in common: each is lowered for the first that needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from inspect import Parameter, signature
from types import FunctionType
from typing import Any, NamedTuple

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Flags, compile_internal
from numba.core.environment import Environment
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from .prefetch import mark_loops


class _Uncompiled(JITCodeLibrary):
    """A function's code as it was lowered, to be linked into others."""

    def finalize(self) -> None:
        """What it calls is linked beside it, not into it: once, where the machine code is made."""
        self._finalized = True

    def add_ir_module(self, ir_module: Any) -> None:
        mark_loops(ir_module)
        super().add_ir_module(ir_module)  # type: ignore[no-untyped-call]

    def linked_by(self, library: Any) -> None:
        """Each piece after all that call it: the linker leaves out what nobody has called so far."""
        for one in (self, *self._linking_libraries):
            if one in library._linking_libraries:
                library._linking_libraries.remove(one)
            library.add_linking_library(one)

    def drop(self) -> None:
        """Free the code: it is in what it was linked into."""
        self._final_module = self._shared_module = None
        self._linking_libraries.clear()


class _Piece(NamedTuple):
    """A function's code, and how it is called."""

    library: _Uncompiled
    fndesc: Any
    signature: Any


MOST = 300  # functions that are kept, of some 0.1 MB each
_lowered: dict[Any, _Piece] = {}  # (number, types): the kernels of a process have most of their functions in common
_numbers: dict[Any, int] = {}
_pasted: dict[Any, tuple[FunctionType, bool]] = {}  # what the names of pasted functions stand for


def forget() -> None:
    """Drop what was lowered, after a kernel is done, if it has become much."""
    if len(_lowered) > MOST:
        for found in _lowered.values():
            found.library.drop()
        _lowered.clear()


@cache
def number_of(function: FunctionType, counts_references: bool) -> int:
    """The same number for functions that are made of the same: of equal code and constants, and so all that they call.
    Each kernel's module has its own copy of a function that many have."""
    code, outside = function.__code__, function.__globals__
    names = code.co_names, code.co_varnames, code.co_argcount, repr(function.__defaults__)
    constants = tuple(_essence(value) for value in code.co_consts)
    named = tuple((name, _essence(outside[name])) for name in code.co_names if name in outside)
    return _numbers.setdefault((code.co_code, names, constants, named, counts_references), len(_numbers))


def _essence(value: Any) -> Any:
    """What tells what a function names from other things. Numbers by their texts: 0.0 is not -0.0, nor 0."""
    if isinstance(value, int | float | str | tuple | None):
        return type(value), repr(value)
    return number_of(*_pasted[value]) if value in _pasted else value


def pasted(counts_references: bool) -> Callable[[FunctionType], Any]:
    """A decorator: the function is inlined in the compiled functions of its module that call it."""
    return lambda function: _intrinsic(function, counts_references)


def _intrinsic(function: FunctionType, counts_references: bool) -> Any:
    signatures: dict[Any, Any] = {}

    def lowered(types: tuple[Any, ...]) -> Any:
        key = number_of(function, counts_references), types
        if key not in _lowered:
            flags: Any = Flags()  # type: ignore[no-untyped-call]
            flags.error_model, flags.nrt, flags.forceinline = "numpy", counts_references, True
            flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
            target = cpu_target.target_context
            library = _Uncompiled(target.codegen(), function.__name__)  # type: ignore[no-untyped-call]
            typing = cpu_target.typing_context
            made = compile_internal(  # type: ignore[no-untyped-call]
                typing, target, library, function, types, None, flags, {}
            )
            # Its environment, which no piece uses, names the kernel that it was first made for. A process that has
            # not made that one could not load another's code with it.
            Environment._memo.pop(made.fndesc.env_name, None)
            _lowered[key] = _Piece(library, made.fndesc, made.signature)
        return _lowered[key]

    def type_call(typing_context: Any, *types: Any) -> Any:
        if types not in signatures:
            signatures[types] = lowered(types).signature

        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            returned = context.data_model_manager[signature.return_type]
            if context.enable_nrt != counts_references and returned.contains_nrt_meminfo():
                raise TypeError(f"{function.__name__} returns an array, which only one of it and its caller counts")
            found = lowered(types)
            found.library.linked_by(context.active_code_library)
            return context.call_internal(builder, found.fndesc, found.signature, arguments)

        return signatures[types], code

    given = signature(function)
    context = Parameter("typing_context", Parameter.POSITIONAL_OR_KEYWORD)
    shown = given.replace(parameters=[context, *given.parameters.values()])
    type_call.__signature__ = shown  # type: ignore[attr-defined]
    type_call.__name__, type_call.__module__ = function.__name__, function.__module__
    made = intrinsic(type_call)
    _pasted[made] = function, counts_references
    return made
