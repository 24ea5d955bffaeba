"""The tab How it learned: the film of the generator's training, fetched when the tab is opened."""

import gradio as gr

from facegan.base.errors import FaceGANError
from facegan.demo.files import cached_path
from facegan.demo.markup import complaint, how_it_learned
from facegan.demo.page import Page
from facegan.model.film import Film
from facegan.model.load import FaceModel


def build(page: Page, tab: gr.Tab) -> None:
    """For a model that has a film."""
    moving = page.model.films[0].path.endswith(".mp4")
    screen = (
        gr.Video(show_label=False, autoplay=True, loop=True, interactive=False, buttons=[], elem_id="learning-film")
        if moving
        else gr.Image(type="filepath", show_label=False, interactive=False, buttons=[], elem_id="learning-film")
    )
    trouble = gr.HTML(apply_default_css=False)
    with gr.Row(elem_classes=["fg-tight", "fg-film-width"]):
        saves = [
            gr.DownloadButton(f"Save {_kind(film)}", size="sm", min_width=90, elem_id=f"learning-{_kind(film).lower()}")
            for film in page.model.films
        ]
    gr.HTML(how_it_learned(page.model.config), apply_default_css=False)
    tab.select(
        Learned(page.model).open,
        None,
        [screen, trouble, *saves],
        show_progress="minimal",
        concurrency_id="films",
        api_visibility="private",
    )


class Learned:
    """What opening the tab does with a model."""

    def __init__(self, model: FaceModel):
        self._model = model

    def open(self) -> tuple:
        """The film, what is wrong with it, and the files of all films; a film that cannot be had breaks no page."""
        paths, complaints = [], []
        for film in self._model.films:
            try:
                content = film.read()
            except FaceGANError as error:
                paths.append(None)
                complaints.append(complaint(f"The film cannot be shown. {error}"))
                continue
            path = cached_path(f"how-it-learned.{_kind(film).lower()}")
            path.write_bytes(content)
            paths.append(str(path))
        saves = [gr.DownloadButton(value=path, visible=path is not None) for path in paths]
        return paths[0], "".join(complaints[:1]), *saves


def _kind(film: Film) -> str:
    return film.path.rpartition(".")[2].upper()
