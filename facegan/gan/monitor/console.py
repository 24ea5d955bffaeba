"""The progress bar at the terminal, and the handling of Ctrl-C and of the system's wish to stop."""

import signal
import threading
from collections.abc import Callable

from tqdm import tqdm

# Ctrl-C; a batch system's time limit, `docker stop`, a machine that is taken back; a terminal that is closed.
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Console:
    """A progress bar; the first signal becomes a request to stop after the step, the second ends as usual.

    A signal that is ignored, as nohup has it, stays so.
    """

    def __init__(self, say: Callable[[str], None], quiet: bool = False):
        self.stop_asked, self.say, self.quiet = False, say, quiet

    def __enter__(self) -> "Console":
        self._bar = tqdm(total=100, bar_format="{l_bar}{bar}| {postfix}", desc="training", disable=self.quiet)
        # Only the main thread may set a handler; elsewhere Ctrl-C is its owner's business.
        self._listens = threading.current_thread() is threading.main_thread()
        if self._listens:
            heard = [name for name in _SIGNALS if signal.getsignal(name) is not signal.SIG_IGN]
            self._before = {name: signal.signal(name, self._ask) for name in heard}
        return self

    def _ask(self, *_: object) -> None:
        self.stop_asked = True
        self._restore()
        self.say("\nStopping: the checkpoint is being saved and the model exported. Ctrl-C again ends at once.")

    def __exit__(self, *_: object) -> None:
        if self._listens:
            self._restore()
        self._bar.close()

    def _restore(self) -> None:
        for name, handler in self._before.items():
            signal.signal(name, handler)

    def show(self, line: dict, share: float) -> None:
        """The newest line of the log, `share` of the budget being used up."""
        share = min(1.0, share)
        left = line["elapsed_s"] * (1 - share) / share
        self._bar.n = round(100 * share, 2)
        self._bar.set_postfix_str(
            f"{line['images_seen']:,} images, {line['images_per_s']:.0f}/s, D {line['loss_d']:.2f}, "
            f"G {line['loss_g']:.2f}, {left / 60:.0f} min left"
        )
