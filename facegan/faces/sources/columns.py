"""Which column of a data set holds the images, and the images in its values."""

from collections.abc import Iterator
from typing import Any

from facegan.base.errors import FaceGANError

PREFERRED = "image"  # if several columns hold images: the Hub's usual name


def choose_column(features: dict[str, Any] | None, wanted: str | None, dataset: str) -> str:
    """The name of the column that holds the photos; a nested one is written with dots ("person.photo").

    Args:
        features: the data set's ``datasets.Features``; None if they are only known after reading, as for JSON and CSV.
        wanted: the name given by the user, or None to select the column by its type.
        dataset: the data set's name, for the messages.

    Raises:
        FaceGANError: no column or several columns hold images, or the wanted one does not exist or holds no images.
    """
    found = dict(_leaves(features or {}, ""))
    listed = ", ".join(f"{name} ({_kind(feature)})" for name, feature in found.items()) or "none that has a type"
    if wanted is not None:
        if wanted in found and _kind(found[wanted]) in ("pictures", "bytes"):
            return wanted
        raise FaceGANError(
            f"The data set {dataset} has no column of pictures called {wanted}: give --image-column one of its "
            f"columns that holds pictures or their bytes. Its columns are {listed}."
        )
    pictures = [name for name, feature in found.items() if _kind(feature) == "pictures"]
    if PREFERRED in pictures:
        return PREFERRED
    if len(pictures) > 1:
        raise FaceGANError(
            f"The data set {dataset} has several columns of pictures: choose one of {', '.join(pictures)} "
            "with --image-column."
        )
    if not pictures:
        raise FaceGANError(
            f"The data set {dataset} has no column of pictures: choose another data set, or name a column that holds "
            f"the bytes of picture files with --image-column. Its columns are {listed}."
        )
    return pictures[0]


def pictures_in(value: Any, path: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Yields the images at the nested keys ``path`` of a row's value, as {"bytes": ..., "path": ...}.

    A list yields each of its images. A missing image is yielded with both values None.
    """
    if isinstance(value, list):
        for one in value:
            yield from pictures_in(one, path)
    elif path and isinstance(value, dict):
        yield from pictures_in(value.get(path[0]), path[1:])
    elif isinstance(value, bytes):
        yield {"bytes": value, "path": None}
    elif isinstance(value, dict):
        yield {"bytes": value.get("bytes"), "path": value.get("path")}
    else:
        yield {"bytes": None, "path": None}


def _leaves(feature: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yields the dotted name and the type of each column without sub-columns; for a list the type of its elements."""
    if isinstance(feature, dict) and not (name and _is_encoded_picture(feature)):
        for part, inner in feature.items():
            yield from _leaves(inner, f"{name}.{part}" if name else part)
    elif isinstance(feature, list):
        yield from _leaves(feature[0], name)
    elif hasattr(feature, "feature"):  # datasets.List, Sequence and LargeList
        yield from _leaves(feature.feature, name)
    else:
        yield name, feature


def _is_encoded_picture(feature: dict[str, Any]) -> bool:
    """Whether a column is an Image column in a Parquet file that was written without the type's metadata."""
    return getattr(feature.get("bytes"), "dtype", "") in ("binary", "large_binary") and set(feature) <= {
        "bytes",
        "path",
    }


def _kind(feature: Any) -> str:
    if type(feature).__name__ == "Image":  # by name, so that this file does not import datasets
        return "pictures"
    if isinstance(feature, dict) or getattr(feature, "dtype", "") in ("binary", "large_binary"):
        return "bytes"
    return str(getattr(feature, "dtype", type(feature).__name__))
