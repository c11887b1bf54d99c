"""When a descent is over."""

from __future__ import annotations

from ..sums import LEAF, leaf_sum, tree_sum

# Each reason for stopping, in words.
REASONS = {
    "converged": "converged: the training loss has stopped falling",
    "epochs": "all epochs are done, and the loss may still be falling",
    "diverged": "diverged: the loss went up, and the last good step was kept",
    "interrupted": "interrupted: this is as far as it came",
}
NEGLIGIBLE = 1e-9  # of the loss at the start: what is below it is a perfect fit


class Watch:
    """Sees the training loss at every look, and says when it has stopped falling.

    The last third of the looks at this learning rate (at least `patience` of them) is compared with as many before: the
    loss has stopped falling when its mean fell by no more than `tolerance`, relative. As both grow, a slow
    fall is not taken for a standstill: what is over after t looks is every movement that takes up to about t looks.
    """

    seen = 0  # looks from the start, where that matters

    def __init__(self, tolerance: float, patience: int, start_loss: float):
        self.tolerance, self.patience, self.start_loss = tolerance, patience, start_loss
        self.losses: list[float] = []

    def new_stage(self) -> None:
        """The learning rate has changed; adaptive rules dip below their noise right after that, so all starts anew."""
        self.losses = []

    @property
    def looks_to_say(self) -> int:
        """How many more looks it needs before it can say anything."""
        return max(2 * self.patience - len(self.losses), 1)

    def has_stopped_falling(self, losses: list[float]) -> bool:
        """At the latest of these looks; those before it are ones of which it could not yet say anything."""
        self.losses += losses
        span = self._span()
        if len(self.losses) < 2 * span:
            return False
        before, level = mean(self.losses[-2 * span : -span]), self.level
        return before - level <= self.tolerance * max(level, NEGLIGIBLE * self.start_loss)

    def _span(self) -> int:
        return max(self.patience, len(self.losses) // 3)

    @property
    def level(self) -> float:
        """The mean loss of the latest looks."""
        return mean(self.losses[-self._span() :])

    def has_learned(self) -> bool:
        """A loss that stands still at or above where it started has not converged."""
        return self.level < self.start_loss


class DoublingWatch(Watch):
    """Sees a loss that is measured at steps 1, 2, 4, 8, …: it has stopped falling when, over the latest doubling of the
    steps, it fell by no more than `tolerance`, relative. Batches of all rows have no noise to average over."""

    FEWEST = 7  # looks, so 64 steps: before that a rule may still be gathering pace

    def has_stopped_falling(self, losses: list[float]) -> bool:
        self.seen += len(losses)
        self.losses += losses
        if len(self.losses) < 2 or self.seen < self.FEWEST:
            return False
        before, loss = self.losses[-2:]
        return before - loss <= self.tolerance * max(loss, NEGLIGIBLE * self.start_loss)

    @property
    def level(self) -> float:
        return self.losses[-1]


def mean(values: list[float]) -> float:
    count = len(values)
    return (leaf_sum(values) if count <= LEAF else tree_sum(values)) / count
