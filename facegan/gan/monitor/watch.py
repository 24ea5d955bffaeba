"""RUN/index.html: the progress of a run on one page, rewritten during the run. It needs no server and no network.

The data are RUN/log.jsonl and the files of RUN/samples; what they lack is left out. The template is watch.html.
"""

import contextlib
import math
import time
from dataclasses import dataclass
from pathlib import Path

from facegan.base.files import atomic_write
from facegan.base.html import render
from facegan.gan.budget import STOPPED_EARLY
from facegan.gan.monitor.charts import HEIGHT, WIDTH
from facegan.gan.monitor.curves import Curve, curves_of, short
from facegan.gan.monitor.log import LOG, TENSORBOARD, read_log
from facegan.gan.monitor.tensorboard import TAGS, png_size
from facegan.gan.monitor.watch_curves import cards

PAGE = "index.html"
_REFRESH = 30  # s
_STALE = 600  # s without a new page after which a run was probably killed; measuring KID takes a minute or two
_STRIP = 8  # small grids below the large one
_EVENTS = 100  # on the page; log.jsonl has all of them
_ENDED = {
    "finished": "Training is finished",
    "stopped": "Training has stopped",
    STOPPED_EARLY: "Training has stopped early: the weights had not improved for a long time",
    "gave up": "Training has given up",
}
_LINKS = (
    ("faces/report.html", "Which photos are used, and which are not and why"),
    ("samples/progress.mp4", "The film of the training"),
    (LOG, "Every figure on this page, one JSON object a line"),
)


def write_page(run: Path, share: float, minutes_left: float | None, running: bool = True) -> None:
    """Rewrite RUN/index.html as a whole. If it cannot be written, the old page stays.

    Args:
        run: the run's folder.
        share: how much of the budget is used up, 1.0 or more at the end.
        minutes_left: until the budget is used up; None if unknown.
        running: False writes the last page of a run, which does not refresh itself.
    """
    lines = read_log(run / LOG)
    share = min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    curves = curves_of(lines, TAGS)
    best = _best(lines)
    last = _last_state(lines)
    events = [line for line in lines if "event" in line]
    page = render(
        "facegan.gan.monitor",
        "watch.html",
        running=running,
        name=run.resolve().name,
        headline=_headline(last, share, minutes_left, running),
        message=str(last.get("message", "")) if last.get("event") in _ENDED and not running else "",
        percent=f"{100 * share:.0f}",
        bar=f"{100 * share:.2f}",
        images_seen_short=short(_images_seen(lines)),
        refresh=_REFRESH,
        stale=_STALE,
        written=f"{time.time():.0f}",
        time=time.strftime("%Y-%m-%d %H:%M:%S"),
        facts=_facts(lines, curves, best),
        samples=_samples(run / "samples"),
        cards=cards(
            curves,
            max((line["images_seen"] for line in lines), default=0),
            (best["images_seen"], best["kid"]) if best else None,
        ),
        events=[_event(line) for line in reversed(events[-_EVENTS:])],
        events_in_all=len(events),
        rolled_back=any("back_to" in line for line in events),
        links=[(path, text) for path, text in _LINKS if (run / path).exists()],
        tensorboard=(run / TENSORBOARD).as_posix() if (run / TENSORBOARD).is_dir() else "",
        chart_width=WIDTH,
        chart_height=HEIGHT,
    )
    # A full disk, or Windows while a browser reads the page. The next version follows soon.
    with contextlib.suppress(OSError):
        atomic_write(run / PAGE, page.encode("utf-8", errors="replace"))


def _headline(last: dict, share: float, minutes_left: float | None, running: bool) -> str:
    if running:
        return f"Training: {_duration(minutes_left)} left" if minutes_left is not None else "Training"
    return _ENDED.get(last.get("event"), _ENDED["finished" if share >= 1 else "stopped"])


def _last_state(lines: list[dict]) -> dict:
    """The last line about a start or an end; a run that was killed has no line about its end."""
    return next((line for line in reversed(lines) if line.get("event") in {"start", "resumed", *_ENDED}), {})


def _facts(lines: list[dict], curves: dict[str, Curve], best: dict | None) -> list[tuple[str, str]]:
    """The figures below the progress bar, each with its description."""
    facts = [(f"{_images_seen(lines):,}", "images seen")]
    speed = curves["images_per_s"].latest
    if _is_finite(speed):
        facts.append((f"{speed:,.0f}", "images a second"))
    elapsed = next((line["elapsed_s"] for line in reversed(lines) if _is_finite(line.get("elapsed_s"))), None)
    if elapsed is not None:
        facts.append((_duration(elapsed / 60), "of training so far"))
    if best:
        facts.append((f"{best['kid']:.3g}", f"KID of the best weights, at {short(best['images_seen'])} images"))
    rollbacks = sum(line.get("event") == "rollback" for line in lines)
    if rollbacks:
        facts.append((str(rollbacks), "rollback, see below" if rollbacks == 1 else "rollbacks, see below"))
    return facts


@dataclass(frozen=True)
class _Samples:
    """The sample grids: their names in order, the size of the newest in px, and some of them with their images seen."""

    all: list[str]
    size: tuple[int, int] | None
    strip: list[tuple[str, str]]

    @property
    def newest(self) -> str:
        return self.all[-1]


def _samples(folder: Path) -> _Samples | None:
    grids = sorted(path.stem for path in folder.glob("*.png") if path.stem.isdigit())
    if not grids:
        return None
    size = None
    # With the size the browser reserves space for a picture that has not loaded yet.
    with contextlib.suppress(OSError, ValueError), (folder / f"{grids[-1]}.png").open("rb") as file:
        size = png_size(file.read(24))
    chosen = sorted({round(i * (len(grids) - 1) / (_STRIP - 1)) for i in range(_STRIP)})
    return _Samples(grids, size, [(grids[i], short(int(grids[i]))) for i in chosen])


def _event(line: dict) -> dict:
    """A row of the table of events."""
    return {
        "bad": line["event"] in ("rollback", "gave up"),
        "when": str(line.get("time", ""))[:16].replace("T", " "),
        "images": short(line["images_seen"]),
        "message": str(line.get("message") or line["event"]),
    }


def _images_seen(lines: list[dict]) -> int:
    return lines[-1].get("back_to", lines[-1]["images_seen"]) if lines else 0


def _best(lines: list[dict]) -> dict | None:
    """The last line that training marked as its best; the one with the lowest KID in a log without marks."""
    measured = [line for line in lines if _is_finite(line.get("kid"))]
    marked = [line for line in measured if line.get("best") is True]
    return marked[-1] if marked else min(measured, key=lambda line: line["kid"], default=None)


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _duration(minutes: float) -> str:
    if not math.isfinite(minutes):
        return "an unknown time"
    if minutes < 1:
        return "less than a minute"
    whole = round(minutes)
    if whole < 120:
        return "1 minute" if whole == 1 else f"{whole} minutes"
    return f"{whole // 60} h {whole % 60} min"
