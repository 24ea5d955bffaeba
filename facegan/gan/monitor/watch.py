"""RUN/index.html: one page that tells how a run is doing, rewritten while it goes on. It needs no server, no network.

It reads RUN/log.jsonl and lists RUN/samples; whatever either lacks, the page leaves out.
"""

import contextlib
import html
import math
import time
from pathlib import Path

from facegan.base.files import atomic_write
from facegan.base.html import document
from facegan.gan.budget import TURNED
from facegan.gan.monitor.curves import Curve, curves_of, short
from facegan.gan.monitor.log import LOG, TENSORBOARD, read_log
from facegan.gan.monitor.tensorboard import TAGS, png_size
from facegan.gan.monitor.watch_curves import kid_section, other_sections
from facegan.gan.monitor.watch_look import SCRIPT, STYLE

PAGE = "index.html"
_REFRESH = 30  # s
_STALE = 600  # s without a new page, after which a run is probably dead; measuring KID takes a minute or two
_STRIP = 8  # small grids below the large one
_EVENTS = 100  # on the page; log.jsonl has all
_ENDED = {
    "finished": "Training is finished",
    "stopped": "Training has stopped",
    TURNED: "Training has ended early: there were no better weights for a long time",
    "gave up": "Training has given up",
}


def write_page(run: Path, share: float, minutes_left: float | None, running: bool = True) -> None:
    """Rewrite RUN/index.html; a reader never sees half of it. A page that cannot be written stays as it was.

    Args:
        run: the run's folder.
        share: how much of the budget is used up; 1.0 and above is all.
        minutes_left: until the budget is used up; None while that is not known.
        running: False writes the last page of a run, which does not refresh itself.
    """
    lines = read_log(run / LOG)
    share = min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    curves = curves_of(lines, TAGS)
    seen = _images_seen(lines)
    axis = max((line["images_seen"] for line in lines), default=0)
    best = _best(lines)
    sections = [
        _head(run, lines, curves, best, share, _headline(lines, share, minutes_left, running), running),
        _samples(run / "samples"),
        kid_section(curves, axis, (best["images_seen"], best["kid"]) if best else None),
        '<div class="wide-two">' + "".join(other_sections(curves, axis)) + "</div>",
        '<p class="dim small first">The first curves appear after a minute or so.</p>' * (not any(curves.values())),
        _events(lines),
        _more(run),
    ]
    title = html.escape(run.resolve().name)
    title = f"{100 * share:.0f} % of {title}" if running else f"{title}, {short(seen)} images"
    refresh = f'<noscript><meta http-equiv="refresh" content="{_REFRESH}"></noscript>' if running else ""
    page = document(
        title,
        "\n".join(section for section in sections if section) + f"<script>{SCRIPT}</script>",
        f"{refresh}<style>{STYLE}</style>",
    )
    # A full disk, or Windows while a browser reads the page: the next one comes soon, and the training matters more.
    with contextlib.suppress(OSError):
        atomic_write(run / PAGE, page.encode("utf-8", errors="replace"))


# -- the state -------------------------------------------------------------------------------------------------


def _headline(lines: list[dict], share: float, minutes_left: float | None, running: bool) -> str:
    if running:
        return f"Training: {_duration(minutes_left)} left" if minutes_left is not None else "Training"
    last = _last_state(lines)
    return _ENDED.get(last.get("event"), _ENDED["finished" if share >= 1 else "stopped"])


def _last_state(lines: list[dict]) -> dict:
    """The last line that tells of a beginning or an end; a stretch that was killed has no end of its own."""
    return next((line for line in reversed(lines) if line.get("event") in {"start", "resumed", *_ENDED}), {})


def _head(
    run: Path,
    lines: list[dict],
    curves: dict[str, Curve],
    best: dict | None,
    share: float,
    headline: str,
    running: bool,
) -> str:
    name = html.escape(run.resolve().name)
    last = _last_state(lines)
    words = html.escape(str(last.get("message", ""))) if last.get("event") in _ENDED and not running else ""
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
    tiles = "".join(f'<div><b>{value}</b><span class="dim small">{what}</span></div>' for value, what in facts)
    return (
        f'<header data-refresh="{_REFRESH if running else ""}" data-stale="{_STALE}" data-written="{time.time():.0f}">'
        f'<h1>{headline}</h1><p class="dim">The run {name}, as of {time.strftime("%Y-%m-%d %H:%M:%S")}. {words}</p>'
        "</header>"
        '<section class="note" id="stale" hidden><p style="margin:0">This page has not been rewritten for more than '
        f"{_STALE // 60} minutes: the training has probably been ended from outside. The same command with --resume "
        "goes on from its last checkpoint.</p></section>"
        f'<section><div class="state" style="margin-top:0"><span>{100 * share:.0f} % of the budget</span></div>'
        f'<div class="track"><div class="fill used" style="width:{100 * share:.2f}%"></div></div>'
        f'<div class="facts">{tiles}</div></section>'
    )


