"""Photos to records on all cores, in order, with few in flight, whatever a photo does to its process."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial

import numpy as np

from facegan.faces.align import Frame
from facegan.faces.detect import DetectorChoice
from facegan.faces.find import FoundFile
from facegan.faces.measure import file_state, measure_photo, worker_count
from facegan.faces.records import PhotoRecord

IN_FLIGHT = 16  # photos a worker: enough to bridge one slow photo, and 100 KB of results each at most
Result = tuple[PhotoRecord, np.ndarray]


@dataclass(frozen=True)
class Job:
    """What every photo of a run has in common."""

    choice: DetectorChoice
    frame: Frame


def measure_files(files: list[FoundFile], job: Job, workers: int) -> Iterator[Result]:
    """Yields measure.measure_photo's result for every file, in the order of the files.

    Args:
        files: what to read.
        job: how.
        workers: processes; 0 is one a core, 1 works in this process, where a photo that crashes a decoder ends
            the program.
    """
    if workers == 1:
        detector = job.choice.open()
        yield from (measure_photo(file, detector, frame=job.frame) for file in files)
        return
    waiting = deque(files)
    while waiting:
        yield from _until_broken(waiting, job, worker_count(workers, len(waiting)))


def _until_broken(waiting: deque[FoundFile], job: Job, workers: int) -> Iterator[Result]:
    """Works through ``waiting`` until it is empty or a worker has died; what is not yielded stays in it.

    When a worker dies, nobody knows which of the photos in flight it was: each of them then gets a process of
    its own, and the one that dies again becomes a record.
    """
    flying: deque[tuple[FoundFile, Future[Result]]] = deque()
    pool = _pool(job, workers)
    try:
        while waiting or flying:
            while waiting and len(flying) < workers * IN_FLIGHT:
                # A broken pool refuses new work by the same exception as it gives for old work.
                flying.append((waiting[0], pool.submit(_work, waiting[0])))
                waiting.popleft()
            result = flying[0][1].result()
            flying.popleft()
            yield result
    except BrokenProcessPool:
        suspects = [file for file, _ in flying]
        flying.clear()
        for file in suspects:
            yield _alone(file, job)
    finally:
        # Also after Ctrl-C: finished photos are in the journal, the others are done next time. Waiting is what makes
        # the cancelling sure; it takes as long as the photos that are being read.
        pool.shutdown(wait=True, cancel_futures=True)


def _alone(file: FoundFile, job: Job) -> Result:
    with _pool(job, 1) as pool:
        try:
            return pool.submit(_work, file).result()
        except BrokenProcessPool:
            record = PhotoRecord(
                file.name,
                *file_state(file),
                problem="unreadable",
                detail="it crashed the program that reads it",
            )
            return record, np.empty((0, job.frame.size, job.frame.size, 3), np.uint8)


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
        one_big_photo=one_big_photo,
    )


def _leave_with_parent() -> None:
    """Ends this worker when the parent was killed: it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _work(file: FoundFile) -> Result:
    assert _measure_one is not None
    return _measure_one(file)
