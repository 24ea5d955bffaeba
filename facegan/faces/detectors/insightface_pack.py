"""InsightFace's model packs: used from disk or downloaded from InsightFace's own release, and verified by SHA-256.

InsightFace's package can download them too, but it verifies nothing, takes long to give up without a network, and then
leaves an empty folder behind, on which the next start fails.
"""

import contextlib
import hashlib
import shutil
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

from facegan.base.errors import FaceGANError
from facegan.faces.detectors.detector import UnavailableError

RELEASE = "https://github.com/deepinsight/insightface/releases/download/model-zoo"
CONNECT_SECONDS = 5.0  # timeout of the download; then --detector auto falls back to YuNet
LICENCE = (
    "InsightFace's models are for non-commercial research use only "
    "(https://github.com/deepinsight/insightface#license)."
)
# The archives that can be downloaded, by pack. Other packs are used if they are already on the disk.
ZIP_SHA256 = {"buffalo_sc": "57d31b56b6ffa911c8a73cfc1707c73cab76efe7f13b675a05223bf42de47c72"}
# The published files, by name. det_500m.onnx is InsightFace's scrfd_500m_bnkps.onnx under the name that it has in a
# pack; both give the same output.
FILE_SHA256 = {
    "det_500m.onnx": "5e4447f50245bbd7966bd6c0fa52938c61474a04ec7def48753668a9d8b4ea3a",
    "scrfd_500m_bnkps.onnx": "a3562ef62592bf387f6ef19151282ac127518e51c77696e62e0661bee95ba1ad",
    "2d106det.onnx": "f001b856447c413801ef5c42091ed0cd516fcd21f2d6b79635b1e733a7109dbf",
    "w600k_mbf.onnx": "9cc6e4a75f0e2bf0b1aed94578f144d15175f357bdc05e815e5c4a02b319eb4f",
}


class PackUnavailableError(UnavailableError):
    """InsightFace's pack is not on the disk and cannot be downloaded."""


def ensure_pack(
    pack: str, root: Path, *, release: str = RELEASE, say: Callable[[str], None] = print
) -> tuple[Path, str]:
    """The folder of a verified pack, which is downloaded if it is missing.

    Args:
        pack: the pack's name, a folder of ``root``/models.
        root: InsightFace's root folder; ``~`` is expanded.
        release: the URL of the folder with ``pack``.zip.
        say: takes a message about the download and the licence.

    Returns:
        The folder, and a fingerprint of its models that changes when they do.

    Raises:
        PackUnavailableError: the pack is missing and cannot be downloaded.
        FaceGANError: a published file of the pack has the wrong hash.
    """
    if not pack or Path(pack).name != pack or pack in (".", ".."):
        raise FaceGANError(f"--insightface-pack takes the name of a pack such as buffalo_sc, not {pack!r}.")
    try:
        folder = Path(root).expanduser() / "models" / pack
    except RuntimeError as error:
        raise PackUnavailableError(
            f"{root} cannot be found, for this user has no home folder (set HOME, or name another --insightface-root)"
        ) from error
    if not _models(folder):
        _fetch(pack, folder, release, say)
    return folder, _check(folder, pack, say)


def _models(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.onnx")) if folder.is_dir() else []


def _check(folder: Path, pack: str, say: Callable[[str], None]) -> str:
    digests: list[str] = []
    unknown: list[str] = []
    for path in _models(folder):
        try:
            digest = _sha256(path)
        except OSError as error:
            raise PackUnavailableError(f"its file {path.name} cannot be read ({error.strerror})") from error
        wanted = FILE_SHA256.get(path.name)
        if wanted is None:
            unknown.append(path.name)
        elif wanted != digest:
            raise FaceGANError(
                f"{path} is not the file that InsightFace published (its SHA-256 is {digest[:12]}..., not "
                f"{wanted[:12]}...): delete the folder {folder} to have it fetched again."
            )
        digests.append(digest)
    if unknown:
        say(f"{', '.join(unknown)} in the pack {pack} cannot be verified, because FaceGAN has no hash to compare with.")
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]


def _fetch(pack: str, folder: Path, release: str, say: Callable[[str], None]) -> None:
    wanted = ZIP_SHA256.get(pack)
    if wanted is None:
        raise PackUnavailableError(
            f"its pack {pack} is not installed, and only {', '.join(ZIP_SHA256)} can be downloaded and verified"
        )
    url = f"{release}/{pack}.zip"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # In the same folder as its destination, so that the last step is an atomic rename.
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{pack}-") as temporary:
            archive = Path(temporary) / "pack.zip"
            say(f"Fetching InsightFace's pack {pack} from {url}. {LICENCE}")
            _download(url, archive)
            digest = _sha256(archive)
            if digest != wanted:
                raise PackUnavailableError(
                    f"the file at {url} is not the pack that InsightFace published (SHA-256 {digest[:12]}...)"
                )
            unpacked = Path(temporary) / "pack"
            _unpack(archive, unpacked)
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()  # left by an interrupted download of InsightFace's own package
            unpacked.replace(folder)
    except OSError as error:
        # If another process has installed the pack meanwhile, the error does not matter.
        if not _models(folder):
            raise PackUnavailableError(
                f"its pack cannot be written to the disk ({error.strerror or type(error).__name__})"
            ) from error


def _download(url: str, target: Path) -> None:
    try:
        with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as answer, target.open("wb") as file:
            shutil.copyfileobj(answer, file)
    except urllib.error.HTTPError as error:
        raise PackUnavailableError(f"{url} answered {error.code}") from error
    except (OSError, ValueError) as error:  # URLError is an OSError
        reason = getattr(error, "reason", error)
        raise PackUnavailableError(f"{url} cannot be reached ({reason})") from error


def _unpack(archive: Path, folder: Path) -> None:
    """Extracts the .onnx files of a zip under their base names, so that no path in it can lead outside the folder."""
    folder.mkdir()
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            name = Path(member.filename).name
            if name.endswith(".onnx"):
                with packed.open(member) as source, (folder / name).open("wb") as target:
                    shutil.copyfileobj(source, target)


def has_published_hash(path: Path) -> bool:
    """Whether a file exists and is the one that InsightFace published under its name."""
    try:
        return path.is_file() and _sha256(path) == FILE_SHA256.get(path.name)
    except OSError:
        return False


def _sha256(path: Path) -> str:
    with contextlib.closing(path.open("rb")) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
