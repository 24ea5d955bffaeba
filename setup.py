"""The extras facegan[train] and facegan[dev], from the requirement files. The rest is in pyproject.toml.

setuptools reads no `-r` lines, so the files are read here. Each extra is everything that its file installs.
"""

from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent


def requirements(name: str) -> list[str]:
    """The packages of a requirement file and of the files that it includes."""
    lines = [line.strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    found = []
    for line in lines:
        if line.startswith("-r "):
            found += requirements(str(Path(name).parent / line.removeprefix("-r ")))
        elif line and not line.startswith("#"):
            found.append(line)
    return found


setup(extras_require={"train": requirements("train/requirements.txt"), "dev": requirements("requirements-dev.txt")})
