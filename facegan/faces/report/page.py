"""report.html: a page without scripts, with its pictures beside it. The template is templates/report.html."""

from dataclasses import dataclass
from pathlib import Path

from facegan.base.html import render
from facegan.faces.framing import MIN_SHARE_FILLED
from facegan.faces.reasons import REASONS, USED
from facegan.faces.report.spread import UNIT

PAGE = "report.html"
# The pictures of the page, beside it in RUN/faces.
PICTURES = {
    "people": "people.png",
    "animation": "before_after.gif",
    "average_before": "average_before.png",
    "average_after": "average_after.png",
    "rejected": "rejected.png",
}
LISTED = 300  # rejected photos on the page; report.json has all
_EYES = (
    ("left_x", "Left eye, sideways"),
    ("left_y", "Left eye, up and down"),
    ("right_x", "Right eye, sideways"),
    ("right_y", "Right eye, up and down"),
)


def write_page(out: Path, report: dict, *, rejected_shown: int) -> None:
    """Write report.html into RUN/faces, beside the pictures that are there.

    `report`: the content of report.json. `rejected_shown`: the number of photos in the picture of rejected ones.
    """
    exists = {name: (out / file).exists() for name, file in PICTURES.items()}
    rejected = [row for row in report["rows"] if row[1] != USED]
    fits = report["share_that_fits"]
    page = render(
        "facegan.faces.report",
        "report.html",
        report=report,
        pictures=PICTURES,
        unit=UNIT,
        too_close=None if fits is None or fits >= MIN_SHARE_FILLED else round(100 * fits),
        bars=_bars(report),
        faces_used=report["faces"].get(USED, 0),
        faces_rejected=sum(count for reason, count in report["faces"].items() if reason != USED),
        eyes=_eyes(report) if exists["average_after"] else [],
        kept=report["people"][report["person_number"] - 1] if report["person"] and exists["people"] else None,
        animation=exists["animation"],
        rejected_shown=rejected_shown if exists["rejected"] else 0,
        rejected_count=len(rejected),
        rejected=[(name, REASONS[reason].words, detail) for name, reason, detail in rejected[:LISTED]],
    )
    (out / PAGE).write_text(page, encoding="utf-8", errors="replace")


@dataclass(frozen=True)
class _Bar:
    """A row of the chart of reasons: the number of files with one reason; `width` of its bar in per cent."""

    words: str
    count: int
    percent: str
    width: str
    used: bool
    advice: str


def _bars(report: dict) -> list[_Bar]:
    total = max(1, report["files"])
    bars = []
    for reason, count in report["photos"].items():
        used = reason == USED
        words, advice = (USED, "") if used else (REASONS[reason].words, REASONS[reason].advice)
        bars.append(_Bar(words, count, _percent(count, total), f"{100 * count / total:.2f}", used, advice))
    return bars


def _eyes(report: dict) -> list[tuple[str, float, float]]:
    """For each coordinate of the eyes its description, and its spread before and after alignment in pixels of UNIT."""
    before, after = (report["eye_spread_px_of_128"][key] for key in ("before", "after"))
    return [(words, before[key], after[key]) for key, words in _EYES] if before and after else []


def _percent(count: int, total: int) -> str:
    share = 100 * count / total
    return "<0.1 %" if 0 < share < 0.1 else f"{share:.1f} %"
