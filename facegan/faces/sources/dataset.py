"""Opens a data set, on the Hub or on this computer, as a stream of the datasets library."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facegan.base.errors import FaceGANError
from facegan.faces.sources.columns import choose_column
from facegan.faces.sources.find import PICTURE_SUFFIXES

if TYPE_CHECKING:
    from datasets import IterableDataset

# Files that hold or describe rows: a folder with one of them is not just a folder of images.
_DATA_SUFFIXES = frozenset((".parquet", ".arrow", ".tar", ".zip", ".jsonl", ".h5", ".hdf5", ".lance", ".py"))
_DESCRIPTIONS = frozenset(
    ("metadata.csv", "metadata.parquet", "metadata.jsonl", "dataset_infos.json", "dataset_info.json", "state.json")
)


@dataclass(frozen=True)
class DatasetChoice:
    """A data set, and which of its photos."""

    name: str  # USER/NAME, USER/NAME@REVISION, a local folder, or whatever datasets.load_dataset takes
    config: str | None = None  # the configuration, of data sets with several
    split: str = "train"
    column: str | None = None  # the column of images; None: selected by its type

    @property
    def repo(self) -> str:
        """The name without its revision."""
        return self._parts[0]

    @property
    def revision(self) -> str | None:
        """The part after the @, or None for the newest."""
        return self._parts[1]

    @property
    def _parts(self) -> tuple[str, str | None]:
        if Path(self.name).exists():  # a folder may have an @ in its name
            return self.name, None
        repo, at, revision = self.name.partition("@")
        return repo, revision if at else None


@dataclass(frozen=True)
class OpenDataset:
    """A data set whose rows have not been read yet."""

    stream: "IterableDataset"  # of rows with one column of encoded images, see columns.pictures_in
    column: tuple[str, ...]  # the nested keys of the images in a row
    version: str  # the commit on the Hub; for local data a digest that changes with the files
    rows: int | None = field(default=None)  # of all nodes together, if the data set declares it
    left_out: int = 0  # images of a local folder that the datasets library assigns to no split, or to another


def plain_pictures(choice: DatasetChoice) -> Path | None:
    """The folder of images, if the data set is a local folder of image files only; else None.

    Such a folder is read as --data would read it, because the datasets library takes a word such as "test" in the name
    of an image for a split, and then leaves out all other images. A subfolder named like the split is the split:
    photos/train for the split train.
    """
    folder = Path(choice.repo)
    if choice.config or choice.column or not folder.is_dir():
        return None
    chosen = folder / choice.split
    if not chosen.is_dir():
        if choice.split != "train":  # the default: the user has not asked for a split
            return None
        chosen = folder
    files = [
        path for path in folder.rglob("*") if not any(part.startswith(".") for part in path.parts[len(folder.parts) :])
    ]
    described = any(path.suffix.lower() in _DATA_SUFFIXES or path.name in _DESCRIPTIONS for path in files)
    pictures = any(path.suffix.lower() in PICTURE_SUFFIXES for path in files)
    return chosen if pictures and not described else None


def open_dataset(choice: DatasetChoice, *, revision: str | None = None, node: int = 0, nodes: int = 1) -> OpenDataset:
    """Opens one machine's share of a data set. Reads the data set's metadata, but no photo.

    Args:
        choice: which data set.
        revision: the commit to read, overriding that of the choice; ignored for local data.
        node: the number of this machine, from 0.
        nodes: the number of machines that share the photos; each photo goes to exactly one.

    Raises:
        FaceGANError: the datasets library is not installed, or the data set, its config, its split or its column does
            not exist or cannot be reached.
    """
    try:
        import datasets
    except ImportError as error:
        raise FaceGANError("--dataset needs the datasets library: run pip install -r train/requirements.txt") from error
    from datasets.distributed import split_dataset_by_node

    try:
        builder = datasets.load_dataset_builder(choice.repo, choice.config, revision=revision or choice.revision)
        stream = builder.as_streaming_dataset(split=choice.split)
    except Exception as error:  # the library raises its own errors, huggingface_hub's, httpx's and Python's
        raise FaceGANError(_why_not(choice, error)) from error
    column = choose_column(stream.features, choice.column, choice.name).split(".")
    # Not decoded by the library: the worker processes decode, and one damaged image must not end the stream.
    stream = stream.decode(False).select_columns([column[0]])
    if nodes > 1:
        stream = split_dataset_by_node(stream, rank=node, world_size=nodes)
    splits: Any = builder.info.splits or {}
    rows = splits[choice.split].num_examples if choice.split in splits else None
    return OpenDataset(stream, tuple(column), str(builder.hash), rows or None, _left_out(choice, builder))


def _left_out(choice: DatasetChoice, builder: Any) -> int:
    folder = Path(choice.repo)
    if not folder.is_dir() or "imagefolder" not in str(builder.name):
        return 0
    taken = {Path(file).resolve() for file in (builder.config.data_files or {}).get(choice.split, [])}
    pictures = (path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
    return sum(path.resolve() not in taken for path in pictures)


def _why_not(choice: DatasetChoice, error: Exception) -> str:
    """Why a data set could not be opened, and what to do: a sentence for the user."""
    from datasets.exceptions import DatasetNotFoundError

    name, words = choice.name, " ".join(str(error).split())
    if isinstance(error, DatasetNotFoundError) and "gated" in words:
        return (
            f"The data set {name} is gated: ask for access on https://huggingface.co/datasets/{choice.repo}, then log "
            "in with `hf auth login` or set HF_TOKEN."
        )
    if isinstance(error, DatasetNotFoundError) and "Revision" in words:
        return f"The data set {choice.repo} has no revision {choice.revision}: check the part after the @."
    if isinstance(error, DatasetNotFoundError):
        return (
            f"The data set {name} is not on the Hugging Face Hub, or it is private: check its name, and for a private "
            "one log in with `hf auth login` or set HF_TOKEN."
        )
    if isinstance(error, ConnectionError):
        return (
            f"The Hugging Face Hub cannot be reached for the data set {name}: check the network, or use photos on this "
            "computer with --data DIR."
        )
    if "Bad split" in words:
        return f"The data set {name} has no split {choice.split}: choose one of {_listed(words)} with --dataset-split."
    if "Config name is missing" in words or "BuilderConfig" in words:
        return f"The data set {name} has several parts: choose one of {_listed(words)} with --dataset-config."
    if Path(choice.repo).is_dir() and set(choice.repo) & set("[]*?"):
        return (
            f"The path {name} contains one of the characters [ ] * ?, which the datasets library takes for a pattern: "
            "rename the folder, or read its pictures with --data."
        )
    if "No (supported) data files" in words or "contain any data files" in words:
        return f"The data set {name} holds no file that the datasets library can read: choose another."
    if isinstance(error, FileNotFoundError):
        return f"There is neither a folder nor a data set on the Hub that is called {name}: check --dataset."
    return f"The data set {name} cannot be opened ({words[:200]}): choose another, or download it and use --data DIR."


def _listed(words: str) -> str:
    """The names in a message of the library such as "... available: ['a', 'b'] ..."."""
    return words.partition("[")[2].partition("]")[0].replace("'", "") or "its own"
