"""The pieces of HTML that the page is made of. Pictures are PNG inside the page: lossless, and nothing to clean up."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import count

import numpy as np

from facegan.base.pictures import encode_jpeg, encode_png, enlarge
from facegan.model.face import Edited, Face, Seed, file_name, inner, short_title, title
from facegan.model.face_text import CODE, as_text
from facegan.model.folder import ModelConfig
from facegan.model.provenance import Recipe
from facegan.sliders.slider import Slider

# px of the large face, which the page shows at up to 512. A generator of 64 or 128 px has no finer detail: 512 px look
# the same, and take twice the time and the bytes.
FACE_SIZE = 384
PATH_SIZE = 256  # px: small enough to follow a dragged slider over a slow line
_MESSAGES = count()
PICTURE_SIZES = (256, 512, 1024)  # px of a picture to save, beside the generator's own
THUMBNAIL_SIZE = 128  # px: sharp at the size they are shown, on a phone's dense screen too


def png_uri(image: np.ndarray, recipe: Recipe) -> str:
    """An uint8 image (H, W, 3) as the address of itself, stamped with its recipe."""
    return "data:image/png;base64," + base64.b64encode(encode_png(image, recipe.to_dict())).decode("ascii")


def jpeg_uri(image: np.ndarray, recipe: Recipe) -> str:
    """The same as JPEG, for what is shown while a slider moves."""
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(image, recipe.to_dict())).decode("ascii")


def face_figure(
    image: np.ndarray,
    recipe: Recipe,
    query: str,
    notes: Iterable[str] = (),
    preview: bool = False,
    beside: Iterable[Face] = (),
) -> str:
    """The large face with its caption; `query` is the link's part after the question mark.

    `notes` are sentences that the page shows for a while. A `preview` can be shown and not saved. `beside` are other
    faces that stand in the tab's fields.
    """
    face, size = recipe.shown[0], PATH_SIZE if preview else FACE_SIZE
    name, number = file_name(face), face.number if isinstance(face, Seed) else ""
    return (
        f'<figure class="fg-figure" data-query="{escape(query)}" '
        f'data-made="{escape(as_text(recipe.face))}" data-current="{escape(as_text(recipe.current))}" '
        f'data-number="{number}" data-notes="{escape(json.dumps(list(notes)))}"'
        f'{_titles(recipe.shown[0], *beside)}{_mark(preview)}><img src="{_uri(enlarge(image, size), recipe, preview)}" '
        f'width="{FACE_SIZE}" height="{FACE_SIZE}" alt="{escape(description(recipe))}">'
        '<span class="fg-badge">AI-generated</span>'
        f'<figcaption><span class="fg-seed">{escape(title(face))}</span><span class="fg-actions">'
        f'<button type="button" data-keep aria-pressed="false" aria-label="Favourite"{" disabled" if preview else ""}>'
        '♡</button><button type="button" data-share>Share</button>'
        '<button type="button" data-copy-link>Copy link</button>'
        f'<button type="button" data-save="face-{name}.png"{" disabled" if preview else ""}>Save PNG</button>'
        f"{_more(len(image))}</span></figcaption></figure>"
    )


def _more(size: int) -> str:
    """What else can be done with a picture, folded; `size` is the generator's own in px. See theme/share.js."""
    rows = "".join(
        f'<div role="group" aria-label="{label}"><span>{label}</span>'
        + "".join(
            f'<button type="button" data-size="{"" if side == size else side}" data-format="{label.lower()}" '
            f'aria-label="Save {label}, {side} pixels">{side}</button>'
            for side in sorted({size, *PICTURE_SIZES})
        )
        + "</div>"
        for label in ("PNG", "WebP")
    )
    return (
        '<details class="fg-more"><summary>More</summary><div>'
        '<button type="button" data-copy-link>Copy link</button>'
        f'<button type="button" data-copy-picture>Copy picture</button>{rows}</div></details>'
    )


def _uri(image: np.ndarray, recipe: Recipe, preview: bool) -> str:
    return jpeg_uri(image, recipe) if preview else png_uri(image, recipe)


def _titles(*faces: Face) -> str:
    """The titles of faces and of the faces inside them; theme/page.js shows them in fields in place of the codes."""
    titles, faces = {}, list(faces)
    while faces:
        face = faces.pop()
        faces += inner(face)
        if (code := as_text(face)).startswith(CODE):
            titles[code] = title(face)
    return f' data-titles="{escape(json.dumps(titles))}"' if titles else ""


def _mark(preview: bool) -> str:
    """Marks a preview, after which theme/page.js still has to fetch the picture itself."""
    return " data-preview" if preview else ""


