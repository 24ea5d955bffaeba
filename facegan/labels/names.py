"""What an attribute may be called: its name is a key of links to the page and an argument of calls."""

import keyword
import re

# Arguments of the demo's endpoints, which the sliders of /edit join, and of gradio_client.
CALL_ARGUMENTS = frozenset({"seed", "seeds", "count", "truncation", "lock", "frames_per_leg", "loop", "format",
                            "face", "faces", "face_a", "face_b", "amount", "only", "distance", "hold", "other", "brood",
                            "names", "title", "paper", "slider", "reach", "across", "up",
                            "self", "api_name", "fn_index", "headers", "result_callbacks"})  # fmt: skip
# Keys of links to the page; a test of the demo holds them against those that it writes.
LINK_KEYS = frozenset({"seed", "truncation", "count", "first", "seeds", "frames", "loop", "position", "lock", "face_a",
                       "face_b", "amount", "only", "parent", "other", "distance", "hold", "brood", "animate", "slider",
                       "reach", "tab", "model"})  # fmt: skip
RESERVED = frozenset({*keyword.kwlist, *CALL_ARGUMENTS, *LINK_KEYS})

_WORD = re.compile(r"[A-Za-z]\w{0,63}", re.ASCII)


def check_name(name: object, what: str) -> None:
    """Raises ValueError, naming `what` holds it, for what cannot be the name of an attribute."""
    if not isinstance(name, str) or not _WORD.fullmatch(name):
        raise ValueError(f"{str(name)[:80]!r} in {what} is not a name of letters, digits and _")
    if name in RESERVED:
        raise ValueError(f"{name!r} in {what} is a word of links or calls that means something else there")
