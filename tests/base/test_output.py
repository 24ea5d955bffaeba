"""Programs of their own, because what is tested is what Python does with the streams that it is given."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES = """
import os, sys
from facegan.base.output import robust_output
robust_output()
robust_output()
from tqdm import tqdm
for i in tqdm(range(3), mininterval=0):
    print("caf\\udce9 \\u4e00 \\u00e9", flush=True)
    print("and a warning", file=sys.stderr)
    os.path.exists(sys.argv[1]) or open(sys.argv[1], "w").close()
open(sys.argv[1], "w").write("done")
"""


def command(*args: str) -> list[str]:
    return [sys.executable, "-c", LINES, *args]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_every_letter_is_printed_in_every_encoding(tmp_path, encoding):
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "LC_ALL": "C"}
    done = subprocess.run(command(str(tmp_path / "end")), cwd=ROOT, env=environment, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    written = done.stdout.decode(encoding)
    assert written.count("\\udce9") == 3
    assert ("\u00e9" in written) == (encoding != "ascii")


@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">&- 2>&-", "| head -n 0", "2>&1 | head -n 1", ">/dev/full"])
def test_a_reader_that_goes_away_ends_nothing(tmp_path, redirection):
    end = tmp_path / "end"
    script = f'{{ "$@" {redirection.replace("|", "; echo $? >rc; } |", 1) if "|" in redirection else redirection}'
    script += "" if "|" in redirection else "; echo $? >rc; }"
    shell = ["bash", "-c", script, "bash", *command(str(end))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(shell, cwd=tmp_path, env=environment, capture_output=True, timeout=300)
    assert end.read_text() == "done"
    assert (tmp_path / "rc").read_text().strip() == "0"
