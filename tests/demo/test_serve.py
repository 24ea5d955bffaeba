import socket
import subprocess
import sys

import pytest

from facegan.base.errors import FaceGANError
from facegan.demo import serve
from tests.programs import ROOT


def test_a_port_in_use_gives_way_to_the_next():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = serve.free_port("127.0.0.1", port)
        assert port < found < port + 100


def test_no_free_port_is_said(monkeypatch):
    monkeypatch.setattr(serve, "_PORTS", 1)
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(FaceGANError, match="is free on"):
        serve.free_port("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize("port", [-1, 65536, 99999])
def test_a_number_that_is_no_port_is_said(port):
    with pytest.raises(FaceGANError, match="from 0 to 65535"):
        serve.free_port("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "a" * 300, "x..y"])
def test_an_address_of_another_machine_is_not_called_a_taken_port(host):
    with pytest.raises(FaceGANError, match="not an address of this machine"):
        serve.free_port(host, 7860)


def test_the_last_ports_end_with_a_sentence():
    assert serve.free_port("127.0.0.1", 65535) == 65535
    assert serve.free_port("::1", 0) > 0


def test_without_a_folder_for_temporary_files_the_command_ends_with_one_sentence():
    """As where all of them are full: the demo's modules are imported before anything can be said."""
    program = "import runpy, sys, tempfile; tempfile._candidate_tempdir_list = lambda: []; sys.argv = ['app.py']; "
    program += "runpy.run_path('app.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=300)
    (line,) = done.stderr.splitlines()
    assert "TMPDIR" in line
    assert done.returncode == 1