def description(recipe: Recipe) -> str:
    """A face in words, for those who do not see it."""
    shown, words = recipe.shown[0], []
    if isinstance(shown, Edited):
        words = [f"{_plain(name)} {value:+g}" for name, value in shown.sliders.items()]
        words += [f"{_plain(name)} locked" for name in shown.lock]
    edited = f" with {', '.join(words)}," if words else ""
    return f"AI-generated face{edited} of {title(_unedited(recipe))}"


def _unedited(recipe: Recipe) -> Face:
    """The first face of a picture as it was before its sliders were moved."""
    face = recipe.shown[0]
    return face.of if isinstance(face, Edited) else face


def _plain(name: str) -> str:
    return name.replace("_", " ")


def fold(summary: str) -> str:
    """What opens the row of boxes below it; see theme/style.css. Boxes that are ticked are seen without it."""
    return f'<details class="fg-fold"><summary>{escape(summary)}</summary></details>'


def slider_note(slider: Slider) -> str:
    """How pure a slider is, behind a question mark."""
    return (
        f'<details class="fg-note"><summary aria-label="About the slider {escape(slider.label)}">?</summary>'
        f"<p>{escape(slider.note)}</p></details>"
    )


def film(element_id: str, address: str, saves: Mapping[str, str], link: bool = False) -> str:
    """A film, which theme/page.js fetches when it becomes visible, and which has controls from then on.

    `address` is where from, relative to the page; empty where the page says it later. `saves`: addresses of the files
    to save, by the name of their format.
    """
    buttons = "".join(
        f'<button type="button" id="{element_id}-{label.lower()}" data-film="{escape(place)}" '
        f'data-format="{label.lower()}">Save {label}</button>'
        for label, place in saves.items()
    )
    share = '<button type="button" data-share>Share</button>'
    copy = f'{share}<button type="button" data-copy-link>Copy link</button>' if link else ""
    return (
        f'<figure class="fg-figure fg-film" data-film="{escape(address)}"><video loop muted playsinline '
        f'preload="none" aria-label="AI-generated film"></video><span class="fg-badge">AI-generated</span>'
        f'<figcaption><span class="fg-film-state" role="status"></span>'
        f'<span class="fg-actions">{copy}{buttons}</span></figcaption></figure>'
    )


def notices(sentences: Iterable[str], opened: str = "") -> str:
    """What was wrong with the link, for as long as the page is open.

    `opened` is the number by which theme/seen.js knows that the answer is to what it asked for last, empty at first.
    """
    number = f'<span hidden data-opened="{escape(opened)}"></span>'
    return "".join(notice(sentence) for sentence in sentences) + number


def face_grid(images: np.ndarray, recipes: Iterable[Recipe], chosen: int | None) -> str:
    """Thumbnails uint8 (n, H, W, 3) as buttons, the one of seed `chosen` pressed."""
    cells = "".join(
        f'<button type="button" data-seed="{recipe.seeds[0]}" aria-pressed="{str(recipe.seeds[0] == chosen).lower()}" '
        f'aria-label="Show the face of seed {recipe.seeds[0]}">{_thumbnail(image, recipe)}</button>'
        for image, recipe in zip(images, recipes, strict=True)
    )
    return f'<div class="fg-grid" role="group" aria-label="Faces to choose from">{cells}</div>'


def face_choices(images: np.ndarray, recipes: Iterable[Recipe], faces: Iterable[str]) -> str:
    """Thumbnails uint8 (n, H, W, 3) as buttons, none pressed; `faces` are their texts for links and fields."""
    cells = "".join(
        f'<button type="button" data-face="{escape(face)}" aria-pressed="false" '
        f'aria-label="Make neighbour {i} the parent">{_thumbnail(image, recipe)}</button>'
        for i, (image, recipe, face) in enumerate(zip(images, recipes, faces, strict=True), 1)
    )
    return f'<div class="fg-grid fg-nine" role="group" aria-label="Neighbours to choose from">{cells}</div>'


def face_strip(images: np.ndarray, recipes: Sequence[Recipe], loop: bool) -> str:
    """The stops of a morph, uint8 (n, H, W, 3), in the order in which it meets them."""
    stops = "".join(
        f"<li>{_thumbnail(image, recipe)}<span>{escape(stop_title(recipe.shown[0]))}</span></li>"
        for image, recipe in zip(images, recipes, strict=True)
    )
    back = '<li class="fg-back" title="and back to the first" aria-label="and back to the first">↺</li>' if loop else ""
    titles = _titles(*(recipe.shown[0] for recipe in recipes))
    return f'<ol class="fg-strip" aria-label="The AI-generated faces of this morph"{titles}>{stops}{back}</ol>'


def stop_title(face: Face) -> str:
    """A face of a morph: its number or its name."""
    return short_title(face).removeprefix("seed ")


