"""The package: its console scripts exist, and its extras are the requirement files."""

import ast
import runpy
import sys
import tomllib
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def extras():
    """The extras that setup.py declares, without a build."""
    found = {}
    import setuptools

    setup, setuptools.setup = setuptools.setup, lambda **options: found.update(options["extras_require"])
    try:
        runpy.run_path(str(ROOT / "setup.py"))
    finally:
        setuptools.setup = setup
    return {name: {canonicalize_name(Requirement(line).name): line for line in lines} for name, lines in found.items()}


@pytest.mark.parametrize("name", sorted(PROJECT["scripts"]))
def test_every_console_script_has_a_target_that_can_be_called(name):
    module, _, function = PROJECT["scripts"][name].partition(":")
    assert callable(getattr(import_module(module), function))


@pytest.mark.parametrize("door", sorted(path.name for path in (ROOT / "train").glob("*.py")))
def test_every_command_of_the_checkout_is_a_console_script_as_well(door):
    assert f"facegan.cli.{door.removesuffix('.py')}:main" in PROJECT["scripts"].values()


def test_the_extras_are_what_the_requirement_files_install(extras):
    assert set(extras) == {"train", "dev"}
    assert extras["train"].keys() < extras["dev"].keys()
    assert extras["train"]["torch"] == "torch==2.13.0"  # an open range fetches gigabytes of CUDA libraries
    assert {"gradio", "opencv-python", "jinja2"} <= extras["train"].keys()


def test_every_package_that_the_program_imports_is_declared(extras):
    imported = set()
    for path in (ROOT / "facegan").rglob("*.py"):
        if "assets" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module.partition(".")[0])
    homes = packages_distributions()
    optional = {"facegan", "spaces", "torch_fidelity"}  # ZeroGPU's, and train/requirements-fid.txt
    for name in imported - optional - sys.stdlib_module_names:
        declared = {canonicalize_name(home) for home in homes.get(name, [name])}
        assert declared & extras["train"].keys(), f"{name} is in no requirement file"
