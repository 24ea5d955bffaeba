"""The files that endpoints return: kept in memory until the caller downloads them, never written to disk."""

import secrets
import threading
import time
from collections import OrderedDict

import gradio as gr

PREFIX = "/gradio_api/stream/"  # the route from which Gradio's clients download a file that is not on the server's disk
_MOST_BYTES = 64_000_000  # of all files together; the oldest are removed first
_AGE = 600  # s; clients download at once
_TYPES = {
    "mp4": "video/mp4",
    "gif": "image/gif",
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "zip": "application/zip",
}


def media_type(name: str) -> str:
    return _TYPES[name.rpartition(".")[2].lower()]


class Outbox:
    """Files under names that cannot be guessed. Thread-safe."""

    def __init__(self, most_bytes: int = _MOST_BYTES, age: float = _AGE):
        self._most_bytes, self._age = most_bytes, age
        self._files: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, content: bytes, name: str) -> dict:
        """Stores a file, and returns it as Gradio's FileData, which an endpoint returns."""
        path = f"{secrets.token_urlsafe(16)}/{name}"
        with self._lock:
            self._files[path] = time.monotonic(), content
            self._trim()
        return gr.FileData(path=path, url=PREFIX + path, orig_name=name, size=len(content), is_stream=True).model_dump()

    def get(self, path: str) -> bytes | None:
        with self._lock:
            self._trim()
            _, content = self._files.get(path, (0, None))
        return content

    def _trim(self) -> None:
        while self._files and (
            sum(len(content) for _, content in self._files.values()) > self._most_bytes
            or next(iter(self._files.values()))[0] < time.monotonic() - self._age
        ):
            self._files.popitem(last=False)
