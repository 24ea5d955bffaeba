"""Where the pictures are in a row of a data set."""

from collections.abc import Iterator
from typing import Any

from facegan.base.errors import FaceGANError

PREFERRED = "image"  # which of several columns of pictures is meant, as everywhere on the Hub


def choose_column(features: dict[str, Any] | None, wanted: str | None, dataset: str) -> str:
    """The column that holds the photos, with dots on the way into nested ones ("person.photo").

    Args:
        features: the data set's ``datasets.Features``; None if it has none before it is read, as JSON and CSV.
        wanted: the name that the user gave, or None to find it by its type.
        dataset: its name, for the messages.

    Raises:
        FaceGANError: there is none, there are several, or the wanted one is not there or holds something else.
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
    """Every picture below ``path`` of a row's value, as {"bytes": ..., "path": ...}; both None where there is none.

    A column may hold a list of pictures; each is a photo of its own.
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
    """Names and types of what holds values; a list counts as what is in it."""
    if isinstance(feature, dict) and not (name and _is_encoded_picture(feature)):
        for part, inner in feature.items():
            yield from _leaves(inner, f"{name}.{part}" if name else part)
    elif isinstance(feature, list):
        yield from _leaves(feature[0], name)
    elif hasattr(feature, "feature"):  # datasets.List and its kin
        yield from _leaves(feature.feature, name)
    else:
        yield name, feature


def _is_encoded_picture(feature: dict[str, Any]) -> bool:
    """What an Image column looks like when a Parquet file was written without saying that it is one."""
    return getattr(feature.get("bytes"), "dtype", "") in ("binary", "large_binary") and set(feature) <= {
        "bytes",
        "path",
    }


def _kind(feature: Any) -> str:
    if type(feature).__name__ == "Image":  # by name: this file needs no datasets to be tested
        return "pictures"
    if isinstance(feature, dict) or getattr(feature, "dtype", "") in ("binary", "large_binary"):
        return "bytes"
    return str(getattr(feature, "dtype", type(feature).__name__))
