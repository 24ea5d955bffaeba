import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from facegan.gan.budget import STOPPED_EARLY
from facegan.gan.monitor.charts import HEIGHT, WIDTH
from facegan.gan.monitor.log import LOG
from facegan.gan.monitor.watch import write_page

VOID = {"meta", "img", "input", "br", "link"}


@pytest.fixture
def page_of(tmp_path):
    """page_of(*lines, share=..., ...): the page of a run with this log."""

    def page(*lines, run=tmp_path, share=0.5, minutes_left=10.0, running=True):
        (run / LOG).write_text("".join(json.dumps(line) + "\n" for line in lines))
        write_page(run, share, minutes_left, running)
        return (run / "index.html").read_text(encoding="utf-8")

    return page


def save_grids(run, *counts, size=(32, 16)):
    (run / "samples").mkdir(exist_ok=True)
    for count in counts:
        Image.fromarray(np.zeros((size[1], size[0], 3), np.uint8)).save(run / "samples" / f"{count:012d}.png")


def lines_of(page, pattern):
    """The points of the lines that the pattern finds, as (images seen, value), by the scale of their chart."""
    found = []
    for plot in page.split('<div class="plot')[1:]:
        images, low, high = (float(re.search(f'data-{name}="([^"]*)"', plot)[1]) for name in ("images", "low", "high"))
        for points in re.findall(rf'<poly(?:line|gon) {pattern}[^>]* ?points="([^"]*)"', plot):
            places = [map(float, point.split(",")) for point in points.split()]
            found.append([(x / WIDTH * images, high - y / HEIGHT * (high - low)) for x, y in places])
    return found


def points_of(page, label):
    """The points of the line with this label."""
    (found,) = lines_of(page, f'class="[abc]" data-label="{label}"')
    return found


def close(points):
    """As a drawing keeps them, to two decimals of a chart 300 high."""
    return [(pytest.approx(at, abs=1), pytest.approx(value, abs=0.02 * max(1, abs(value)))) for at, value in points]


def labels(page, axis):
    return re.findall(rf'<span class="{axis}" style="[^"]*:([\d.-]+)%">([^<]*)</span>', page)


def heading(page):
    return re.search("<h1>(.*?)</h1>", page)[1]


