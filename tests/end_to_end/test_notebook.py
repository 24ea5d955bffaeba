"""The Colab notebook: its cells are run in order on the CPU, with a budget that ends in seconds."""

import json
import re
import shlex
from pathlib import Path

import pytest

from facegan import FaceModel

ROOT = Path(__file__).parents[2]
NOTEBOOK = json.loads((ROOT / "notebooks" / "train_on_colab.ipynb").read_text(encoding="utf-8"))
ONLY_ON_COLAB = {"install", "drive", "play", "push"}  # they need its Drive, an account or a person


def cells(*, on_colab):
    """The sources of the code cells that run on Colab only, or of the others."""
    for cell in NOTEBOOK["cells"]:
        if cell["cell_type"] == "code" and bool({*cell["metadata"]["tags"]} & ONLY_ON_COLAB) == on_colab:
            yield cell["metadata"]["tags"], "".join(cell["source"])


def run_shell(line, variables, programs):
    """A line `!python SCRIPT ...`, as IPython runs it: $NAME is a variable of the notebook."""
    command = re.sub(r"\$([A-Z]+)", lambda found: str(variables[found[1]]), line)
    program, *words = shlex.split(command)
    assert program == "!python"
    done = programs.run(*words)
    assert done.returncode == 0, done.stderr


def run_cell(source, variables, programs):
    shell, python = (
        [line for line in source.splitlines() if line.startswith("!") == is_shell] for is_shell in (True, False)
    )
    exec(compile("\n".join(python), "cell", "exec"), variables)
    for line in shell:
        run_shell(line, variables, programs)


@pytest.mark.slow
def test_the_cells_lead_from_photos_to_a_model(programs, few_photos, insightface_root, tmp_path):
    chosen = {"PHOTOS": few_photos, "RUN": tmp_path / "run"}
    quick = "--images-seen 64 --framing 1 --workers 1 --force"
    chosen["BUDGET"] = f"{quick} --init none --device cpu --insightface-root {insightface_root}"
    variables = {}
    for tags, source in cells(on_colab=False):
        run_cell(source, variables, programs)
        if "parameters" in tags:
            assert chosen.keys() <= variables.keys()
            variables |= chosen
    assert FaceModel.load(tmp_path / "run" / "model").config.data["about"] == variables["ABOUT"]
    assert variables["rows"][0].shape == (4, 64, 64, 3)


@pytest.mark.parametrize("source", [source for _, source in cells(on_colab=True)])
def test_the_other_cells_name_files_that_exist(source):
    for name in re.findall(r"(?:python|-r) ([\w/-]+\.(?:py|txt))", source):
        assert (ROOT / name).is_file()
