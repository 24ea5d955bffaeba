"""How the page looks, and what it does in the browser."""

from pathlib import Path

import gradio as gr

THEME_FOLDER = Path(__file__).parent
SCRIPTS = (
    "page.js",
    "seen.js",
    "current.js",
    "sheets.js",
    "favourites.js",
    "compare.js",
    "share.js",
    "pad.js",
    "surprises.js",
    "you.js",
)  # each builds on those before


def head() -> str:
    """Our style and script. Not as `css`, because gradio rewrites that and loses media queries."""
    style, *scripts = ((THEME_FOLDER / name).read_text(encoding="utf-8") for name in ("style.css", *SCRIPTS))
    return f"<style>{style}</style>" + "".join(f"<script>{script}</script>" for script in scripts)


def theme() -> gr.Theme:
    return gr.themes.Soft(
        primary_hue="indigo",
        neutral_hue="slate",
        radius_size="lg",
        # The bundled SemiBold lacks the Latin letters, so the two weights that have them.
        font=[gr.themes.LocalFont("Source Sans Pro", weights=(400, 700)), "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(
        body_background_fill="*neutral_50",
        # At least 4.5 to 1 on every background of the page; the theme's own has 2.5.
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        input_placeholder_color="*neutral_600",
        input_placeholder_color_dark="*neutral_300",
        block_border_width="1px",
        block_border_color="*neutral_200",
        input_border_width="1px",
        input_border_color="*neutral_200",
        checkbox_border_color="*neutral_400",  # else white on white
        block_title_background_fill="none",
        block_title_background_fill_dark="none",
        block_title_padding="0",
        block_title_text_color="*body_text_color",
        block_title_text_color_dark="*body_text_color",
        button_primary_background_fill="*primary_600",
        checkbox_label_background_fill_selected="*primary_600",
        button_primary_background_fill_hover="*primary_500",
        button_secondary_background_fill_hover_dark="*primary_600",  # the theme's own has 4.47
    )
