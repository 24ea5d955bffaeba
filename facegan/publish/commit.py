"""One atomic commit after which a repository holds exactly the given files, apart from those that its owner added.

Which files those are is decided by the callers: push.py for a model, space.py for a Space.
"""

import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars, logging

from facegan.model.client import fail_on_silence, network_errors
from facegan.publish.target import Target

T = TypeVar("T")

# s without a byte after which the network counts as dead; the client itself would wait forever. A byte counts when the
# system accepts it, and the system buffers up to 4 MB: a line of 300 kbit/s sends those for as long.
PATIENCE = 120.0


def ensure_repository(target: Target) -> None:
    """Create the repository if it does not exist. Raises HubError and Unreachable."""
    sdk = {"space_sdk": "gradio"} if target.kind == "space" else {}

    def create(_: Callable[[], None]) -> None:
        HfApi().create_repo(target.repository, repo_type=target.kind, private=target.private, exist_ok=True, **sdk)

    _ask(target, create)


def set_variable(target: Target, name: str, value: str) -> None:
    """Set an environment variable of a Space, where it differs: each change starts the Space anew."""

    def change(alive: Callable[[], None]) -> None:
        variables = HfApi().get_space_variables(target.repository)
        alive()
        if name not in variables or variables[name].value != value:
            HfApi().add_space_variable(target.repository, name, value)

    _ask(target, change)


def put_files(target: Target, files: Mapping[str, bytes], is_ours: Callable[[str], bool], title: str) -> str:
    """One commit; returns the commit at the head of the repository then, an old one if nothing changed.

    `files` by their paths. Existing files that `is_ours` accepts and that are not in `files` are deleted; others stay.
    Raises HubError and Unreachable; the repository then is as it was.
    """
    api, kind = HfApi(), target.kind

    def put(alive: Callable[[], None]) -> str:
        before = api.repo_info(target.repository, repo_type=kind)
        existing = {file.rfilename for file in before.siblings or []}
        removed = sorted(path for path in existing if is_ours(path) and path not in files)
        added = [CommitOperationAdd(path, Watched(content, alive)) for path, content in files.items()]
        for file in added:
            alive()
            # One at a time: for several the client starts threads, for which Python waits at its end in any case.
            # Text is part of the commit.
            if b"\0" in files[file.path_in_repo]:
                api.preupload_lfs_files(target.repository, [file], repo_type=kind, num_threads=1)
        alive()
        operations = [CommitOperationDelete(path, is_folder=False) for path in removed] + added
        done = api.create_commit(
            target.repository, operations, commit_message=title, repo_type=kind, parent_commit=before.sha
        )
        return done.oid

    return _ask(target, put)


def tag_head(target: Target, commit: str) -> str:
    """The tag of the commit: the one it has, else a new one, v1, v2 and so on."""
    api = HfApi()

    def tag(alive: Callable[[], None]) -> str:
        tags = api.list_repo_refs(target.repository, repo_type=target.kind).tags
        alive()
        for tag in tags:
            if tag.target_commit == commit:
                return tag.name
        numbers = [int(tag.name[1:]) for tag in tags if re.fullmatch(r"v\d+", tag.name, re.ASCII)]
        name = f"v{max(numbers, default=0) + 1}"
        api.create_tag(target.repository, tag=name, revision=commit, repo_type=target.kind)
        return name

    return _ask(target, tag)


class Watched(io.BytesIO):
    """The bytes of a file, which call `alive` for every piece that is read: the upload goes on.

    The client sends such an object over HTTP and not by Xet, whose progress cannot be watched; of files that share
    next to nothing with those of the last push Xet would save nothing.
    """

    def __init__(self, content: bytes, alive: Callable[[], None]):
        super().__init__(content)
        self._alive = alive

    def read(self, size: int | None = -1) -> bytes:
        self._alive()
        return super().read(size)


def _ask(target: Target, work: Callable[[Callable[[], None]], T]) -> T:
    """Does some work on the repository. Ends after PATIENCE seconds of silence, and on Ctrl-C at once."""
    with _quiet(), network_errors(target.repository):
        return fail_on_silence(PATIENCE, work)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hides the client's progress bars, and its warnings about an unchanged push and about files not sent by Xet."""
    verbosity, hidden = logging.get_verbosity(), are_progress_bars_disabled()
    logging.set_verbosity_error()
    disable_progress_bars()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if not hidden:
            enable_progress_bars()
