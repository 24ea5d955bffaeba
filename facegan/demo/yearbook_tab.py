"""The tab Yearbook: up to 36 names as one page for the printer."""

from functools import partial
from typing import Literal

import gradio as gr

from facegan.base.errors import FaceGANError
from facegan.demo import sheet
from facegan.demo.markup import complaint, page_figure
from facegan.demo.outbox import Outbox
from facegan.demo.page import Page, Tab
from facegan.demo.render import Renderer
from facegan.demo.values import one_of
from facegan.model.load import FaceModel

_PREVIEW_DPI = 75  # 620 px wide
_FRAMES_PER_FACE = 3  # of a film, which take as long as a face of a sheet: the renderer counts in frames


def build(page: Page, tab: gr.Tab) -> None:
    yearbooks = Yearbooks(page.model, page.outbox, page.renderer)
    with gr.Row():
        with gr.Column(min_width=300):
            names = gr.Textbox(
                label="Names",
                info=f"Up to {sheet.MOST}, with commas or new lines between them. They are not stored anywhere.",
                placeholder="Anna, Ben, Chloé, ...",
                lines=5,
                max_lines=12,
                elem_id="yearbook-names",
            )
            with gr.Row(elem_classes="fg-tight"):
                title = gr.Textbox(label="Title", max_lines=1, max_length=80, min_width=130, elem_id="yearbook-title")
                paper = gr.Radio(
                    [("A4", "a4"), ("Letter", "letter")],
                    value="a4",
                    label="Paper",
                    min_width=130,
                    elem_id="yearbook-paper",
                )
        with gr.Column(min_width=300):
            figure = gr.HTML(page_figure(), elem_id="yearbook-page", apply_default_css=False)
    changed = [names.change, title.change, paper.input]
    page.answer(changed, yearbooks.preview, [names, title, paper, page.truncation], [figure])
    page.endpoint(yearbooks.endpoint, "sheet")


class Yearbooks:
    """Handles the tab's controls and the endpoint /sheet."""

    def __init__(self, model: FaceModel, outbox: Outbox, renderer: Renderer):
        self._model, self._outbox, self._renderer = model, outbox, renderer

    def preview(self, names: object, title: object, paper: object, truncation: object) -> str:
        if not str(names or "").strip():
            return page_figure()
        try:
            page = sheet.Sheet.checked(names, title or "", paper, truncation, self._model.weights)
            return page_figure(sheet.draw(self._model, page, _PREVIEW_DPI), len(page.faces))
        except FaceGANError as error:
            return complaint(str(error))

    async def endpoint(
        self,
        names: str,
        title: str = "",
        paper: Literal["a4", "letter"] = "a4",
        format: Literal["png", "pdf", "zip"] = "png",
        truncation: float | None = None,
    ) -> dict:
        """Draw a page of AI-generated faces with their names below them, for printing at 300 dpi.

        Args:
            names: 1 to 36 faces with commas or new lines between them, such as "Anna, Ben, Grandma = 7": names, whole
                numbers as seeds, or recipes of faces as JSON; what stands before a "=" is printed in place of the name
            title: stands at the top, at most 80 letters
            paper: "a4" or "letter"
            format: "png" or "pdf"; "zip" for a PNG file of every face instead
            truncation: 1 is the full variety, far below it faces fade; 0 to 1.5; null is the model's choice

        Returns:
            the file
        """
        file_format = one_of(format, "format", sheet.FORMATS)
        truncation = self._model.config.truncation if truncation is None else truncation
        page = sheet.Sheet.checked(names, title, paper, truncation, self._model.weights)
        work = partial(sheet.encode, self._model, page, file_format)
        content = await self._renderer.draw(work, "", _FRAMES_PER_FACE * len(page.faces))
        return self._outbox.put(content, sheet.sheet_name(page, file_format))


TAB = Tab("Yearbook", build)
