"""When training ends: its budget, and early stopping."""

from dataclasses import dataclass

STOPPED_EARLY = "ended early"  # the name of the event in log.jsonl
UNLIMITED = 2**62  # images_seen of a budget in minutes


@dataclass(frozen=True)
class Budget:
    """Training ends when either limit is reached. The minutes of a resumed run are added to those before."""

    images_seen: int
    minutes: float | None = None

    def share(self, images_seen: int, elapsed: float) -> float:
        """The share that is used up, 1.0 or more at the end. `elapsed`: seconds."""
        return max(images_seen / self.images_seen, elapsed / 60 / self.minutes if self.minutes else 0.0)


class EarlyStopping:
    """Stops training when held-out KID has not improved for `patience` images; never with a patience of 0.

    A run that was stopped early and is resumed with the same budget does not train further. With another budget it
    trains for at least `patience` images more.
    """

    def __init__(self, patience: int):
        self.patience = patience
        self._counted_from = 0  # images seen when the run was resumed with a new budget
        self._stopped_with: list | None = None  # the budget under which training stopped early

    def should_stop(self, budget: Budget, images_seen: int, best_at: float) -> bool:
        """`best_at`: images seen by the best weights; negative without a judge, and then training never stops early."""
        if not self.patience or best_at < 0 or images_seen - max(best_at, self._counted_from) < self.patience:
            return False
        self._stopped_with = _as_list(budget)
        return True

    def has_stopped(self, budget: Budget, images_seen: int) -> bool:
        """Whether a run that is started or resumed was stopped before with the same budget."""
        if self._stopped_with is None:
            return False
        if self._stopped_with == _as_list(budget):
            return True
        self._counted_from, self._stopped_with = images_seen, None
        return False

    def state(self) -> dict:
        """JSON-able, for a checkpoint; the keys are those of all earlier checkpoints."""
        return {"tried_from": self._counted_from, "ended_under": self._stopped_with}

    def restore(self, values: dict) -> None:
        """Restore a `state()`."""
        self._counted_from, self._stopped_with = values.get("tried_from", 0), values.get("ended_under")


def _as_list(budget: Budget) -> list:
    return [budget.images_seen, budget.minutes]
