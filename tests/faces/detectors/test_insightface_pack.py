import hashlib
import io
import threading
import time
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from facegan.base.errors import FaceGANError
from facegan.faces.detectors import insightface_pack
from facegan.faces.detectors.insightface_pack import PackUnavailableError, ensure_pack


def pack_zip(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return stream.getvalue()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def release(tmp_path):
    """A folder that is served on this machine, and its address."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def published(monkeypatch):
    """Makes a zip and its files the ones that InsightFace is known to have published."""

    def publish(files: dict[str, bytes]) -> bytes:
        data = pack_zip(files)
        monkeypatch.setattr(insightface_pack, "ZIP_SHA256", {"buffalo_sc": hashlib.sha256(data).hexdigest()})
        known = {name.split("/")[-1]: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        monkeypatch.setattr(insightface_pack, "FILE_SHA256", known)
        return data

    return publish


def test_fetches_checks_and_says_the_licence(tmp_path, release, published):
    folder, url = release
    (folder / "buffalo_sc.zip").write_bytes(published({"buffalo_sc/det_500m.onnx": b"weights", "notes.txt": b"x"}))
    said = []
    pack, fingerprint = ensure_pack("buffalo_sc", tmp_path / "root", release=url, say=said.append)
    assert pack == tmp_path / "root" / "models" / "buffalo_sc"
    assert [path.name for path in pack.iterdir()] == ["det_500m.onnx"]
    assert (pack / "det_500m.onnx").read_bytes() == b"weights"
    assert any("non-commercial" in line and url in line for line in said)
    assert [path.name for path in pack.parent.iterdir()] == ["buffalo_sc"]  # nothing temporary stays

    (folder / "buffalo_sc.zip").unlink()
    said.clear()
    assert ensure_pack("buffalo_sc", tmp_path / "root", release=url, say=said.append) == (pack, fingerprint)
    assert said == []


def test_an_empty_folder_of_an_interrupted_download_is_replaced(tmp_path, release, published):
    folder, url = release
    (folder / "buffalo_sc.zip").write_bytes(published({"det_500m.onnx": b"weights"}))
    (tmp_path / "root" / "models" / "buffalo_sc").mkdir(parents=True)
    pack, _ = ensure_pack("buffalo_sc", tmp_path / "root", release=url, say=lambda line: None)
    assert (pack / "det_500m.onnx").exists()


def test_another_zip_is_refused_and_leaves_nothing(tmp_path, release, published):
    folder, url = release
    published({"det_500m.onnx": b"weights"})
    (folder / "buffalo_sc.zip").write_bytes(pack_zip({"det_500m.onnx": b"somebody else's"}))
    with pytest.raises(PackUnavailableError, match="not the pack"):
        ensure_pack("buffalo_sc", tmp_path / "root", release=url, say=lambda line: None)
    assert list((tmp_path / "root" / "models").iterdir()) == []


def test_a_path_in_the_zip_leads_nowhere_else(tmp_path, release, published):
    folder, url = release
    (folder / "buffalo_sc.zip").write_bytes(published({"../../../evil.onnx": b"weights"}))
    pack, _ = ensure_pack("buffalo_sc", tmp_path / "root", release=url, say=lambda line: None)
    assert (pack / "evil.onnx").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["root", "served"]


def test_a_known_file_with_the_wrong_hash_is_an_error(tmp_path):
    pack = tmp_path / "models" / "buffalo_sc"
    pack.mkdir(parents=True)
    (pack / "det_500m.onnx").write_bytes(b"half a download")
    with pytest.raises(FaceGANError, match="delete the folder"):
        ensure_pack("buffalo_sc", tmp_path, say=lambda line: None)


def test_an_unknown_pack_on_the_disk_is_used_with_a_note(tmp_path):
    pack = tmp_path / "models" / "my_pack"
    pack.mkdir(parents=True)
    (pack / "det_big.onnx").write_bytes(b"anything")
    said = []
    assert ensure_pack("my_pack", tmp_path, say=said.append)[0] == pack
    assert "det_big.onnx" in said[0]


def test_an_unknown_pack_that_is_not_there_is_not_fetched(tmp_path):
    with pytest.raises(PackUnavailableError, match="buffalo_sc"):
        ensure_pack("my_pack", tmp_path, release="http://127.0.0.1:9", say=lambda line: None)


@pytest.mark.parametrize("name", ["", "..", "a/b"])
def test_a_pack_is_a_name(tmp_path, name):
    with pytest.raises(FaceGANError, match="--insightface-pack"):
        ensure_pack(name, tmp_path)


def test_a_missing_file_and_a_missing_network(tmp_path, release):
    _, url = release
    with pytest.raises(PackUnavailableError, match="404"):
        ensure_pack("buffalo_sc", tmp_path / "root", release=url, say=lambda line: None)
    with pytest.raises(PackUnavailableError, match="cannot be reached"):
        ensure_pack("buffalo_sc", tmp_path / "root", release="http://127.0.0.1:9", say=lambda line: None)


def test_a_silent_server_is_not_waited_for(tmp_path, monkeypatch):
    import socket

    monkeypatch.setattr(insightface_pack, "CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(PackUnavailableError, match="cannot be reached"):
            address = f"http://127.0.0.1:{silent.getsockname()[1]}"
            ensure_pack("buffalo_sc", tmp_path, release=address, say=lambda line: None)
        assert time.monotonic() - started < 3


def test_the_development_detector_counts_as_known(insightface_root):
    said = []
    ensure_pack("buffalo_sc", insightface_root, say=said.append)
    assert said == []
