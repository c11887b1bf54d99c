"""What `fit` shows on stderr while it works: one line that changes on a terminal, else plain lines now and then."""

from __future__ import annotations

import math
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .console import duration, number, say, speed

if TYPE_CHECKING:
    from ..descent.loop import Descent
    from ..order.shuffle import Sizes

BETWEEN_LINES = 2.0  # seconds
BETWEEN_LOOKS = 0.1
BETWEEN_REASONS = 0.5
PATIENCE = 1.5  # seconds without a report, after which it is said on a terminal what takes so long
PATIENCE_OF_LINES = 10.0  # and where output is kept: so that an input that is refused gets one line, the error


class Meter:
    """How fast the descent is, measured from its first report on, and anew when it has gone over to kernels."""

    def __init__(self) -> None:
        self.started, self.first_rows = 0.0, 0
        self.now, self.rows = 0.0, 0
        self._waited = 0.0

    def see(self, descent: Descent) -> None:
        self.now, self.rows = time.perf_counter(), rows_until(descent.plan.sizes, descent.k)
        if not self.started or descent.runtime.waited != self._waited:
            self._waited = descent.runtime.waited
            self.started, self.first_rows = self.now, self.rows

    def rows_per_second(self) -> float | None:
        passed = self.now - self.started
        return (self.rows - self.first_rows) / passed if passed > 0.0 and self.rows > self.first_rows else None

    def seconds_left(self, descent: Descent) -> float | None:
        found, plan = self.rows_per_second(), descent.plan
        return None if found is None else (plan.epochs * plan.sizes.rows - self.rows) / found


def rows_until(sizes: Sizes, k: int) -> int:
    """How many rows the first k steps take in."""
    epochs, t = divmod(k, sizes.steps)
    return epochs * sizes.rows + t * sizes.batch


class Progress:
    """A context around a fit, and the `progress` that `fit` calls. It measures, and shows plain lines.

    Nothing is said before the descent begins or a wait needs words: a table that is refused gets one line, the error.
    """

    def __init__(self, name: str, target: str):
        self.what = f"{target} from {name}"
        self.meter = Meter()
        self._shown = 0.0
        self._alive, self._over, self._why = time.perf_counter(), False, ""

    def __enter__(self) -> Progress:
        self._alive = time.perf_counter()
        self._watch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        self._timer.cancel()

    def __call__(self, descent: Descent) -> None:
        self._alive, self._why = time.perf_counter(), ""
        self.meter.see(descent)
        if time.perf_counter() - self._shown >= self.pause():
            self.update(descent)
            self._shown = time.perf_counter()

    def patience(self) -> float:
        return PATIENCE_OF_LINES

    def pause(self) -> float:
        return BETWEEN_LINES

    def prepare(self, text: str) -> None:
        say(text)

    def update(self, descent: Descent) -> None:
        first = f"fitting {self.what}: " if not self._shown else ""
        say(first + ", ".join(standing(descent, self.meter)))

    def _watch(self) -> None:
        self._timer = threading.Timer(BETWEEN_REASONS, self._explain_wait)
        self._timer.daemon = True
        self._timer.start()

    def _explain_wait(self) -> None:
        """Now and then: if nothing has been heard of the fit for long, say what it is at."""
        if self._over:
            return
        if time.perf_counter() - self._alive >= self.patience():
            why = _why_it_takes_long(bool(self.meter.started))
            if why and why != self._why:
                self._why = why
                self.prepare(f"fitting {self.what}: {why}")
        self._watch()


class LiveProgress(Progress):
    """The same on a terminal."""

    def __enter__(self) -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn
        from rich.progress import Progress as Bar
        from rich.table import Column

        console = Console(stderr=True, highlight=False)
        bar = [BarColumn(bar_width=16)] if console.width >= 120 else []
        text = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
        self._stack = ExitStack()
        self._bar = self._stack.enter_context(Bar(SpinnerColumn(), *bar, text, console=console, transient=True))
        self._task = self._bar.add_task(f"fitting {self.what} …", total=None)
        return super().__enter__()

    def __exit__(self, *about: Any) -> None:
        super().__exit__(*about)
        self._stack.__exit__(*about)

    def patience(self) -> float:
        return PATIENCE

    def pause(self) -> float:
        return BETWEEN_LOOKS

    def prepare(self, text: str) -> None:
        self._bar.update(self._task, description=text)

    def update(self, descent: Descent) -> None:
        text = "  ".join(standing(descent, self.meter))
        self._bar.update(self._task, description=text, completed=descent.k, total=descent.plan.steps)


def progress(data: str, target: str) -> Progress:
    kind = LiveProgress if sys.stderr.isatty() else Progress
    return kind(Path(data).name, target)


def standing(descent: Descent, meter: Meter) -> list[str]:
    """Where the descent stands, in words. Epochs and time are bounds where it may stop earlier."""
    plan = descent.plan
    at_most = "" if plan.tolerance is None else "at most "
    epoch = min(descent.k // plan.sizes.steps + 1, plan.epochs)
    parts = [f"loss {number(descent.epoch_loss())}", f"rate {descent.rate(max(descent.k, 1)):.3g}"]
    parts.append(f"epoch {epoch:,} of {at_most}{plan.epochs:,}")
    found, left = meter.rows_per_second(), meter.seconds_left(descent)
    if found is not None and left is not None:
        parts += [speed(found), f"{at_most}{duration(max(math.ceil(left), 1))} left"]
    return parts


def _why_it_takes_long(begun: bool) -> str:
    """Asked from a timer's thread, which must not import what the main thread may be importing. begun: there has been
    a step; "" if nothing is to be said."""
    compilations = getattr(sys.modules.get("fallline.compiled.kept"), "compilations", None)
    if compilations is not None and compilations.at_work:
        return "compiling; the first time only, some seconds"
    if begun:
        return ""
    return "preparing" if "fallline.planning.begin" in sys.modules else "loading libraries"
