"""One atomic commit that makes a repository hold exactly the given files, among those that are ours to decide."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_session
from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars, logging

from facegan.hub.client import network_errors
from facegan.hub.target import Target

_PATIENCE = 60.0  # s without a byte in either direction; the client itself would wait forever


def ensure_repository(target: Target) -> None:
    """Create the repository where it is not there yet. Raises HubError and Unreachable."""
    sdk = {"space_sdk": "gradio"} if target.kind == "space" else {}
    with _quiet_and_mortal(), network_errors(target.repository):
        HfApi().create_repo(target.repository, repo_type=target.kind, private=target.private, exist_ok=True, **sdk)


def set_variable(target: Target, name: str, value: str) -> None:
    """Set an environment variable of a Space, where it differs: each change starts the Space anew."""
    with _quiet_and_mortal(), network_errors(target.repository):
        variables = HfApi().get_space_variables(target.repository)
        if name not in variables or variables[name].value != value:
            HfApi().add_space_variable(target.repository, name, value)


def put_files(target: Target, files: Mapping[str, bytes | Path], is_ours: Callable[[str], bool], title: str) -> str:
    """One commit; returns the commit at the head of the repository then, an old one if nothing changed.

    `files` by their path there. Those that lie there, are ours and are not in `files` are deleted; others stay.
    Raises HubError and Unreachable; the repository then is as it was.
    """
    api, kind = HfApi(), target.kind
    with _quiet_and_mortal(), network_errors(target.repository):
        before = api.repo_info(target.repository, repo_type=kind, timeout=_PATIENCE)
        there = {file.rfilename for file in before.siblings or []}
        gone = sorted(path for path in there if is_ours(path) and path not in files)
        operations = [CommitOperationDelete(path, is_folder=False) for path in gone]
        operations += [CommitOperationAdd(path, content) for path, content in files.items()]
        done = api.create_commit(
            target.repository, operations, commit_message=title, repo_type=kind, parent_commit=before.sha
        )
        return done.oid


def tag_head(target: Target, commit: str) -> str:
    """The tag of the commit: the one it has, else a new one, v1, v2 and so on."""
    api = HfApi()
    with _quiet_and_mortal(), network_errors(target.repository):
        tags = api.list_repo_refs(target.repository, repo_type=target.kind).tags
        for tag in tags:
            if tag.target_commit == commit:
                return tag.name
        numbers = [int(tag.name[1:]) for tag in tags if re.fullmatch(r"v\d+", tag.name, re.ASCII)]
        name = f"v{max(numbers, default=0) + 1}"
        api.create_tag(target.repository, tag=name, revision=commit, repo_type=target.kind)
        return name


@contextmanager
def _quiet_and_mortal() -> Iterator[None]:
    """The client without bars and warnings (of an unchanged push, which is no trouble), and with an end to waiting."""
    session, verbosity, hidden = get_session(), logging.get_verbosity(), are_progress_bars_disabled()
    patience = session.timeout
    session.timeout = _PATIENCE
    logging.set_verbosity_error()
    disable_progress_bars()
    try:
        yield
    finally:
        session.timeout = patience
        logging.set_verbosity(verbosity)
        if not hidden:
            enable_progress_bars()
