"""report.html: one page beside its pictures, without scripts and without the network."""

import html
from pathlib import Path

from facegan.base.html import document
from facegan.faces.framing import ENOUGH_FIT
from facegan.faces.reasons import REASONS, USED
from facegan.faces.report.spread import UNIT

PAGE = "report.html"
PEOPLE_PICTURE = "people.png"
LISTED = 300  # refused photos on the page; report.json has all


def write_page(out: Path, report: dict, *, refused_shown: int) -> None:
    """Writes report.html from what report.json holds, beside the pictures that are there."""
    sections = [
        _head(report),
        _note(report),
        '<div class="two">' + _photos(report) + _eyes(report, out) + "</div>",
        _people(report, out),
        _animation(out),
        _rejected(report, out, refused_shown),
        _list(report),
    ]
    page = document("Faces of this run", "\n".join(section for section in sections if section))
    (out / PAGE).write_text(page, encoding="utf-8", errors="replace")


def _head(report: dict) -> str:
    used, files = report["usable_faces"], report["files"]
    faces = "1 face is" if used == 1 else f"{used:,} faces are"
    return (
        f"<header><h1>{faces} ready for training</h1>"
        f'<p class="dim">From {files:,} files. {html.escape(report["detector_reason"])} '
        f"Each face is {report['size']} &times; {report['size']} pixels.</p></header>"
    )


def _note(report: dict) -> str:
    """What to know about the framing, when the photos do not fill it."""
    share = report["share_that_fits"]
    if share is None or share >= ENOUGH_FIT:
        return ""
    return (
        f'<section class="note"><p>At framing {report["framing"]:g} only {100 * share:.0f} % of the faces fill their '
        "picture; around the others the photo's mirror image is seen, and the generator will learn that. "
        "A larger --framing or photos with more room around the face help.</p></section>"
    )


def _photos(report: dict) -> str:
    counts, total = report["photos"], max(1, report["files"])
    rows = []
    for reason, count in counts.items():
        words = "used" if reason == USED else REASONS[reason].words
        kind = " used" if reason == USED else ""
        rows.append(
            f'<div class="bar"><span>{html.escape(words)}</span><span class="count">{count:,} '
            f'<span class="dim small">{_percent(count, total)}</span></span></div>'
            f'<div class="track"><div class="fill{kind}" style="width:{100 * count / total:.2f}%"></div></div>'
        )
        if reason != USED:
            rows.append(f'<p class="hint">{html.escape(REASONS[reason].advice)}</p>')
    extra = sum(count for reason, count in report["faces"].items() if reason != USED)
    several = (
        f'<p class="dim small" style="margin-top:16px">A photo with several faces counts as used when one of them is. '
        f"Counted by face: {report['faces'].get(USED, 0):,} used, {extra:,} not.</p>"
        if report["faces"]
        else ""
    )
    return f"<section><h2>What became of the files</h2>{''.join(rows)}{several}</section>"


def _people(report: dict, out: Path) -> str:
    """Who is in the photos, and who of them is kept."""
    if not report["person"] or not (out / PEOPLE_PICTURE).exists():
        return ""
    number, people = report["person_number"], report["people"]
    kept = people[number - 1]
    return (
        f'<section><h2>One person is kept</h2><p class="dim small">Person {number}, who is in {kept["photos"]:,} '
        f"photos. {len(people):,} people are in two photos or more; --person N keeps number N instead, --person "
        "PHOTO the person in a photo. The faces were compared on this computer, and nothing of this page leaves it."
        f'</p><div class="scroll"><img src="{PEOPLE_PICTURE}" alt="faces of the most frequent people"></div></section>'
    )


def _eyes(report: dict, out: Path) -> str:
    before, after = (report["eye_spread_px_of_128"][key] for key in ("before", "after"))
    if not before or not after or not (out / "average_after.png").exists():
        return ""
    labels = (
        ("left_x", "Left eye, sideways"),
        ("left_y", "Left eye, up and down"),
        ("right_x", "Right eye, sideways"),
        ("right_y", "Right eye, up and down"),
    )
    rows = "".join(
        f'<tr><td>{words}</td><td class="number">{_spread(before[key])}</td>'
        f'<td class="number">{_spread(after[key])}</td></tr>'
        for key, words in labels
    )
    return (
        "<section><h2>The average face, and where the eyes are</h2>"
        '<div class="pair"><figure><img src="average_before.png" alt="average of the photos as they are">'
        "<figcaption>before</figcaption></figure>"
        '<figure><img src="average_after.png" alt="average of the aligned faces"><figcaption>after</figcaption>'
        "</figure></div>"
        '<table style="margin-top:16px"><tr><th>Spread over the photos</th><th class="number">before</th>'
        f'<th class="number">after</th></tr>{rows}</table>'
        f'<p class="dim small" style="margin-top:12px">Over {after["faces"]:,} photos, in pixels of a picture {UNIT} '
        "pixels wide and in per cent of its width (1.4826 times the median distance from the median). Before: the "
        "middle of each photo, enlarged by one factor to the size of the aligned faces. After: the eyes are found "
        "anew in the aligned faces.</p></section>"
    )


def _animation(out: Path) -> str:
    if not (out / "before_after.gif").exists():
        return ""
    return (
        '<section><h2>Before and after</h2><img class="wide" src="before_after.gif" '
        'alt="faces moving from where they are in their photos to one place"></section>'
    )


def _rejected(report: dict, out: Path, shown: int) -> str:
    if not shown or not (out / "rejected.png").exists():
        return ""
    return (
        f'<section><h2>Photos that are not used</h2><p class="dim small">{shown:,} of '
        f"{sum(row[1] != USED for row in report['rows']):,}, some for every reason.</p>"
        '<div class="scroll"><img src="rejected.png" alt="refused photos with their reasons"></div></section>'
    )


def _list(report: dict) -> str:
    refused = [row for row in report["rows"] if row[1] != USED]
    if not refused:
        return ""
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(REASONS[reason].words)}</td><td>{html.escape(detail)}</td></tr>"
        for name, reason, detail in refused[:LISTED]
    )
    more = f"The first {LISTED} of {len(refused):,}; report.json has all." if len(refused) > LISTED else ""
    return (
        "<section><details><summary>Every file that is not used, and why</summary>"
        f'<p class="dim small" style="margin-top:12px">{more}</p>'
        f"<table><tr><th>file</th><th>reason</th><th>measured</th></tr>{rows}</table></details></section>"
    )


def _percent(count: int, total: int) -> str:
    share = 100 * count / total
    return "&lt;0.1 %" if 0 < share < 0.1 else f"{share:.1f} %"


def _spread(pixels: float) -> str:
    return f"{pixels:.1f} px <span class='dim'>{100 * pixels / UNIT:.1f} %</span>"