def assert_whole(page):
    """Every element is closed where it should be, no number is none, and nothing comes from elsewhere."""

    class Elements(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open, self.links = [], []

        def handle_starttag(self, tag, attributes):
            self.links += [value for name, value in attributes if name in ("src", "href")]
            if tag not in VOID:
                self.open.append(tag)

        def handle_startendtag(self, tag, attributes):
            pass

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    elements = Elements()
    elements.feed(page)
    elements.close()
    assert elements.open == []
    assert all(re.match(r"(samples|faces)/|log\.jsonl$", link) for link in elements.links), elements.links
    for attribute in re.findall(r'(?:points|style|y1|y2|data-low|data-high|data-images)="([^"]*)"', page):
        assert not re.search(r"nan|inf|none", attribute, re.IGNORECASE), attribute


# -- curves ----------------------------------------------------------------------------------------------------


def test_values_lie_where_they_belong(page_of):
    page = page_of(
        {"images_seen": 1000, "loss_d": 1.0, "loss_g": 1.5},
        {"images_seen": 2000, "loss_d": 3.0, "loss_g": 2.0},
        {"images_seen": 4000, "loss_d": 2.0, "loss_g": 2.5},
    )
    assert points_of(page, "discriminator") == close([(1000, 1.0), (2000, 3.0), (4000, 2.0)])
    assert points_of(page, "generator") == close([(1000, 1.5), (2000, 2.0), (4000, 2.5)])
    assert labels(page, "y") == [
        ("100.00", "1.0"),
        ("75.00", "1.5"),
        ("50.00", "2.0"),
        ("25.00", "2.5"),
        ("0.00", "3.0"),
    ]
    assert labels(page, "x") == [("0.00", "0"), ("25.00", "1k"), ("50.00", "2k"), ("75.00", "3k"), ("100.00", "4k")]
    assert "discriminator <b>2</b>" in page
    assert_whole(page)


def test_kid_has_its_spread_as_a_band_and_the_best_as_a_dot(page_of):
    page = page_of(
        {"images_seen": 1000, "kid": 4.0, "kid_spread": 1.0, "kid_train": 3.0, "best": True},
        {"images_seen": 2000, "kid": 2.0, "kid_spread": 0.5, "kid_train": 1.0, "best": True},
        {"images_seen": 4000, "kid": 3.0, "kid_train": 0.5, "best": False},
    )
    assert points_of(page, "to held-out photos") == close([(1000, 4.0), (2000, 2.0), (4000, 3.0)])
    assert points_of(page, "to training photos") == close([(1000, 3.0), (2000, 1.0), (4000, 0.5)])
    # The band is known at two of three points.
    assert lines_of(page, 'class="a"')[0] == close([(1000, 5.0), (2000, 2.5), (2000, 1.5), (1000, 3.0)])
    assert 'title="2 at 2k"' in page
    assert '<b>2</b><span class="dim small">KID of the best weights, at 2k images</span>' in page
    assert_whole(page)


def test_the_best_is_what_training_marked_else_the_lowest(page_of):
    def best(*marks):
        kids = zip((1000, 2000, 3000), (3.0, 1.0, 2.0), marks, strict=True)
        page = page_of(
            *({"images_seen": at, "kid": kid} | ({"best": mark} if mark is not None else {}) for at, kid, mark in kids)
        )
        return re.search("<b>([^<]*)</b><span[^>]*>KID of the best weights, at ([^ ]*)", page).groups()

    assert best(True, False, True) == ("2", "3k")
    assert best(None, None, None) == ("1", "2k")
    assert best(False, False, False) == ("1", "2k")


def test_shares_are_drawn_from_0_to_100_percent(page_of):
    page = page_of({"images_seen": 1000, "accuracy": 0.75, "augment_p": 0.0}, {"images_seen": 2000, "accuracy": 0.5})
    assert points_of(page, "accuracy") == close([(1000, 0.75), (2000, 0.5)])
    assert [words for _, words in labels(page, "y")] == ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]
    assert "accuracy <b>50 %</b>" in page


def test_one_line_is_a_dot(page_of):
    page = page_of({"images_seen": 1000, "loss_d": 1.0})
    assert points_of(page, "discriminator") == close([(1000, 1.0), (1000, 1.0)])
    assert_whole(page)


def test_a_rollback_is_a_faint_branch_and_neither_a_zigzag_nor_the_measure_of_the_axis(page_of):
    losses = [{"images_seen": at, "loss_d": loss} for at, loss in ((1000, 1.0), (2000, 2.0), (3000, 900.0))]
    rollback = {"images_seen": 3000, "event": "rollback", "back_to": 2000, "message": "It exploded."}
    page = page_of(*losses, rollback, {"images_seen": 4000, "loss_d": 1.5})
    assert points_of(page, "discriminator") == close([(1000, 1.0), (2000, 2.0), (4000, 1.5)])
    assert lines_of(page, 'class="gone b"') == [close([(2000, 2.0), (3000, 900.0)])]
    assert float(re.search('data-high="([^"]*)"', page)[1]) < 10  # the branch lies far outside
    assert "class=cut" in page
    assert "It exploded." in page
    assert '<b>1</b><span class="dim small">rollback, see below</span>' in page
    assert_whole(page)


def test_images_seen_are_those_that_count_after_a_rollback(page_of):
    page = page_of({"images_seen": 3000}, {"images_seen": 3000, "event": "rollback", "back_to": 2000})
    assert '<b>2,000</b><span class="dim small">images seen</span>' in page