def before_figure(image: np.ndarray, recipe: Recipe) -> str:
    """The face before its sliders were moved, small; theme/compare.js shows it large while it is held."""
    return (
        '<figure class="fg-figure fg-before">'
        '<button type="button" data-compare title="Hold it, or the key B, to see it large" '
        'aria-label="Hold to see the face before, large">'
        f'<img src="{png_uri(enlarge(image, FACE_SIZE), recipe)}" width="{FACE_SIZE}" height="{FACE_SIZE}" '
        f'draggable="false" alt="{escape(description(recipe))}, before"></button>'
        "<figcaption>before <kbd>B</kbd><span>(hold it)</span></figcaption></figure>"
    )


def path_figure(
    image: np.ndarray,
    caption: str,
    recipe: Recipe,
    query: str = "",
    preview: bool = False,
    beside: Iterable[Face] = (),
    current: Face | None = None,
) -> str:
    """One face on a path; `query` is the link's part after the question mark, where the page should show one for it.

    `beside` are faces that stand in the tab's fields. `current` is the face that the tab is about, if another one.
    """
    face = as_text(current or recipe.current) if query else ""
    link = f' data-query="{escape(query)}" data-made="{escape(as_text(recipe.face))}"' if query else ""
    link += f' data-current="{escape(face)}"' if query else ""
    return (
        f'<figure class="fg-figure fg-path"{link}{_titles(*beside)}{_mark(preview)}>'
        f'<img src="{_uri(enlarge(image, PATH_SIZE), recipe, preview)}" width="{PATH_SIZE}" height="{PATH_SIZE}" '
        f'alt="AI-generated face, {escape(caption)}">'
        '<span class="fg-badge">AI-generated</span>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def open_picture(query: str = "") -> str:
    """Where a picture made here is chosen; `query` is the link that the page goes on to, if there is one."""
    return (
        f'<p class="fg-open" data-follow="{escape(query)}">Saved a picture here earlier? '
        '<label><input type="file" accept="image/png,image/jpeg,image/webp,image/gif,video/mp4">Open it</label> '
        "or drop it anywhere on the page, and it is there again. It stays on your device.</p>"
    )


def page_figure(image: np.ndarray | None = None, faces: int = 0) -> str:
    """A page for the printer, small, uint8 (H, W, 3), with its buttons; without one, what is to come."""
    if image is None:
        return '<p class="fg-notice">The page is drawn here while you type.</p>'
    picture = "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(image)).decode("ascii")
    buttons = "".join(
        f'<button type="button" data-sheet="{name}">Save {name.upper()}</button>' for name in ("pdf", "png", "zip")
    )
    return (
        f'<figure class="fg-figure fg-page"><figcaption><span class="fg-film-state" role="status"></span>'
        f'<span class="fg-actions">{buttons}</span></figcaption>'  # seen above a page of any length
        f'<img src="{picture}" width="{image.shape[1]}" height="{image.shape[0]}" '
        f'alt="A page of {faces} AI-generated faces with their names"></figure>'
    )


def seen(weights: str) -> str:
    """Where theme/seen.js shows the faces that the visitor has seen; `weights` are those of the model (FaceModel).

    With the way to the favourites, which are further down.
    """
    return (
        f'<div class="fg-bar"><section class="fg-seen" data-weights="{escape(weights)}" '
        'aria-label="Faces you have seen" hidden><h2>Seen</h2><ol></ol>'
        '<button type="button" data-empty><span>Forget them</span></button></section>'
        '<button type="button" data-to-favourites hidden><span aria-hidden="true">♥</span> <span data-number></span>'
        "</button></div>"
    )


def favourites() -> str:
    """Where theme/favourites.js shows what the visitor has kept."""
    buttons = "".join(
        f'<button type="button" data-favourites="{name}">Save {label}</button>'
        for name, label in (("png", "a page"), ("zip", "ZIP"), ("json", "JSON"))
    )
    return (
        '<details class="fg-favourites"><summary>Favourites <span data-number></span></summary>'
        "<p>♡ below a face keeps it here, on this device. A click opens it; on the tab Mix, two make a child. Drag "
        "them into the order that you like.</p><ol></ol>"
        f'<div class="fg-actions">{buttons}<label class="fg-file">Open JSON'
        '<input type="file" accept="application/json,.json"></label></div>'
        '<span class="fg-film-state" role="status"></span></details>'
    )


def message(sentence: str) -> str:
    """What theme/page.js shows for a while; the number makes it new when it is said twice."""
    return f'<span hidden data-message="{escape(sentence)}" data-number="{next(_MESSAGES)}"></span>'


def complaint(sentence: str) -> str:
    return f'<p class="fg-complaint" role="alert">{escape(sentence)}</p>'


def notice(sentence: str) -> str:
    """What every visitor should know of the page itself, such as that it shows another model than it is meant to."""
    return f'<p class="fg-notice" role="status">{escape(sentence)}</p>'


def header(config: ModelConfig, keys: Iterable[str] = ()) -> str:
    """What the page is. `keys` are the names in its link that are its own; see theme/page.js."""
    return (
        f'<header class="fg-header" data-link-keys="{escape(" ".join(sorted(set(keys))))}"><h1>FaceGAN</h1>'
        f"<p>{what_it_is(config)}</p></header>"
    )


def what_it_is(config: ModelConfig) -> str:
    """The sentence below the name of the page."""
    somebody = config.data.get("one_person") is True
    who = "they are made up, but of one real person" if somebody else "none of these people exists"
    return f"Every picture here is AI-generated: {who}. Your name is a face: type it."


def picker(labels: Mapping[str, str], chosen: str, first: str) -> str:
    """The models to choose from: labels by their keys in links; `first` needs none. See theme/page.js."""
    options = "".join(
        f'<option value="{escape(key)}"{" selected" if key == chosen else ""}>{escape(label)}</option>'
        for key, label in labels.items()
    )
    return f'<label class="fg-models">Model <select data-models data-first="{escape(first)}">{options}</select></label>'


def about(config: ModelConfig, size: int) -> str:
    """What this is, how it was made and what it cannot do, in five sentences; then the model's own facts, folded.

    `size`: of the model's images, px.
    """
    training, data = dict(config.training), dict(config.data)
    photos = str(data.pop("about", "")) or "Its maker has not said which photos it learned from."
    faces, somebody = data.get("faces_used"), data.get("one_person") is True
    what = "made-up pictures of one real person" if somebody else "faces of people who do not exist"
    learned = f"{faces:,} pictures of faces" if type(faces) is int and faces > 0 else "pictures of faces"
    whom = (
        "It draws one real person, also as they never were: please do not pass a picture off as a photo of them."
        if somebody
        else "It cannot draw a person who is asked for, and a name's face is nobody's: please do not pass one off as "
        "somebody's photo."
    )
    sentences = (
        f"FaceGAN draws {what}: a generator, which is a neural network, turns 100 random numbers into a picture of "
        f"{size} × {size} pixels, and the page enlarges it.",
        "A seed or a name always gives the same numbers, and so the same face on every machine.",
        f"The generator learned from {learned}, by a contest with a second network that tried to tell its pictures "
        "from theirs (a DCGAN).",
        "Its faces stay soft when they are enlarged, hair, teeth, glasses and backgrounds are often smeared, and it "
        "repeats the imbalances of what it learned from.",
        whom,
    )
    facts = {"model": config.name, "size": f"{size} × {size} pixels", **training, **data}
    return (
        f'<div class="fg-about"><p>{" ".join(map(escape, sentences))}</p>'
        f"<details><summary>About this model</summary><p>{escape(photos)}</p><table>{_rows(facts)}</table></details>"
        "</div>"
    )


def how_it_learned(config: ModelConfig) -> str:
    """What the film of the training shows, and the figures of the training that the config tells."""
    training, faces = config.training, config.data.get("faces_used")
    seen, minutes, start = training.get("images_seen"), training.get("minutes"), training.get("started_from")
    first = (
        f"At first it is still {escape(str(start))}, whose faces then turn into those it learned from"
        if start
        else "At first there is noise; then a blurred face, nearly the same everywhere; then every seed becomes "
        "somebody of its own"
    )
    figures = ""
    if type(seen) is int and type(faces) is int and faces > 0:
        times = f", each about {seen / faces:,.0f} times" if seen >= 2 * faces else ""
        took = f" That took {minutes:,} minutes." if type(minutes) is int and minutes > 0 else ""
        figures = (
            f"<p><strong>Images seen.</strong> When its weights were kept, {seen:,} images had been shown to the "
            f"second network, the one that tells photos from pictures: {faces:,} faces{times}.{took}</p>"
        )
    return (
        '<div class="fg-about">'
        "<p><strong>What is seen.</strong> Every place in the film is one seed, drawn again and again while the "
        f"generator learned. {first}. Where a number stands below the faces, it counts the images seen so far.</p>"
        f"{figures}<p>All faces in the film are AI-generated, the early ones and the late ones.</p></div>"
    )


def _thumbnail(image: np.ndarray, recipe: Recipe) -> str:
    return (
        f'<img src="{png_uri(enlarge(image, THUMBNAIL_SIZE), recipe)}" width="{THUMBNAIL_SIZE}" '
        f'height="{THUMBNAIL_SIZE}" alt="AI-generated face of {escape(title(recipe.shown[0]))}">'
    )


def _rows(facts: Mapping[str, object]) -> str:
    return "".join(
        f'<tr><th scope="row">{escape(name.replace("_", " "))}</th><td>{escape(_text(value))}</td></tr>'
        for name, value in facts.items()
        if value not in (None, "") and not isinstance(value, dict | list)  # measurements are for the model card
    )


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
