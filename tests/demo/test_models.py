import asyncio
import re
import threading

import pytest
from starlette.applications import Starlette

from facegan.base.errors import FaceGANError
from facegan.demo import models as module
from facegan.demo.build import build_demo
from facegan.demo.models import PLACE, Choice, Models, choices_of, first_of

A, B, C = Choice("a", "some/a"), Choice("b", "some/b"), Choice("c", "some/c")


@pytest.mark.parametrize(
    ("sources", "keys"),
    [
        (["default"], ["default"]),
        (["user/faces", "user/faces@abc", "other/faces"], ["faces", "faces-abc", "faces-2"]),
        (["/home/me/runs/ME/model", "/home/me/runs/YOU/model/", "runs/ME"], ["ME", "YOU", "ME-2"]),
        (["user/model", "/somewhere/my faces (2)", "/", ".", "user/faces", "user/faces"],
         ["model", "my-faces-2", "model-2", "model-3", "faces"]),
    ],
)  # fmt: skip
def test_every_model_has_a_key_of_its_own(sources, keys):
    assert [choice.key for choice in choices_of(sources)] == keys


def test_no_folder_is_told_to_visitors(tmp_path):
    (choice,) = choices_of([str(tmp_path / "secret" / "ME" / "model")])
    assert choice.label == "ME"
    with pytest.raises(FaceGANError) as error:
        choice.load()
    assert str(tmp_path) in str(error.value)
    assert str(tmp_path) not in choice.trouble(error.value)
    assert choice.trouble(error.value).startswith("The model ME cannot be had")


def test_the_first_model_that_can_be_had_is_shown_and_says_what_is_wrong_with_the_others(tmp_path):
    choices = choices_of([str(tmp_path / "gone"), "default", str(tmp_path / "missing")])
    model, own = first_of(choices, must_open=False)
    assert own == choices[1]
    assert "gone" in model.note
    assert "shows default" in model.note
    with pytest.raises(FaceGANError, match="There is no model"):
        first_of(choices[:1], must_open=False)
    model, own = first_of([choices[0], choices[2]], must_open=True)
    assert own == choices[0]
    assert "default" in model.note


@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        ("/", "", None),
        ("/", "model=b&seed=7", ("b", "/")),
        ("/", "seed=7&model=a", None),
        ("/", "model=x", None),
        ("/config", "model=b", None),
        ("/model/b", "", ("b", "/")),
        ("/model/b/", "seed=7", ("b", "/")),
        ("/model/b/gradio_api/run/generate", "", ("b", "/gradio_api/run/generate")),
        ("/model/a/config", "", ("a", "/config")),
        ("/model/x/config", "", None),
        ("/model/", "", None),
        ("/models/b", "", None),
        ("/model/../b", "", None),
    ],
)
def test_a_request_names_its_model_by_its_address_or_its_link(path, query, found):
    assert PLACE == "/model/"
    assert Models([A, B, C], A).asked(path, query) == found


def test_a_model_is_loaded_once_when_it_is_first_asked_for_and_pages_are_made_one_at_a_time(monkeypatch):
    models, built, open_now, events = Models([A, B, C], A), [], [], []
    both = threading.Barrier(2, timeout=60)
    monkeypatch.setattr(Choice, "load", lambda choice: both.wait())  # none waits for the other

    def build(choice, model):
        open_now.append(choice)
        events.append(len(open_now))
        threading.Event().wait(0.05)
        open_now.remove(choice)
        built.append(choice)
        return Starlette()

    async def visit():
        found = await asyncio.gather(*(models.app(key, build) for key in "bbccb"))
        await models.close()
        return found

    found = asyncio.run(visit())
    assert sorted(choice.key for choice in built) == ["b", "c"]
    assert max(events) == 1
    assert found[0] is found[1] is found[4]
    assert found[2] is found[3] is not found[0]


def test_a_model_that_cannot_be_had_stops_no_other_and_is_tried_again_later(monkeypatch):
    now, tries = [1000.0], []
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    models = Models([A, B, C], A)

    def load(choice):
        tries.append(choice)
        if choice == B and len(tries) < 3:
            raise FaceGANError("The Hub is away.")

    monkeypatch.setattr(Choice, "load", load)

    def build(choice, model):
        return Starlette()

    async def visit():
        for _ in range(2):  # the second is not tried
            with pytest.raises(FaceGANError, match="The model some/b cannot be had: The Hub is away"):
                await models.app("b", build)
        assert "The Hub is away" in models.complaint("b")
        assert "shows some/a" in models.complaint("b")
        assert await models.app("c", build)
        now[0] += 100
        assert await models.app("b", build)
        await models.close()

    asyncio.run(visit())
    assert tries == [B, C, B]
    assert models.complaint("b") == models.complaint("") == models.complaint("a") == ""
    assert "not one of this page's" in models.complaint("<script>")
    assert "<" not in models.complaint("<script>")


def test_the_pages_of_all_models_draw_in_the_same_turns_and_have_a_picker(model, edited_model):
    models = Models([A, B], A)
    pages = [build_demo(drawn, models, choice) for drawn, choice in ((model, A), (edited_model, B))]
    assert pages[0].page.turns is pages[1].page.turns is models.turns
    assert pages[0].page.photo_turn is pages[1].page.photo_turn is models.photo_turn
    for demo, choice in zip(pages, (A, B), strict=True):
        (html,) = (block.value for block in demo.blocks.values() if "data-models" in str(getattr(block, "value", "")))
        assert re.findall(r'value="(\w)" selected', html) == [choice.key]
    alone = build_demo(model, Models([A], A), A)
    assert not [block for block in alone.blocks.values() if "data-models" in str(getattr(block, "value", ""))]


def test_what_its_app_opens_is_closed_in_the_end(monkeypatch):
    opened = []
    monkeypatch.setattr(Choice, "load", lambda choice: None)

    class App(Starlette):
        def __init__(self):
            from contextlib import asynccontextmanager

            @asynccontextmanager
            async def lifespan(app):
                opened.append("open")
                yield
                opened.append("closed")

            super().__init__(lifespan=lifespan)

    async def visit():
        models = Models([A, B], A)
        await models.app("b", lambda choice, model: App())
        assert opened == ["open"]
        await models.close()

    asyncio.run(visit())
    assert opened == ["open", "closed"]