def test_what_is_no_number_does_not_break_the_page(page_of):
    nan, infinity = float("nan"), float("inf")
    page = page_of(
        {"images_seen": 1000, "elapsed_s": 5.0, "loss_d": 1.0, "loss_g": 1.0, "kid": 2.0, "kid_spread": nan},
        {"images_seen": 2000, "elapsed_s": nan, "loss_d": nan, "loss_g": infinity, "kid": nan, "kid_train": -infinity,
         "accuracy": None, "images_per_s": "fast"},
        share=nan, minutes_left=infinity,
    )  # fmt: skip
    assert len(points_of(page, "discriminator")) == 2  # the dot of the only finite value
    assert "discriminator <b>not a number</b>" in page
    assert "generator <b>infinite</b>" in page
    assert "0 % of the budget" in page
    assert_whole(page)


def test_the_beginning_does_not_flatten_what_comes_after(page_of):
    kids = [100.0, 50.0, *(2.0 + 0.1 * (i % 2) for i in range(10))]
    page = page_of(*({"images_seen": 1000 * (i + 1), "kid": kid} for i, kid in enumerate(kids)))
    assert points_of(page, "to held-out photos") == close([(1000 * (i + 1), kid) for i, kid in enumerate(kids)])
    assert float(re.search('data-high="([^"]*)"', page)[1]) < 5
    assert "class=cut" in page


def test_ten_thousand_lines_stay_a_light_page_with_every_spike(page_of):
    lines = [{"images_seen": 100 * i, "loss_d": 1 + 0.001 * (i % 7), "loss_g": 0.5} for i in range(1, 10_001)]
    lines[5554]["loss_d"] = 50.0
    page = page_of(*lines)
    found = points_of(page, "discriminator")
    assert len(found) <= 400
    assert [images for images, loss in found if loss > 10] == [555_500]
    assert found[-1][0] == 1_000_000
    assert len(page) < 60_000


def test_a_log_of_before_has_the_curves_it_has_figures_for(page_of):
    old = {"elapsed_s": 17.4, "images_per_s": 58.7, "loss_d": 1.4, "loss_g": 0.3, "real_sign": 0.75, "augment_p": 0.0}
    page = page_of({"images_seen": 1024, **old}, {"images_seen": 2048, **old}, running=False, share=1.0)
    assert re.findall("<h2>(.*?)</h2>", page) == ["Losses", "The discriminator", "Speed", "More"]
    assert heading(page) == "Training is finished"
    assert_whole(page)


@pytest.mark.parametrize("content", [None, "", "\n", '{"images_seen": 1'])
def test_without_a_log_the_page_says_so(tmp_path, content):
    if content is not None:
        (tmp_path / LOG).write_text(content)
    write_page(tmp_path, 0.0, None)
    page = (tmp_path / "index.html").read_text()
    assert "The first curves appear after a minute or so." in page
    assert '<b>0</b><span class="dim small">images seen</span>' in page
    assert "<svg" not in page
    assert_whole(page)


# -- state, events, pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes_left", "words"),
    [
        (None, "Training"),
        (0.4, "Training: less than a minute left"),
        (1.2, "Training: 1 minute left"),
        (84, "Training: 84 minutes left"),
        (135.4, "Training: 2 h 15 min left"),
    ],
)
def test_a_running_page_says_how_long_and_refreshes_itself(page_of, minutes_left, words):
    page = page_of({"images_seen": 1000, "event": "start"}, minutes_left=minutes_left, share=0.412)
    assert heading(page) == words
    assert '<div class="fill used" style="width:41.20%">' in page
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in page
    assert 'data-refresh="30"' in page


@pytest.mark.parametrize(
    ("events", "share", "words"),
    [
        (["start", "finished"], 1.0, "Training is finished"),
        (["start", "stopped"], 0.5, "Training has stopped"),
        (["start", "rollback", "gave up"], 0.5, "Training has given up"),
        (["start", STOPPED_EARLY], 0.5, "Training has stopped early: the weights had not improved for a long time"),
        (["start", "stopped", "resumed"], 0.5, "Training has stopped"),
        (["start", "stopped", "resumed"], 1.0, "Training is finished"),
    ],
)
def test_a_page_at_the_end_says_how_it_ended_and_stays_as_it_is(page_of, events, share, words):
    lines = [{"images_seen": 1000 * i, "event": event, "message": f"{event}!"} for i, event in enumerate(events)]
    page = page_of(*lines, share=share, running=False)
    assert heading(page) == words
    assert 'http-equiv="refresh"' not in page
    assert 'data-refresh=""' in page


