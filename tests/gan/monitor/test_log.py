import math
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from facegan.gan.monitor.log import LOG, TENSORBOARD, RunLog, read_log
from tests.gan.monitor.event_reader import masked_crc, shown


@contextmanager
def full_disk(size):
    """No file can grow beyond `size` bytes: the kernel then writes what fits and refuses the rest."""
    resource = pytest.importorskip("resource", reason="the limit of file sizes is a POSIX one")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def seen(run):
    return [line["images_seen"] for line in read_log(run / LOG)]


def write_all(run, counts, images_seen=0, **values):
    with RunLog(run, images_seen) as log:
        for count in counts:
            log.write({"images_seen": count, **values})


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "grid.png"
    Image.fromarray(np.random.RandomState(0).randint(0, 255, (16, 32, 3), np.uint8)).save(path)
    return path


# -- log.jsonl -------------------------------------------------------------------------------------------------


def test_a_line_comes_back_as_it_was_with_its_time(tmp_path):
    with RunLog(tmp_path) as log:
        log.write({"images_seen": 32, "loss_d": 0.5, "kid": math.nan})
        log.write({"images_seen": 64, "event": "stopped", "message": "Ctrl-C – größer."})
    first, second = read_log(tmp_path / LOG)
    assert (first["images_seen"], first["loss_d"], math.isnan(first["kid"])) == (32, 0.5, True)
    assert second["message"] == "Ctrl-C – größer."
    assert len(first["time"]) == len("2026-11-22T05:51:45+0000")


def test_an_absent_log_has_no_lines(tmp_path):
    assert read_log(tmp_path / LOG) == []


def test_a_resumed_run_drops_what_came_after_its_checkpoint_and_a_line_cut_in_half(tmp_path):
    write_all(tmp_path, [16, 32, 48, 64])
    with (tmp_path / LOG).open("a") as file:
        file.write('{"images_se')
    write_all(tmp_path, [48, 64], images_seen=32)
    assert seen(tmp_path) == [16, 32, 48, 64]


def test_a_run_that_begins_anew_drops_all_even_the_start_of_the_one_before(tmp_path):
    write_all(tmp_path, [0, 16, 32])
    write_all(tmp_path, [0, 16])
    assert seen(tmp_path) == [0, 16]


@pytest.mark.parametrize(
    ("checkpoint", "kept"),
    [
        (70, [60, 70]),  # older than all that the rollback is about
        (80, [60, 70, 80, 90, 100, 100]),  # the one that was returned to: the rollback has happened
        (90, [60, 70, 80, 90, 100, 100, 90]),  # after it
    ],
)
def test_a_rollback_drops_nothing_and_resuming_goes_by_the_order_of_time(tmp_path, checkpoint, kept):
    with RunLog(tmp_path) as log:
        for count in (60, 70, 80, 90, 100):
            log.write({"images_seen": count})
        log.write({"images_seen": 100, "event": "rollback", "back_to": 80})
        for count in (90, 100, 110):
            log.write({"images_seen": count})
    assert seen(tmp_path) == [60, 70, 80, 90, 100, 100, 90, 100, 110]
    RunLog(tmp_path, checkpoint).close()
    assert seen(tmp_path) == kept


def test_a_last_line_without_its_end_does_not_swallow_the_next(tmp_path):
    (tmp_path / LOG).write_text('{"images_seen": 16}\n{"images_seen": 32}')
    write_all(tmp_path, [48], images_seen=32)
    assert seen(tmp_path) == [16, 32, 48]


def test_a_broken_line_in_the_middle_costs_only_itself(tmp_path):
    (tmp_path / LOG).write_text('{"images_seen": 16}\n{"images_seen": 3\n\n[1]\n7\n{"loss": 1}\n{"images_seen": 48}\n')
    assert seen(tmp_path) == [16, 48]


def test_a_full_disk_costs_lines_but_not_the_run_and_is_said_once(tmp_path):
    said = []
    with RunLog(tmp_path, say=said.append) as log:
        log.write({"images_seen": 16})
        said.clear()
        with full_disk((tmp_path / LOG).stat().st_size + 10):
            log.write({"images_seen": 32})
            log.write({"images_seen": 48})
        assert (tmp_path / LOG).read_bytes()[-10:].count(b'{"images_s') == 1  # half a line did get there
        log.write({"images_seen": 64})
    assert seen(tmp_path) == [16, 64]
    about_log = [sentence for sentence in said if LOG in sentence]
    assert len(about_log) == 1
    assert about_log[0].endswith("The training continues, but the log has gaps.")


