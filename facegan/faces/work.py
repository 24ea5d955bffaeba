"""Photos to records on all cores, in order, with few in flight, whatever a photo does to its process."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing.process import BaseProcess
from operator import length_hint
from typing import Any

import numpy as np

from facegan.base.errors import FaceGANError
from facegan.faces.align import Frame
from facegan.faces.detectors.registry import DetectorChoice
from facegan.faces.examine import Examiner
from facegan.faces.measure import measure_photo, worker_count
from facegan.faces.person.recognise import RecogniserChoice
from facegan.faces.records import PhotoRecord
from facegan.faces.sources.photos import Photo

IN_FLIGHT = 16  # photos a worker: enough to bridge one slow photo, and 100 KB of results each at most
MAX_BYTES_IN_FLIGHT = 128_000_000  # of streamed photos: a few of the largest, hundreds of usual ones
_KILLED = -9  # the exit code after SIGKILL, which is how the system takes memory back
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


def measure_photos(
    photos: Iterable[Photo], job: Job, workers: int, *, say: Callable[[str], None] = print
) -> Iterator[Result]:
    """Yields measure.measure_photo's result for every photo, in their order, and takes them only as it needs them.

    A photo that ends its process twice becomes a record. When the system ends one, as it does when memory runs out,
    half as many go on.

    Args:
        photos: what to read; one that raises ends the work with that error.
        job: how.
        workers: processes; 0 is one a core, 1 works in this process, where a photo that crashes a decoder ends
            the program.
        say: told when the system has ended a process.

    Raises:
        FaceGANError: no process can be kept running.
    """
    if workers == 1:
        detector, examiner = job.choice.open(), job.open_examiner()
        yield from (measure_photo(photo, detector, frame=job.frame, examiner=examiner) for photo in photos)
        return
    workers = worker_count(workers, length_hint(photos, 1024))  # a stream does not know its length
    waiting = iter(photos)
    in_flight: deque[_Flight] = deque()
    for photo in waiting:  # no process is started before there is work
        in_flight.append(_Flight(photo))
        while in_flight:
            died_of = yield from _until_broken(waiting, in_flight, job, workers)
            suspects = 2 * workers + 1  # what is worked on, and what the executor has handed out in advance
            if died_of == _KILLED:
                fewer = max(1, workers // 2)
                say(_told_of_killing(workers, fewer))
                workers = fewer
            yield from _one_by_one(in_flight, suspects, job)


@dataclass
class _Flight:
    """A photo on its way through a process."""

    photo: Photo
    future: Future[Result] | None = None  # None: no process has it yet

    @property
    def finished(self) -> bool:
        """Whether there is a result, or an error that is not its process's end."""
        future = self.future
        return future is not None and future.done() and not isinstance(future.exception(), BrokenProcessPool)


def _until_broken(
    waiting: Iterator[Photo], in_flight: deque[_Flight], job: Job, workers: int
) -> Generator[Result, None, int | None]:
    """Yields results until all photos are done or a process has died.

    Returns:
        The exit code of the process that died, if it is known. The photos that it took without a result are still in
        `in_flight`, those that it did not take in `waiting`.
    """
    pool = _Pool(job, workers)
    try:
        for flight in in_flight:
            if not flight.finished:
                flight.future = pool.submit(_work, flight.photo)
        while True:
            while (
                len(in_flight) < workers * IN_FLIGHT
                and sum(one.photo.bytes_in_memory for one in in_flight) < MAX_BYTES_IN_FLIGHT
            ):
                photo = next(waiting, None)
                if photo is None:
                    break
                in_flight.append(_Flight(photo))
                # A broken pool refuses new work by the same exception as it gives for old work.
                in_flight[-1].future = pool.submit(_work, photo)
            if not in_flight:
                return None
            assert in_flight[0].future is not None
            result = in_flight[0].future.result()
            in_flight.popleft()
            yield result
    except BrokenProcessPool:
        pool.close()
        return pool.exit_code()
    finally:
        # Also after Ctrl-C: finished photos are in the journal, the others are done next time. Waiting is what makes
        # the cancelling sure; it takes as long as the photos that are being read.
        pool.close()


