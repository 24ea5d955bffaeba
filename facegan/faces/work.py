"""Photos to records on all cores, in order, with few in flight, whatever a photo does to its process."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from itertools import chain
from operator import length_hint

import numpy as np

from facegan.faces.align import Frame
from facegan.faces.detectors.detect import DetectorChoice
from facegan.faces.examine import Examiner
from facegan.faces.measure import measure_photo, worker_count
from facegan.faces.person.recognise import RecogniserChoice
from facegan.faces.records import PhotoRecord
from facegan.faces.sources.find import Photo

IN_FLIGHT = 16  # photos a worker: enough to bridge one slow photo, and 100 KB of results each at most
HELD_IN_FLIGHT = 128_000_000  # bytes of streamed photos that wait, in all: a few of the largest, hundreds of the usual
Result = tuple[PhotoRecord, np.ndarray]


@dataclass(frozen=True)
class Job:
    """What every photo of a run has in common."""

    choice: DetectorChoice
    frame: Frame
    recogniser: RecogniserChoice | None = None  # when one person is wanted

    def open_examiner(self) -> Examiner | None:
        """Loads what says who a face is."""
        return Examiner(self.recogniser.open()) if self.recogniser else None


def measure_photos(photos: Iterable[Photo], job: Job, workers: int) -> Iterator[Result]:
    """Yields measure.measure_photo's result for every photo, in their order, and takes them only as it needs them.

    Args:
        photos: what to read; one that raises ends the work with that error.
        job: how.
        workers: processes; 0 is one a core, 1 works in this process, where a photo that crashes a decoder ends
            the program.
    """
    if workers == 1:
        detector, examiner = job.choice.open(), job.open_examiner()
        yield from (measure_photo(photo, detector, frame=job.frame, examiner=examiner) for photo in photos)
        return
    workers = worker_count(workers, length_hint(photos, 1024))  # a stream does not know its length
    waiting = iter(photos)
    for photo in waiting:  # no process is started before there is work
        yield from _until_broken(chain([photo], waiting), job, workers)


def _until_broken(waiting: Iterator[Photo], job: Job, workers: int) -> Iterator[Result]:
    """Works through ``waiting`` until it is empty or a worker has died; what is not taken stays in it.

    When a worker dies, nobody knows which of the photos in flight it was: each of them then gets a process of
    its own, and the one that dies again becomes a record.
    """
    flying: deque[Photo] = deque()
    results: deque[Future[Result]] = deque()
    held, ended = 0, False
    pool = _pool(job, workers)
    try:
        while True:
            while not ended and len(flying) < workers * IN_FLIGHT and (not flying or held < HELD_IN_FLIGHT):
                photo = next(waiting, None)
                ended = photo is None
                if photo is not None:
                    flying.append(photo)
                    held += photo.held
                    # A broken pool refuses new work by the same exception as it gives for old work.
                    results.append(pool.submit(_work, photo))
            if not flying:
                return
            result = results[0].result()
            results.popleft()
            held -= flying.popleft().held
            yield result
    except BrokenProcessPool:
        suspects = list(flying)
        flying.clear()
        for photo in suspects:
            yield _alone(photo, job)
    finally:
        # Also after Ctrl-C: finished photos are in the journal, the others are done next time. Waiting is what makes
        # the cancelling sure; it takes as long as the photos that are being read.
        pool.shutdown(wait=True, cancel_futures=True)


def _alone(photo: Photo, job: Job) -> Result:
    with _pool(job, 1) as pool:
        try:
            return pool.submit(_work, photo).result()
        except BrokenProcessPool:
            record = PhotoRecord(
                photo.name,
                *photo.state(),
                problem="unreadable",
                detail="it crashed the program that reads it",
            )
            return record, np.empty((0, job.frame.size, job.frame.size, 3), np.uint8)


def why_alone() -> str:
    """Why this machine cannot start workers, in the system's words; empty where it can.

    Processes share locks by files in /dev/shm, which some containers do not have or do not let be written.
    """
    try:
        multiprocessing.get_context("spawn").Lock()
    except (OSError, ImportError) as error:
        return getattr(error, "strerror", None) or str(error)
    return ""


def _pool(job: Job, workers: int) -> ProcessPoolExecutor:
    # spawn: a forked copy of a process with onnxruntime's or torch's threads can hang.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(job, context.Lock()))


# What a worker process keeps between photos; set once by _start in that process, never in the parent.
_measure_one: "partial[Result] | None" = None


def _start(job: Job, one_big_photo: object) -> None:
    global _measure_one
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the parent, which ends the workers
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    import cv2

    cv2.setNumThreads(1)
    _measure_one = partial(
        measure_photo,
        detector=job.choice.open(),
        frame=job.frame,
        examiner=job.open_examiner(),
        one_big_photo=one_big_photo,
    )


def _leave_with_parent() -> None:
    """Ends this worker when the parent was killed: it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _work(photo: Photo) -> Result:
    assert _measure_one is not None
    return _measure_one(photo)