def test_events_are_listed_newest_first_and_messages_are_text(page_of):
    page = page_of(
        {"images_seen": 0, "event": "start", "message": "5 < 6 & <script>alert(1)</script>"},
        {
            "images_seen": 25_000,
            "event": "rollback",
            "back_to": 1,
            "message": "Back.",
            "time": "2026-11-22T05:51:45+0000",
        },
        {"images_seen": 30_000, "event": "a <b>", "message": None},
    )
    rows = re.findall(r"<tr( class=bad)?><td class=\"when\">(.*?)</td><td>(.*?)</td><td>(.*?)</td></tr>", page)
    assert [row[2] for row in rows] == ["30k", "25k", "0"]
    assert rows[1] == (" class=bad", "2026-11-22 05:51", "25k", "Back.")
    assert rows[0][3] == "a &lt;b&gt;"
    assert rows[2][3] == "5 &lt; 6 &amp; &lt;script&gt;alert(1)&lt;/script&gt;"
    assert "<script>alert" not in page
    assert_whole(page)


def test_the_name_of_the_run_is_text(page_of, tmp_path):
    run = tmp_path / "Tom & <b>Jerry"
    (run / "tensorboard").mkdir(parents=True)
    page = page_of({"images_seen": 1, "event": "start"}, run=run)
    assert "<title>50 % of Tom &amp; &lt;b&gt;Jerry</title>" in page
    assert "Tom & " not in page
    assert "<b>Jerry" not in page
    assert f"tensorboard --logdir &quot;{tmp_path.as_posix()}/Tom &amp; &lt;b&gt;Jerry/tensorboard&quot;" in page
    assert_whole(page)


def test_the_newest_grid_is_large_and_all_are_on_the_slider(page_of, tmp_path):
    counts = [0, 500, 1000, 25_000, 999, 5, 6, 7, 8, 9, 10, 11]
    save_grids(tmp_path, *counts)
    (tmp_path / "samples" / "notes.png").write_text("not a grid")
    page = page_of({"images_seen": 25_000})
    assert re.search('id="grid" ([^>]*)', page)[1] == (
        'width="32" height="16" src="samples/000000025000.png" alt="generated faces"'
    )
    slider = re.search('<input type="range"([^>]*)>', page)[1]
    assert 'min="0" max="11" value="11"' in slider
    assert re.search('data-grids="([^"]*)"', slider)[1].split() == [f"{count:012d}" for count in sorted(counts)]
    strip = re.findall('data-grid="([^"]*)"', page)
    assert len(strip) == 8
    assert (strip[0], strip[-1]) == ("000000000000", "000000025000")
    assert strip == sorted(set(strip))
    assert_whole(page)


def test_a_grid_that_is_being_written_does_not_break_the_page(page_of, tmp_path):
    save_grids(tmp_path, 0)
    (tmp_path / "samples" / "000000000500.png").write_bytes(b"\x89PNG")
    page = page_of({"images_seen": 500})
    assert 'id="grid" src="samples/000000000500.png"' in page
    assert_whole(page)


def test_links_lead_only_to_what_is_there(page_of, tmp_path):
    assert re.findall('<li><a href="([^"]*)">', page_of({"images_seen": 1})) == ["log.jsonl"]
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "report.html").touch()
    save_grids(tmp_path)
    (tmp_path / "samples" / "progress.mp4").touch()
    links = re.findall('<li><a href="([^"]*)">', page_of({"images_seen": 1}))
    assert links == ["faces/report.html", "samples/progress.mp4", "log.jsonl"]


def test_a_page_is_replaced_whole_or_stays_as_it_was(page_of, tmp_path):
    page_of({"images_seen": 1000})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", LOG]
    (tmp_path / "index.html.unfinished").mkdir()  # cannot be written
    page = page_of({"images_seen": 2000})
    assert '<b>1,000</b><span class="dim small">images seen</span>' in page
