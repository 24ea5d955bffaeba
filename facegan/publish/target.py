"""The target of a push, and whether the token may write to it: checked before training and before the push."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from facegan.base import commands
from facegan.base.errors import FaceGANError
from facegan.model import folder as layout
from facegan.model.client import NO_TOKEN, HubError, Unreachable, fail_on_silence, network_errors

if TYPE_CHECKING:
    from huggingface_hub import HfApi

T = TypeVar("T")

PRIVATE_BELOW = 1000  # faces: a generator of so few can show the people it learned from
PATIENCE = 10.0  # s; the Hub usually answers in a fraction of a second
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9_][\w.-]*", re.ASCII)


@dataclass(frozen=True)
class Target:
    """A repository on the Hub that may be written to.

    `kind` is "model" or "space"; `private` what was asked for, None where the number of faces decides; `exists_as` is
    "private", "public" or "" for one that is still to be made.
    """

    repository: str
    kind: str = "model"
    private: bool | None = None
    exists_as: str = ""

    @property
    def visibility(self) -> str:
        """ "private" or "public", once it is pushed: what exists already stays what it is."""
        return self.exists_as or ("private" if self.private else "public")

    def for_faces(self, faces: int, one_person: bool = False) -> "Target":
        """With `private` decided: so few faces, or those of one person, are kept private.

        Raises FaceGANError as `with_visibility` does.
        """
        private = (one_person or faces < PRIVATE_BELOW) if self.private is None else self.private
        of = "one person" if one_person else f"only {faces:,} faces"
        return self.with_visibility(private, f"a model of {of} is kept private")

    def with_visibility(self, private: bool, why: str) -> "Target":
        """With `private` decided. Raises FaceGANError when it would have to be private and is public already."""
        if private and self.exists_as == "public":
            reason = "--private was said" if self.private else why
            raise FaceGANError(
                f"{self.repository} is public, but {reason}: say --public if that is meant, make it private in its "
                "settings, or choose another name."
            )
        return replace(self, private=private)


def check_target(name: str, run: Path, private: bool | None = None, kind: str = "model") -> Target:
    """The repository `name` ("user/name", or "" for the token's user and the name of the folder `run`).

    Nothing is written. Raises FaceGANError in one sentence when the name is malformed, the token is missing, refused
    or without the right to write there, another kind of repository has the name, it holds something else, or the Hub
    cannot be reached.
    """
    if name:
        check_name(name)
    try:
        user = fail_on_silence(PATIENCE, lambda _: _ask(name, lambda api: api.whoami()))
        repository = name or f"{user['name']}/{_name_of(run)}"
        _check_rights(repository, user)
        return fail_on_silence(PATIENCE, lambda alive: _find_target(repository, private, kind, alive))
    except HubError as error:
        raise FaceGANError(f"{name or 'The model'} cannot be pushed, because {error}.") from error
    except Unreachable as error:
        raise FaceGANError(f"{name or 'The model'} cannot be pushed now, because {error}.") from error


def check_name(name: str) -> None:
    """Raises FaceGANError when `name` is not of the form "user/name"."""
    repository, revision, _ = name.partition("@")
    if revision and _NAME.fullmatch(repository):
        raise FaceGANError(f"{name!r} names a revision, but the newest one is meant here: give it as USER/NAME only.")
    if not _NAME.fullmatch(name):
        raise FaceGANError(f"{name!r} is not a name on the Hub: give it as USER/NAME, of letters, digits, - _ and .")


@dataclass(frozen=True)
class PushOptions:
    """The options of train/push.py, and the command that repeats them.

    `name` is "user/name", or "" for the run's own; `private` None where the number of faces decides; `about` and
    `contact` are filled into the model's config.json where they are not empty; `allow_memorised`: push even a model
    that repeats faces of its training; `space`, "user/name", is the Space to publish too, if any.
    """

    name: str = ""
    private: bool | None = None
    about: str = ""
    contact: str = ""
    allow_memorised: bool = False
    space: str = ""

    def command(self, run: Path) -> str:
        """What to type to push the run later."""
        return commands.typed(commands.PUSH, run, *([self.name] if self.name else []), *self.flags())

    def flags(self) -> list[str]:
        """All but the name as arguments, for push.py and train.py."""
        texts = {"--about-data": self.about, "--contact": self.contact, "--space": self.space}
        # In one word: a text that begins with a dash would be taken for an option.
        flags = [*_visibility(self.private), *(f"{option}={text}" for option, text in texts.items() if text)]
        return [*flags, *(["--allow-memorised"] if self.allow_memorised else [])]


def space_command(space: str, model: str, private: bool | None = None) -> str:
    """What to type to publish the Space `space` of `model` later."""
    return commands.typed(commands.PUBLISH_SPACE, space, "--model", model, *_visibility(private))


def _visibility(private: bool | None) -> list[str]:
    return [] if private is None else ["--private" if private else "--public"]


def _ask(repository: str, question: Callable[["HfApi"], T]) -> T:
    """The Hub's answer with the user's token. Raises HubError and Unreachable."""
    from huggingface_hub import HfApi, get_token

    with network_errors(repository):  # looking for the token reads a file, which can fail, too
        if get_token() is None:
            raise HubError(NO_TOKEN)
        return question(HfApi())


def _name_of(run: Path) -> str:
    """The run's folder as a name on the Hub: characters that are not allowed become a dash."""
    name = re.sub(r"-{2,}|\.{2,}", "-", re.sub(r"[^A-Za-z0-9._-]+", "-", run.resolve().name)).strip("-._")[:90]
    return name or "faces"


def _check_rights(repository: str, user: dict) -> None:
    owner, token = repository.split("/")[0], user.get("auth", {}).get("accessToken", {})
    roles = {organisation["name"]: organisation.get("roleInOrg") for organisation in user.get("orgs", [])}
    if owner != user["name"] and owner not in roles:
        raise HubError(f"the token is {user['name']}'s, who may not write to {owner}: choose a name of your own")
    if roles.get(owner) == "read":
        raise HubError(f"{user['name']} may only read in {owner}: ask for the right to write there")
    if token.get("role") == "read":
        raise HubError("the token may only read: make one with write access and run `hf auth login`, or set HF_TOKEN")
    scopes = token.get("fineGrained", {}).get("scoped")
    if token.get("role") == "fineGrained" and scopes is not None:
        writable = {s.get("entity", {}).get("name") for s in scopes if "repo.write" in s.get("permissions", ())}
        if not writable & {owner, repository}:
            raise HubError(f"the token has no right to write to {repository}: give it that right in its settings")


def _find_target(repository: str, private: bool | None, kind: str, alive: Callable[[], None]) -> Target:
    from huggingface_hub import errors

    def info(api, of_kind: str):
        try:
            return api.repo_info(repository, repo_type=of_kind, timeout=PATIENCE)
        except errors.RepositoryNotFoundError:
            return None
        finally:
            alive()

    def find(api) -> Target:
        found = info(api, kind)
        if found is not None:
            names = {file.rfilename for file in found.siblings or []}
            _check_content(repository, kind, names)
            return Target(repository, kind, private, "private" if found.private else "public")
        # A Space often has the name of its model; a model with the name of anything else is a mistake.
        for other in ("dataset", "space") if kind == "model" else ():
            if info(api, other) is not None:
                raise HubError(f"it is a {other} already: choose another name for the model")
        return Target(repository, kind, private)

    return _ask(repository, find)


def _check_content(repository: str, kind: str, names: set[str]) -> None:
    """Raises HubError for an existing repository that is neither empty nor ours: pushing there would be a mistake."""
    ours = {"model": layout.ONNX, "space": "facegan/__init__.py"}[kind]
    rest = sorted(names - {".gitattributes", layout.CARD, layout.LICENCE, "LICENSE"})
    if rest and ours not in names:
        raise HubError(f"it holds something else ({rest[0]}): choose another name")
