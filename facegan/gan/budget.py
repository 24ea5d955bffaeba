"""The budget of a training, and early stopping."""

from dataclasses import dataclass

ENDED_EARLY = "ended early"  # the event of early stopping


@dataclass(frozen=True)
class Budget:
    """Training ends with the first that is reached; minutes count training only, over all its stretches."""

    images_seen: int
    minutes: float | None = None

    def share(self, images_seen: int, elapsed: float) -> float:
        """How much is used up, 1.0 and above is over."""
        return max(images_seen / self.images_seen, elapsed / 60 / self.minutes if self.minutes else 0.0)


class Patience:
    """Early stopping: ends a run that has seen `images` since its best weights. 0 never does.

    A run that was stopped so stays stopped under the same budget; a new budget starts a new try.
    """

    def __init__(self, images: int):
        self.images = images
        self.tried_from = 0  # images seen when the last try began
        self.ended_under: list | None = None  # the budget

    def over(self, budget: Budget, images_seen: int, best_at: float) -> bool:
        """`best_at`: images seen by the best weights; below 0 where nothing is judged, and patience is endless."""
        if not self.images or best_at < 0 or images_seen - max(best_at, self.tried_from) < self.images:
            return False
        self.ended_under = _as_list(budget)
        return True

    def still_over(self, budget: Budget, images_seen: int) -> bool:
        """At the start of a stretch."""
        if self.ended_under is None:
            return False
        if self.ended_under == _as_list(budget):
            return True
        self.tried_from, self.ended_under = images_seen, None
        return False

    def state(self) -> dict:
        """JSON-able, for a checkpoint."""
        return {"tried_from": self.tried_from, "ended_under": self.ended_under}

    def restore(self, values: dict) -> None:
        """Put a `state()` back."""
        self.tried_from, self.ended_under = values.get("tried_from", 0), values.get("ended_under")


def _as_list(budget: Budget) -> list:
    return [budget.images_seen, budget.minutes]