def _one_by_one(in_flight: deque[_Flight], suspects: int, job: Job) -> Iterator[Result]:
    """Yields the results of the photos that may have ended a process, and of those that are finished between them.

    Nobody knows which photo it was, but photos are taken in their order, so it is one of the first without a result: as
    many as processes work on and as have been handed to them. They go one by one to a process of their own, so that one
    that dies again is known.
    """
    pool: _Pool | None = None
    try:
        while in_flight and suspects:
            flight = in_flight.popleft()
            if flight.finished:
                assert flight.future is not None
                yield flight.future.result()
                continue
            suspects -= 1
            pool = pool or _spare(job)
            try:
                yield pool.submit(_work, flight.photo).result()
            except BrokenProcessPool:
                pool.close()
                yield _ended_by(flight.photo, pool.exit_code(), job)
                pool = None
    finally:
        if pool:
            pool.close()


def _spare(job: Job) -> "_Pool":
    """One process that is sure to have started. Raises FaceGANError."""
    pool = _Pool(job, 1)
    try:
        pool.submit(_ready).result()
        return pool
    except BrokenProcessPool as error:
        pool.close()
        why = (
            "the system ends it, as it does when memory runs out" if pool.exit_code() == _KILLED else "it ends at once"
        )
        raise FaceGANError(
            f"No process that reads photos can be started ({why}): close other programs, or use --workers 1. What was "
            "read is kept; the same command goes on."
        ) from error


def _ended_by(photo: Photo, exit_code: int | None, job: Job) -> Result:
    """The record of a photo whose process has died."""
    if exit_code == _KILLED:
        problem, detail = "not_read", "the system ended the program that read it, as it does when memory runs out"
    else:
        problem, detail = "unreadable", "it crashed the program that reads it"
    record = PhotoRecord(photo.name, *photo.size_and_mtime(), problem=problem, detail=detail)
    return record, np.empty((0, job.frame.size, job.frame.size, 3), np.uint8)


def _told_of_killing(before: int, now: int) -> str:
    fewer = f"{now} in place of {before} read on" if now < before else "another one reads on"
    return (
        f"The system ended a process that reads photos (SIGKILL), as it does when memory runs out: {fewer}. Nothing is "
        "lost; --workers N starts fewer from the beginning."
    )


def why_alone() -> str:
    """Why this machine cannot start workers, in the system's words; empty where it can.

    Processes share locks by files in /dev/shm, which some containers do not have or do not let be written.
    """
    try:
        multiprocessing.get_context("spawn").Lock()
    except (OSError, ImportError) as error:
        return getattr(error, "strerror", None) or str(error)
    return ""


class _Pool:
    """Processes that read photos."""

    def __init__(self, job: Job, workers: int) -> None:
        # spawn: a forked copy of a process with onnxruntime's or torch's threads can hang.
        context = multiprocessing.get_context("spawn")
        arguments = job, context.Lock()
        self._before = set(multiprocessing.active_children())
        self._processes: set[BaseProcess] = set()
        self._executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=arguments)

    def submit(self, work: Callable[..., Any], *arguments: object) -> "Future[Any]":
        """Raises BrokenProcessPool, as the result does, when a process has died."""
        future = self._executor.submit(work, *arguments)
        self._processes |= set(multiprocessing.active_children()) - self._before  # each submit may start one
        return future

    def close(self) -> None:
        """Ends the processes, when they have finished what they are at. Calling it again does nothing."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def exit_code(self) -> int | None:
        """That of the process that died first, after `close`: negative for a signal, None where it is not known."""
        codes = {process.exitcode for process in self._processes}
        # The executor ends the others by SIGTERM.
        return next((code for code in (_KILLED, *codes) if code in codes and code not in (0, -signal.SIGTERM)), None)


# What a worker process keeps between photos; set once by _start in that process, never in the parent.
_measure_one: "partial[Result] | None" = None


def _start(job: Job, big_photo_lock: object) -> None:
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
        big_photo_lock=big_photo_lock,
    )


def _leave_with_parent() -> None:
    """Ends this worker when the parent was killed: it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _ready() -> None:
    """Does nothing, in a process that has started."""


def _work(photo: Photo) -> Result:
    assert _measure_one is not None
    return _measure_one(photo)
