"""Going back: a descent whose rate was chosen for it, and that diverges, returns to a good state at half the rate.

The state it returns to is the one after the look at which the loss was lowest, or the start. All this is a function of
the data. What is recorded is the outcome, the steps after which the rate is halved: a replay halves it there, and does
not diverge again. The steps that were thrown away are in no history.
"""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

MOST = 40  # times: after that the rate is a millionth of a millionth, and it was not the cause
FACTOR = 0.5


class Snapshot(NamedTuple):
    """What a descent goes back to."""

    k: int
    loss: float
    state: Any
    schedule: Any
    watch: Any
    carry: tuple[float, ...]


class BackOff:
    """Keeps the last good state of a `descent.loop.Descent`, and takes it back there.

    sentences: what happened, for people. thrown_away: how many steps were taken in vain.
    """

    def __init__(self, descent: Any):
        self.kept = self._snapshot(descent, descent.start_loss)
        self.sentences: list[str] = []
        self.thrown_away = 0

    def see(self, descent: Any) -> None:
        """A look at the loss: is this a better state to go back to?"""
        watched = descent.watch.losses if descent.watch is not None else []
        loss = watched[-1] if watched else descent.epoch_loss()  # the watch has just worked it out
        if loss < self.kept.loss:
            self.kept = self._snapshot(descent, loss)

    def go_back(self, descent: Any) -> bool:
        """Back to the kept state, at half the rate; False if that has been tried often enough."""
        if len(descent.plan.backoffs) >= MOST:
            return False
        kept, step, rate = self.kept, descent.k + 1, descent.rate(descent.k + 1)
        self.thrown_away += step - kept.k
        descent.k, descent.looked, descent.carry, descent.cause = kept.k, kept.k, kept.carry, ""
        descent.state, descent.schedule = copy.deepcopy(kept.state), copy.copy(kept.schedule)
        descent.watch = copy.copy(kept.watch)
        descent.history.forget_after(kept.k)
        descent.halve_after(kept.k)
        where = "the start" if kept.k == 0 else f"step {kept.k:,}"
        self.sentences.append(
            f"it diverged at step {step:,}, learning rate {rate:g}: it went back to {where} and on at half the rate"
        )
        return True

    def _snapshot(self, descent: Any, loss: float) -> Snapshot:
        state, schedule, watch = copy.deepcopy(descent.state), copy.copy(descent.schedule), copy.copy(descent.watch)
        return Snapshot(descent.k, loss, state, schedule, watch, descent.carry)
