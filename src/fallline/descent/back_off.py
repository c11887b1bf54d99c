"""Going back: a descent whose rate was chosen for it, and that diverges, returns to a good state at half the rate.

The state it returns to is one after a look at which the loss was lower than at any that was kept before, or the start;
at most a third of the steps up to the latest such look come after it. All this is a function of the data. What is
recorded is the outcome, the steps after which the rate is halved: a replay halves it there, and does not diverge again.
The steps that were thrown away are in no history.
"""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

MOST = 40  # times: after that the rate is a millionth of a millionth, and it was not the cause
FACTOR = 0.5
WORTH_A_COPY = 1.5  # times the steps up to the state that is kept


class Snapshot(NamedTuple):
    """What a descent goes back to."""

    k: int
    loss: float
    state: Any
    schedule: Any
    seen: int
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
        if loss < self.kept.loss and descent.k >= WORTH_A_COPY * self.kept.k:
            self.kept = self._snapshot(descent, loss)

    def go_back(self, descent: Any) -> bool:
        """Back to the kept state, at half the rate; False if that has been tried often enough."""
        if len(descent.plan.backoffs) >= MOST:
            return False
        kept, step, rate = self.kept, descent.k + 1, descent.rate(descent.k + 1)
        self.thrown_away += step - kept.k
        descent.k, descent.looked, descent.carry, descent.cause = kept.k, kept.k, kept.carry, ""
        descent.state.go_back(kept.state)
        descent.schedule = copy.copy(kept.schedule)
        descent.history.forget_after(kept.k)
        descent.halve_after(kept.k, kept.seen)
        where = "the start" if kept.k == 0 else f"step {kept.k:,}"
        self.sentences.append(
            f"it diverged at step {step:,}, learning rate {rate:g}: it went back to {where} and on at half the rate"
        )
        return True

    def _snapshot(self, descent: Any, loss: float) -> Snapshot:
        seen = descent.watch.seen if descent.watch is not None else 0
        return Snapshot(descent.k, loss, descent.state.kept(), copy.copy(descent.schedule), seen, descent.carry)
