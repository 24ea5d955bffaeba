"""The tab How it learned: the film of the generator's training, fetched when the tab is opened."""

import anyio.to_thread
import gradio as gr
from starlette.requests import Request
from starlette.responses import Response

from facegan.base.errors import FaceGANError
from facegan.demo.answers import file_answer, refusal
from facegan.demo.markup import film, how_it_learned
from facegan.demo.page import Page, Tab
from facegan.model.film import Film
from facegan.model.load import FaceModel

_ADDRESS = "training-film/"


def build(page: Page, tab: gr.Tab) -> None:
    async def answer(request: Request) -> Response:
        return await answer_film(page.model, request.path_params["name"])

    page.serve(_ADDRESS + "{name}", answer)
    films = page.model.films
    saves = {kind(one): _ADDRESS + one.path for one in films}
    gr.HTML(
        film("learning", _ADDRESS + films[0].path, saves),
        elem_id="learning-film",
        js_on_load="window.facegan.showFilm(element);",
        apply_default_css=False,
    )
    gr.HTML(how_it_learned(page.model.config), apply_default_css=False)


def kind(film: Film) -> str:
    return film.path.rpartition(".")[2].upper()


async def answer_film(model: FaceModel, path: str) -> Response:
    """The response with the film at `path`. Reads it in a thread, because it may be downloaded from the Hub."""
    try:
        content = await anyio.to_thread.run_sync(read, model, path)
    except Exception as error:
        return refusal(error)
    if content is None:
        return refusal(FaceGANError("This model has no such film."))
    return file_answer(content, f"how-it-learned.{path.rpartition('.')[2]}")


def read(model: FaceModel, path: str) -> bytes | None:
    """The film at this path, None if the model has no such film. Raises FaceGANError if it cannot be downloaded."""
    return next((film.read() for film in model.films if film.path == path), None)


TAB = Tab("How it learned", build, shown=lambda model: bool(model.films))
