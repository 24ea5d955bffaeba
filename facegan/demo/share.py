"""The picture of a link's face as a file, and the preview (card) that other programs show of the link.

Links are untrusted: one that cannot be read has the preview of the page itself.
"""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import urlencode

import anyio.to_thread
import numpy as np
from PIL import Image, ImageDraw
from starlette.requests import Request
from starlette.responses import Response

from facegan.base.errors import FaceGANError
from facegan.base.pictures import encode_jpeg, encode_png, encode_webp, enlarge
from facegan.demo.answers import file_answer, refusal, sentence
from facegan.demo.lettering import write_line
from facegan.demo.markup import PICTURE_SIZES
from facegan.demo.page import Page, Tab, read_search
from facegan.demo.values import one_of
from facegan.model.face import file_name, latent_of, short_title, title
from facegan.model.load import FaceModel
from facegan.model.provenance import Recipe, recipe_of

PICTURE, PREVIEW = "picture", "preview.jpg"  # where they are, relative to the page
FORMATS = ("png", "webp")
_ENCODE = {"png": encode_png, "webp": encode_webp}

CARD = (1200, 630)  # px: the shape that programs show large
_MOST_SHOWN = 3  # faces of a morph on a card
_PAGE_FACES = (7, 31, 4)  # seeds on the card of the page itself
_CACHE = 8_000_000  # bytes: a hundred cards
_RATE, _BURST = 4.0, 20  # cards drawn a second, and at once after a rest; beyond that the page's own card is sent
_MAX_AGE = 3600  # s for which others may cache a card; its address has the model's weights
_BACKGROUND, _INK, _FAINT = (24, 26, 31), (236, 236, 238), (160, 166, 178)


