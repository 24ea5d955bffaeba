"""The tab How it learned: the film of the generator's training, fetched when the tab is opened."""

import gradio as gr

from facegan.demo.markup import film, how_it_learned
from facegan.demo.page import Page, Tab
from facegan.model.film import Film
from facegan.model.load import FaceModel

ADDRESS = "training-film/"


def build(page: Page, tab: gr.Tab) -> None:
    films = page.model.films
    saves = {kind(one): ADDRESS + one.path for one in films}
    gr.HTML(
        film("learning", ADDRESS + films[0].path, saves),
        elem_id="learning-film",
        js_on_load="window.facegan.showFilm(element);",
        apply_default_css=False,
    )
    gr.HTML(how_it_learned(page.model.config), apply_default_css=False)


def kind(film: Film) -> str:
    return film.path.rpartition(".")[2].upper()


def read(model: FaceModel, path: str) -> bytes | None:
    """The film with this path, None where the model has none. Raises FaceGANError when it cannot be had."""
    return next((film.read() for film in model.films if film.path == path), None)


TAB = Tab("How it learned", build, shown=lambda model: bool(model.films))