def _images_seen(lines: list[dict]) -> int:
    return lines[-1].get("back_to", lines[-1]["images_seen"]) if lines else 0


def _best(lines: list[dict]) -> dict | None:
    """The line with the KID that training holds for its best; in a log without such marks the lowest."""
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


# -- the pictures ----------------------------------------------------------------------------------------------


def _samples(folder: Path) -> str:
    grids = sorted(path.stem for path in folder.glob("*.png") if path.stem.isdigit())
    if not grids:
        return ""
    newest, size = grids[-1], ""
    # The page keeps the place of a picture that has not arrived yet.
    with contextlib.suppress(OSError, ValueError), (folder / f"{newest}.png").open("rb") as file:
        width, height = png_size(file.read(24))
        size = f'width="{width}" height="{height}" '
    chosen = sorted({round(i * (len(grids) - 1) / (_STRIP - 1)) for i in range(_STRIP)})
    strip = "".join(
        f'<a href="samples/{grid}.png" data-grid="{grid}"><img {size}loading="lazy" src="samples/{grid}.png" '
        f'alt="">{short(int(grid))}</a>'
        for grid in (grids[i] for i in chosen)
    )
    over_time = (
        f'<div class="time" hidden><input type="range" id="time" autocomplete="off" min="0" max="{len(grids) - 1}" '
        f'value="{len(grids) - 1}" data-grids="{" ".join(grids)}" aria-label="images seen">'
        f'<output id="when">{int(newest):,} images</output></div><div class="strip">{strip}</div>'
    )
    return (
        "<section><h2>The same faces over time</h2>"
        '<p class="says">Every picture shows the same seeds, so each place is one face that takes shape. Good is '
        "when faces get clearer and stay different from each other.</p>"
        f'<a href="samples/{newest}.png"><img class="wide" id="grid" {size}src="samples/{newest}.png" '
        f'alt="generated faces"></a>{over_time if len(grids) > 1 else ""}</section>'
    )


# -- the rest --------------------------------------------------------------------------------------------------


def _events(lines: list[dict]) -> str:
    events = [line for line in lines if "event" in line]
    if not events:
        return ""
    rows = "".join(
        f"<tr{' class=bad' if line['event'] in ('rollback', 'gave up') else ''}>"
        f'<td class="when">{html.escape(str(line.get("time", ""))[:16].replace("T", " "))}</td>'
        f"<td>{short(line['images_seen'])}</td><td>{html.escape(str(line.get('message') or line['event']))}</td></tr>"
        for line in reversed(events[-_EVENTS:])
    )
    more = f'<p class="hint">The last {_EVENTS} of {len(events):,}.</p>' if len(events) > _EVENTS else ""
    says = (
        '<p class="says">When training goes wrong, it returns to an earlier state and goes on from there; what it '
        "gave up is dashed in the curves.</p>"
    )
    return (
        f"<section><h2>What happened</h2>{says if any('back_to' in line for line in events) else ''}"
        f'<table class="events"><tr><th>when</th><th>images</th><th>what</th></tr>{rows}</table>{more}</section>'
    )


def _more(run: Path) -> str:
    places = (
        ("faces/report.html", "Which photos are used, and which are not and why"),
        ("samples/progress.mp4", "The film of the training"),
        (LOG, "Every figure on this page, one JSON object a line"),
    )
    links = "".join(f'<li><a href="{at}">{words}</a></li>' for at, words in places if (run / at).exists())
    parts = [f"<ul>{links}</ul>"] if links else []
    folder = run / TENSORBOARD
    if folder.is_dir():
        parts += [
            "<p>To zoom into the curves, or to compare runs, use TensorBoard:</p>",
            f"<pre>pip install tensorboard\ntensorboard --logdir &quot;{html.escape(folder.as_posix())}&quot;</pre>",
        ]
    return f"<section><h2>More</h2>{''.join(parts)}</section>" if parts else ""