class Sharing:
    """What the tabs' links show, as files."""

    def __init__(self, model: FaceModel, tabs: Sequence[Tab]):
        self._model, self._tabs = model, tabs
        self._cards: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._allowed, self._counted = float(_BURST), time.monotonic()

    def recipe(self, query: Mapping[str, str]) -> Recipe | None:
        """What the page shows for a link's query; None where it shows a face of its own choice, or nothing."""
        return self.opened(query)[1]

    def opened(self, query: Mapping[str, str]) -> tuple[Tab, Recipe | None]:
        """The tab that a link opens, and its recipe as above."""
        try:
            # The page opens the last of the tabs that a link is of; that of the faces, which comes first, takes any.
            for tab in reversed(self._tabs):
                if found := tab.shows(query, self._model):
                    return tab, found
        except FaceGANError:  # the page says why
            pass
        return self._tabs[0], None

    def has_card(self, query: Mapping[str, str]) -> bool:
        """Whether the card of a link to a single face is cached."""
        recipe = self.recipe(query)
        if recipe is None or recipe.is_film or len(recipe.shown) != 1:
            return False
        with self._lock:
            return _card_name(recipe) in self._cards

    def picture(self, query: Mapping[str, str]) -> tuple[bytes, str]:
        """The face of a link as a file, stamped with its recipe, and the file's name.

        The query also has `_size` in px, empty for the generator's own, and `_format`, which no slider can be called.
        Raises FaceGANError for a link to no single face.
        """
        kind = one_of(query.get("_format", "png"), "_format", FORMATS)
        size = one_of(query.get("_size", ""), "_size", ("", *map(str, PICTURE_SIZES)))
        recipe = self.recipe(query)
        if recipe is None or recipe.is_film or len(recipe.shown) != 1:
            raise FaceGANError("This is no link to a single face.")
        image = self._images(recipe)[0]
        image = enlarge(image, int(size)) if size else image
        return _ENCODE[kind](image, recipe.to_dict()), f"face-{file_name(recipe.shown[0])}-{len(image)}px.{kind}"

    def preview(self, query: Mapping[str, str]) -> tuple[bytes, bool]:
        """The card of a link as JPEG, that of the page itself for a link without a face; and whether it may be cached.

        It may not when the page's card stands in for another: too many are asked for, or drawing has failed.
        """
        try:
            card = self._drawn_card(self.recipe(query))
        except Exception as error:  # the model cannot draw it, such as for want of a slider
            sentence(error)  # which logs what is a fault of ours
            card = None
        return (card, True) if card is not None else (self._drawn_card(None), False)

    def _drawn_card(self, recipe: Recipe | None) -> bytes | None:
        """The card of a recipe, None for that of the page itself; None when too many are asked for."""
        name = _card_name(recipe)
        with self._lock:
            if name in self._cards:
                self._cards.move_to_end(name)
                return self._cards[name]
        if name and not self._may_draw():
            return None
        card = _jpeg(self._card(recipe), recipe or self._page_recipe())
        with self._lock:
            self._cards[name] = card
            while sum(map(len, self._cards.values())) > _CACHE:
                self._cards.popitem(last=False)
        return card

    def tags(self, search: str, base: str) -> str:
        """The tags of Open Graph and Twitter for a link, as HTML; `base` is the page's address without its last slash.

        By them programs know the title and the picture that they show with the link.
        """
        query = read_search(search)
        recipe = self.recipe(query)
        somebody = self._model.config.data.get("one_person") is True
        who = "It is made up, of one real person." if somebody else "This person does not exist."
        heading = "FaceGAN: your name is a face" if recipe is None else f"{_title(recipe)}: FaceGAN"
        about = f"An AI-generated face. {who} Your name is a face, too: type it."
        shown = {} if recipe is None else query
        image = f"{base}/{PREVIEW}?{urlencode({**shown, '_weights': self._model.weights})}"
        tags = {
            "og:type": "website",
            "og:site_name": "FaceGAN",
            "og:title": heading,
            "og:description": about,
            "og:url": f"{base}/{'?' + urlencode(shown) if shown else ''}",
            "og:image": image,
            "og:image:type": "image/jpeg",
            "og:image:width": CARD[0],
            "og:image:height": CARD[1],
            "og:image:alt": "AI-generated face" if recipe is None else f"AI-generated: {_title(recipe)}",
            "twitter:card": "summary_large_image",
            "twitter:title": heading,
            "twitter:description": about,
            "twitter:image": image,
        }
        return "".join(
            f'<meta {"property" if name.startswith("og:") else "name"}="{name}" content="{escape(str(value))}" />'
            for name, value in tags.items()
        )

    def _may_draw(self) -> bool:
        """Whether the number of cards that are drawn allows one more (token bucket)."""
        with self._lock:
            now = time.monotonic()
            self._allowed = min(_BURST, self._allowed + (now - self._counted) * _RATE)
            self._counted = now
            if self._allowed < 1:
                return False
            self._allowed -= 1
            return True

    def _page_recipe(self) -> Recipe:
        """The recipe of the card of the page itself."""
        return recipe_of(self._model, _PAGE_FACES, self._model.config.truncation)

    def _images(self, recipe: Recipe) -> np.ndarray:
        faces = recipe.shown[:_MOST_SHOWN]
        latents = [latent_of(self._model, face, recipe.truncation) for face in faces]
        return self._model.generate(np.stack(latents))

    def _card(self, recipe: Recipe | None) -> np.ndarray:
        """uint8 (630, 1200, 3): a single face at the left of its title, several above it."""
        width, height = CARD
        images = self._images(recipe or self._page_recipe())
        card = Image.new("RGB", CARD, _BACKGROUND)
        pen = ImageDraw.Draw(card)
        if len(images) == 1:
            card.paste(Image.fromarray(enlarge(images[0], height)))
            middle, room, top, size = (width + height) / 2, width - height - 80, height / 2 - 60, 64
        else:
            side = min(440, width // len(images))
            left = (width - side * len(images)) // 2
            for i, image in enumerate(images):
                card.paste(Image.fromarray(enlarge(image, side)), (left + i * side, 0))
            middle, room, top, size = width / 2, width - 120, side + (height - side) / 2 - 34, 56
        somebody = self._model.config.data.get("one_person") is True
        who = "AI-generated, of one real person" if somebody else "AI-generated: nobody real"
        write_line(pen, _title(recipe) if recipe else "Your name is a face", (middle, top), size, room, _INK, "A face")
        write_line(pen, who, (middle, top + 72), 36, room, _FAINT)
        if len(images) == 1:
            write_line(pen, "FaceGAN", (middle, height - 60), 36, room, _FAINT)
        return np.asarray(card)


def _card_name(recipe: Recipe | None) -> str:
    return "" if recipe is None else json.dumps(recipe.to_dict())


def _title(recipe: Recipe) -> str:
    first, *others = recipe.shown
    return f"From {short_title(first)} to {short_title(others[-1])}" if others else title(first)


def _jpeg(card: np.ndarray, recipe: Recipe) -> bytes:
    try:
        return encode_jpeg(card, recipe.to_dict(), quality=88)
    except ValueError:  # too many faces for one recipe
        return encode_jpeg(card, {"shows": "a preview"}, quality=88)


def serve(page: Page, sharing: Sharing) -> None:
    """Has the page serve both files."""

    async def picture(request: Request) -> Response:
        try:
            async with page.turns:
                found = await anyio.to_thread.run_sync(sharing.picture, read_search(request.url.query))
        except Exception as error:
            return refusal(error)
        return file_answer(*found)

    async def preview(request: Request) -> Response:
        try:
            async with page.turns:
                card, may_be_cached = await anyio.to_thread.run_sync(sharing.preview, read_search(request.url.query))
        except Exception as error:
            return refusal(error)
        answer = file_answer(card, PREVIEW)
        answer.headers["Cache-Control"] = f"public, max-age={_MAX_AGE}" if may_be_cached else "no-store"
        return answer

    page.serve(PICTURE, picture)
    page.serve(PREVIEW, preview)
