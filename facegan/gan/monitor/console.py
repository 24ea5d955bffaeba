"""The progress bar in the terminal, and the handling of Ctrl-C and of other signals to stop."""

import signal
import threading
from collections.abc import Callable

from tqdm import tqdm

# Ctrl-C; the time limit of a batch system, `docker stop` or a preempted machine; a closed terminal.
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Console:
    """A progress bar. The first signal sets `stop_asked`, which ends training after the step; the second acts as usual.

    A signal that was ignored before, as SIGHUP is under nohup, is still ignored.
    """

    def __init__(self, say: Callable[[str], None], quiet: bool = False):
        self.stop_asked, self.say, self.quiet = False, say, quiet

    def __enter__(self) -> "Console":
        self._bar = tqdm(total=100, bar_format="{l_bar}{bar}| {postfix}", desc="training", disable=self.quiet)
        # Only the main thread may set signal handlers.
        self._handles_signals = threading.current_thread() is threading.main_thread()
        if self._handles_signals:
            handled = [name for name in _SIGNALS if signal.getsignal(name) is not signal.SIG_IGN]
            self._old_handlers = {name: signal.signal(name, self._ask_to_stop) for name in handled}
        return self

    def _ask_to_stop(self, *_: object) -> None:
        self.stop_asked = True
        self._restore()
        self.say("\nStopping: a checkpoint is being saved and the model exported. Ctrl-C again ends at once.")

    def __exit__(self, *_: object) -> None:
        if self._handles_signals:
            self._restore()
        self._bar.close()

    def _restore(self) -> None:
        for name, handler in self._old_handlers.items():
            signal.signal(name, handler)

    def show(self, line: dict, share: float) -> None:
        """Show the newest line of the log; `share` of the budget is used up."""
        share = min(1.0, share)
        left = line["elapsed_s"] * (1 - share) / share
        self._bar.n = round(100 * share, 2)
        self._bar.set_postfix_str(
            f"{line['images_seen']:,} images, {line['images_per_s']:.0f}/s, D {line['loss_d']:.2f}, "
            f"G {line['loss_g']:.2f}, {left / 60:.0f} min left"
        )
