"""The structure that the design promises, checked."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ["base", "faces", "labels", "gan", "sliders", "model", "publish", "runs", "cli"]  # as the data flows
DEMO = {"base", "labels", "sliders", "model"}  # the demo stands aside: it draws, and never trains
OUTSIDE = ["app.py", "train", "tools", "benchmarks"]  # beside the package
FROM_FACEGAN = {"FaceModel": "model", "FaceGANPipeline": "model"}
MOST_ROOMS, MOST_ARROWS = 18, 60


@cache
def imported_rooms(path: Path) -> set[str]:
    """First parts below facegan of everything that a file imports, also inside functions."""
    parts = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively, which this test does not follow"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("facegan."):
                part = name.split(".")[1]
                parts.add(FROM_FACEGAN.get(part, part))
    return parts


def sources(room: str) -> list[Path]:
    """The files of a room of the package, or of what lies beside the package."""
    place = ROOT / room if room in OUTSIDE else ROOT / "facegan" / room
    return [place] if place.is_file() else [path for path in place.rglob("*.py") if "assets" not in path.parts]


@pytest.mark.parametrize("room", [*ROOMS, "demo"])
def test_a_room_imports_only_rooms_upstream_of_it(room):
    """So there is no circle of rooms, either."""
    allowed = {room, *(DEMO if room == "demo" else ROOMS[: ROOMS.index(room)]), "__version__"}
    files = sources(room)
    assert files
    for path in files:
        assert imported_rooms(path) <= allowed, path


def test_nothing_stands_loose_beside_the_rooms():
    package = ROOT / "facegan"
    assert [path.name for path in package.iterdir() if path.is_file()] == ["__init__.py"]
    folders = {path.name for path in package.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == {*ROOMS, "demo", "assets"}


def test_the_house_can_be_kept_in_mind():
    rooms = ["__init__.py", "assets", *ROOMS, "demo", *OUTSIDE]
    arrows = {(room, to) for room in rooms for path in sources(room) for to in imported_rooms(path) - {room}}
    assert len(rooms) <= MOST_ROOMS
    assert len({arrow for arrow in arrows if arrow[1] in rooms}) <= MOST_ARROWS


def test_the_demo_needs_neither_torch_nor_diffusers_nor_insightface():
    code = """
import sys
import app, facegan.demo
from facegan import FaceModel
from facegan.demo.build import build_demo
model = FaceModel.load()
build_demo(model)
model.generate(model.latents([1]))
heavy = {"torch", "diffusers", "insightface", "onnx", "cv2"} & set(sys.modules)
assert not heavy, heavy
print("light")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip().endswith("light"), done.stderr


def test_no_large_file_and_no_pickle_is_in_the_repository():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert paths
    for path in paths:
        assert path.suffix not in {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin"}, path
        assert not path.exists() or path.stat().st_size < 20e6, path


def test_every_picture_of_the_docs_says_that_its_faces_are_generated():
    paths = [path for path in (ROOT / "docs").rglob("*") if path.suffix in {".png", ".webp", ".gif", ".mp4"}]
    assert paths
    for path in paths:
        assert b"lgorithmicMedia" in path.read_bytes(), path  # alone, or together with photos: facegan/base/stamp.py