# -- TensorBoard -----------------------------------------------------------------------------------------------


def test_the_checksum_is_that_of_the_standard():
    crc = 0xE3069283  # of "123456789", RFC 3720
    assert masked_crc(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_tensorboard_gets_the_figures_under_their_tags_by_images_seen(tmp_path):
    with RunLog(tmp_path) as log:
        log.write({"images_seen": 1000, "elapsed_s": 3.5, "loss_d": 0.5, "loss_g": -0.25, "accuracy": 0.75})
        log.write({"images_seen": 2000, "kid": 3.5, "kid_train": math.nan, "best": True, "recall": None})
        log.write({"images_seen": 2000, "event": "stopped", "message": "Ctrl-C."})
    tags = shown(tmp_path / TENSORBOARD)
    assert math.isnan(tags.pop("kid/training")[0][1])
    assert tags == {
        "loss/discriminator": [(1000, 0.5)],
        "loss/generator": [(1000, -0.25)],
        "discriminator/accuracy": [(1000, 0.75)],
        "kid/held_out": [(2000, 3.5)],
    }


def test_tensorboard_shows_nothing_twice_after_a_resume_nor_what_the_checkpoint_has_not_seen(tmp_path):
    with RunLog(tmp_path) as log:
        for count in (1000, 2000, 3000):
            log.write({"images_seen": count, "loss_d": 1.0})
        log.write({"images_seen": 3000, "kid": 4.0})
    write_all(tmp_path, [3000, 4000], images_seen=2000, loss_d=2.0)
    assert shown(tmp_path / TENSORBOARD) == {
        "loss/discriminator": [(1000, 1.0), (2000, 1.0), (3000, 2.0), (4000, 2.0)],
        "kid/held_out": [],
    }
    write_all(tmp_path, [1000], loss_d=3.0)  # anew
    assert shown(tmp_path / TENSORBOARD)["loss/discriminator"] == [(1000, 3.0)]


def test_tensorboard_forgets_what_a_rollback_abandons(tmp_path):
    with RunLog(tmp_path) as log:
        for count in (1000, 2000, 3000):
            log.write({"images_seen": count, "loss_d": 1.0})
        log.write({"images_seen": 3000, "event": "rollback", "back_to": 1000})
        log.write({"images_seen": 2000, "loss_d": 2.0})
    assert shown(tmp_path / TENSORBOARD) == {"loss/discriminator": [(1000, 1.0), (2000, 2.0)]}


def test_tensorboard_gets_the_picture_itself_and_not_every_one(tmp_path, picture):
    with RunLog(tmp_path) as log:
        for count in (0, 1000, 1100, 1150, 1151, 2000):
            log.picture(count, picture)
        log.write({"images_seen": 2000, "event": "rollback", "back_to": 1000})
        log.picture(1100, picture)
    found = shown(tmp_path / TENSORBOARD)["samples"]
    assert [step for step, _ in found] == [0, 1000, 1100]  # 1151 and 2000 came before the rollback
    assert found[1][1].encoded_image_string == picture.read_bytes()
    assert (found[1][1].width, found[1][1].height) == (32, 16)


def test_a_full_disk_ends_the_files_for_tensorboard_but_not_the_run(tmp_path, picture):
    said = []
    with RunLog(tmp_path, say=said.append) as log:
        log.write({"images_seen": 16, "loss_d": 1.0})
        log.picture(16, picture)
        with full_disk(1000):
            for count in (32, 64, 128, 256, 512, 1024, 2048):
                log.picture(count * 2, picture)
        log.write({"images_seen": 4096, "loss_d": 1.0})
    assert len(said) == 1
    assert said[0].startswith("From here on nothing is written for TensorBoard (")
    assert seen(tmp_path) == [16, 4096]


def test_a_run_goes_on_without_tensorboards_folder_or_package(tmp_path, monkeypatch, picture):
    said = []
    (tmp_path / TENSORBOARD).write_text("a file where the folder should be")
    write_all(tmp_path, [16], loss_d=1.0)
    monkeypatch.setitem(sys.modules, "tensorboardX.proto", None)
    with RunLog(tmp_path, 16, said.append) as log:
        log.write({"images_seen": 32, "loss_d": 1.0})
        log.picture(32, picture)
    assert seen(tmp_path) == [16, 32]
    assert said == [
        "From here on nothing is written for TensorBoard (tensorboardX is not installed; run "
        "pip install -r train/requirements.txt). The training continues."
    ]
