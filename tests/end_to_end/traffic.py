"""What goes over the network: a relay that records it, a log of what a process connects to, and the pictures in it."""

import base64
import binascii
import io
import json
import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

_SIGNATURES = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF....WEBP|GIF8[79]a", re.DOTALL)
_ENCODED = re.compile(rb"(?:/9j/|iVBORw0KGgo|UklGR|R0lGOD)[A-Za-z0-9+/]{100,}={0,2}")
_GRID = 16
_SAME = 30  # of 256 bits: a copy of 100 px and poor quality differs by 25, others by 6 to 20, a good look-alike by 34
_SAME_COLOURS = 5  # levels of 255 between means of 256 patches: of a copy 0 to 2, of a good look-alike 8

# Python runs a module of this name at its start. The interpreter tells it of every connection, look-up and process.
_WATCH = """
import json, os, sys
_FILE = os.open(os.environ["FACEGAN_NETWORK_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
_EVENTS = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
           "socket.bind", "subprocess.Popen", "os.system", "os.posix_spawn", "os.exec"}

def _watch(event, arguments):
    if event in _EVENTS:
        told = [str(one) for one in arguments if not hasattr(one, "fileno")]
        os.write(_FILE, (json.dumps([event, *told]) + "\\n").encode())

sys.addaudithook(_watch)
"""


def watched(folder: Path) -> dict[str, str]:
    """The environment of a Python process whose network use `network_log(folder)` lists."""
    (folder / "sitecustomize.py").write_text(_WATCH)
    return {"PYTHONPATH": str(folder), "FACEGAN_NETWORK_LOG": str(folder / "network.log")}


def network_log(folder: Path) -> list[list[str]]:
    """What the process did: the name of each event of Python's audit and its arguments as texts."""
    return [json.loads(line) for line in (folder / "network.log").read_text().splitlines()]


def leaves_the_machine(event: list[str]) -> bool:
    """Whether an event of `network_log` may carry something to another machine; a new process may."""
    name, *told = event
    if name == "socket.bind":
        return False
    if name in ("socket.getaddrinfo", "socket.gethostbyname"):
        return not _is_here(told[0])
    if name.startswith("socket."):
        return not any(_is_here(host) for host in re.findall(r"^\('([^']*)', \d+", told[0]))
    return True


def _is_here(host: str) -> bool:
    try:
        return host in ("localhost", "None", "") or ip_address(host).is_loopback or ip_address(host).is_unspecified
    except ValueError:
        return False


class Relay:
    """Passes connections on to an address, and keeps what was said: a pair (to the server, from it) for each."""

    def __init__(self, address: str):
        self._to, self._said = (urlsplit(address).hostname, urlsplit(address).port), []

    def to_server(self) -> list[bytes]:
        return [bytes(one) for one, _ in self._said]

    def from_server(self) -> list[bytes]:
        return [bytes(one) for _, one in self._said]

    def pass_on(self, client: socket.socket) -> None:
        asked, answered = bytearray(), bytearray()
        self._said.append((asked, answered))
        with socket.create_connection(self._to) as server:
            back = threading.Thread(target=_pump, args=(server, client, answered), daemon=True)
            back.start()
            _pump(client, server, asked)
            back.join()


def _pump(source: socket.socket, target: socket.socket, record: bytearray) -> None:
    try:
        while content := source.recv(1 << 16):
            record += content
            target.sendall(content)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one side has hung up


@contextmanager
def relay(address: str) -> Iterator[tuple[str, Relay]]:
    """The address of a relay to the server at `address`, and the relay."""
    recorder = Relay(address)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            recorder.pass_on(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads, block_on_close = True, False

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", recorder
        server.shutdown()


def pictures_in(content: bytes) -> list[Image.Image]:
    """Every picture in some bytes, wherever it begins, also in base64."""
    found = [content[match.start() :] for match in _SIGNATURES.finditer(content)]
    for match in _ENCODED.finditer(content):
        try:
            found.append(base64.b64decode(match[0][: len(match[0]) // 4 * 4]))
        except binascii.Error:
            continue
    pictures = []
    for one in found:
        try:
            with Image.open(io.BytesIO(one)) as picture:
                pictures.append(picture.convert("RGB"))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            continue  # letters that look like the beginning of one
    return pictures


def looks_like(picture: Image.Image, other: Image.Image) -> bool:
    """Whether one is a copy of the other at any size: by the signs of 256 differences of brightness, and colours."""
    apart = np.abs(_small(picture) - _small(other)).mean()
    return int((_signs(picture) != _signs(other)).sum()) <= _SAME and apart <= _SAME_COLOURS


def _small(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB").resize((_GRID, _GRID), Image.Resampling.BOX)).astype(int)


def _signs(picture: Image.Image) -> np.ndarray:
    small = np.asarray(picture.convert("L").resize((_GRID + 1, _GRID), Image.Resampling.BOX)).astype(int)
    return small[:, 1:] > small[:, :-1]
