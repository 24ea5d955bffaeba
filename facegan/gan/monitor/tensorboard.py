"""Event files for TensorBoard.

Written with the RecordWriter of tensorboardX, which needs only protobuf; torch.utils.tensorboard needs TensorBoard
itself with gRPC and a web server (20 MB). The SummaryWriter of tensorboardX is not used: it hands events to a thread
through a queue of ten, and if a full disk ends that thread, the training waits for the queue forever.
"""

import contextlib
import struct
import time
from collections.abc import Callable
from pathlib import Path

from facegan.base import commands
from facegan.base.stamp import PNG_SIGNATURE

TAGS = {
    "kid": "kid/held_out",
    "kid_spread": "kid/held_out_spread",
    "kid_train": "kid/training",
    "loss_d": "loss/discriminator",
    "loss_g": "loss/generator",
    "accuracy": "discriminator/accuracy",
    "sureness": "discriminator/sureness",
    "augment_p": "discriminator/augment_probability",
    "precision": "faces/precision",
    "recall": "faces/recall",
    "near_copies": "faces/near_copies",
    "diversity": "faces/diversity",
    "images_per_s": "speed/images_per_s",
    "lr_factor": "speed/learning_rate_factor",
}
_PICTURES = "samples"
_PICTURE_EVERY = 1.15  # ratio of images seen between two pictures: about fifty per run, of which TensorBoard shows ten
_FLUSH_EVERY = 5  # s by which TensorBoard may lag; each flush waits for the disk


class EventFiles:
    """Adds an event file to the folder, for a run that begins or is resumed at `images_seen`.

    It makes TensorBoard drop the later events of earlier files, and those that a rollback abandons. The first error is
    reported, and nothing is written after it.
    """

    def __init__(self, folder: Path, images_seen: int, say: Callable[[str], None] = print):
        self.folder, self.say = folder, say
        self._works = True
        self._flushed = 0.0
        self._next_picture = 0
        self._attempt(self._open, images_seen)

    def write(self, values: dict) -> None:
        """Write the figures of one line of the log that have a tag. The line of a rollback hides what it abandoned."""
        self._attempt(self._write, values)

    def picture(self, images_seen: int, path: Path) -> None:
        """Write a PNG file, unless the last one is too recent."""
        if images_seen >= self._next_picture:
            self._attempt(self._write_picture, images_seen, path)

    def close(self) -> None:
        self._attempt(self._close)

    def _attempt(self, work: Callable[..., None], *arguments: object) -> None:
        """Call `work`; an error, of any kind, must not end the training."""
        if not self._works:
            return
        try:
            work(*arguments)
        except Exception as error:
            if isinstance(error, ModuleNotFoundError):
                package = str(error.name).partition(".")[0]
                why = f"{package} is not installed; run {commands.INSTALL_TRAINING}"
            else:
                why = str(error) or type(error).__name__
            self.say(f"From here on nothing is written for TensorBoard ({why}). The training continues.")
            self._works = False
            with contextlib.suppress(Exception):
                self._file.close()

    def _open(self, images_seen: int) -> None:
        # Imported late, because only a training run needs them.
        from tensorboardX.proto import event_pb2, summary_pb2
        from tensorboardX.record_writer import RecordWriter

        self._events, self._summaries = event_pb2, summary_pb2
        self.folder.mkdir(parents=True, exist_ok=True)
        # TensorBoard reads the files in the order of their names. Numbers, not times, because clocks can be set back.
        numbers = [int(path.name.split(".")[3]) for path in self.folder.glob("events.out.tfevents.*.facegan")]
        number = max(numbers, default=0) + 1
        self._file = RecordWriter(str(self.folder / f"events.out.tfevents.{number:010d}.facegan"))
        self._add(event_pb2.Event(file_version="brain.Event:2"))
        # Also in the first file, because TensorBoard takes the first restart that it reads for the start.
        self._forget_from(images_seen + 1 if images_seen else 0)
        self._file.flush()

    def _write(self, values: dict) -> None:
        if "back_to" in values:
            self._forget_from(values["back_to"] + 1)
            self._next_picture = min(self._next_picture, values["back_to"])
        summary = self._summaries.Summary()
        for name, tag in TAGS.items():
            if values.get(name) is not None:
                summary.value.add(tag=tag, simple_value=values[name])
        if summary.value:
            self._add(self._events.Event(step=values["images_seen"], summary=summary))
        if time.monotonic() - self._flushed >= _FLUSH_EVERY:
            self._file.flush()
            self._flushed = time.monotonic()

    def _write_picture(self, images_seen: int, path: Path) -> None:
        encoded = path.read_bytes()
        width, height = png_size(encoded)
        summary = self._summaries.Summary()
        image = self._summaries.Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=encoded)
        summary.value.add(tag=_PICTURES, image=image)
        self._add(self._events.Event(step=images_seen, summary=summary))
        self._next_picture = round(images_seen * _PICTURE_EVERY) + 1

    def _forget_from(self, step: int) -> None:
        """Write the event of a restart, by which TensorBoard drops what it has read of this step and later ones."""
        start = self._events.SessionLog(status=self._events.SessionLog.START)
        self._add(self._events.Event(step=step, session_log=start))

    def _add(self, event: object) -> None:
        event.wall_time = time.time()
        self._file.write(event.SerializeToString())

    def _close(self) -> None:
        self._works = False
        self._file.close()


def png_size(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG file, px, from at least its first 24 bytes. Raises ValueError for anything else."""
    if len(content) < 24 or content[:8] != PNG_SIGNATURE:
        raise ValueError("This is not a PNG file.")
    return struct.unpack(">II", content[16:24])
