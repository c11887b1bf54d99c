"""Where the machine code of kernels is kept, and word of what had to be compiled.

Numba's own cache numbers the files of a function's signatures and notes the numbers in an index. Two processes that
compile different signatures at the same time can both take the same number, and then a third loads code for arrays of
another kind. Here a file is named by a hash of its signature, and there is no index. A folder that cannot be written
costs a compilation, and so does a file that is damaged.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import logging
import os
from typing import Any

from numba.core import event
from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile, _CacheLocator

from .pasted import forget

LOG = logging.getLogger("fallline")
KERNEL_MODULE = "fallline_kernel_"  # how the names of generated modules begin


class _Beside(_CacheLocator):
    """The folder of the generated module. Its name is a hash of all that it is made of, so it is never out of date."""

    def __init__(self, py_file: str):
        self._py_file = py_file

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> _Beside:
        return cls(py_file)

    def get_cache_path(self) -> str:
        return os.path.join(os.path.dirname(self._py_file), "code")

    def get_source_stamp(self) -> str:
        return ""

    def get_disambiguator(self) -> str:
        return ""

    def ensure_cache_path(self) -> None:
        with contextlib.suppress(OSError):
            os.makedirs(self.get_cache_path(), exist_ok=True)


class _Result(CompileResultCacheImpl):
    _locator_classes: list[Any] = [_Beside]  # noqa: RUF012 - as Numba has it


class _Files(IndexDataCacheFile):
    """One file for each signature."""

    def load(self, key: Any) -> Any:
        try:
            return self._load_data(self._file_of(key))  # type: ignore[no-untyped-call]
        except Exception:  # it is not there, or damaged in any way that reading it can bring to light
            return None

    def save(self, key: Any, data: Any) -> None:
        with contextlib.suppress(OSError):  # a full disk, or one that is read-only
            self._save_data(self._file_of(key), data)  # type: ignore[no-untyped-call]

    def _file_of(self, key: Any) -> str:
        digest = hashlib.blake2b(repr(key).encode(), digest_size=12).hexdigest()
        return f"{os.path.splitext(self._index_name)[0]}.{digest}.nbc"


class Kept(FunctionCache):
    """The cache of one compiled function."""

    _impl_class = _Result

    def __init__(self, function: Any):
        super().__init__(function)  # type: ignore[no-untyped-call]
        base = self._impl.filename_base
        self._cache_file = _Files(self._cache_path, base, "")  # type: ignore[no-untyped-call]

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep code that is whole: a call of a function that was left out would end the process."""
        for function in data.library._final_module.functions:
            if function.is_declaration and KERNEL_MODULE in function.name:
                raise AssertionError(f"{self._name}: {function.name} was not linked")
        super().save_overload(sig, data)  # type: ignore[no-untyped-call]


class Compilations(event.Listener):
    """Sees when this process compiles a kernel, since it was not found in the cache."""

    at_work = said = _collects = False

    def on_start(self, event: Any) -> None:
        module = _module_of(event)
        if not module.startswith(KERNEL_MODULE):
            return
        if not self.said:
            LOG.info("compiling kernels for this loss and rule; later processes load them")
        self.at_work = self.said = True
        if gc.isenabled():  # a compilation makes millions of objects and few cycles
            self._collects = True
            gc.disable()
        LOG.debug("compiling %s", module.removeprefix(KERNEL_MODULE))

    def on_end(self, event: Any) -> None:
        if _module_of(event).startswith(KERNEL_MODULE):  # Numba compiles pieces of its own meanwhile
            self.at_work = False
            forget()
            if self._collects:
                self._collects = False
                gc.enable()


def _module_of(event: Any) -> str:
    """Whose function that is: other people's, made by exec, have no module."""
    return event.data["dispatcher"].py_func.__module__ or ""


compilations = Compilations()
event.register("numba:compile", compilations)  # type: ignore[no-untyped-call]
