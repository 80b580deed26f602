"""The page: what it looks like, and its three parts: paint, jobs, compare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from vidstyle.studio.compare import compare_tab
from vidstyle.studio.frames import Frames
from vidstyle.studio.paint import PaintTab
from vidstyle.studio.queue import Queue
from vidstyle.studio.workspace import Workspace

_HERE = Path(__file__).parent
_HEAD = """
<header id="vs-head"><h1>vidstyle <em>studio</em></h1>
<p>Put in a clip or a picture and a painting; see one frame painted; paint the clip; take it home.</p>
</header>
"""
_JOBS = """
<p class="vs-gone" role="alert">The studio does not answer. Is it still running? Jobs go on without.</p>
<p class="vs-nothing">Nothing has been painted yet. What you start under “Paint” appears here, and stays
here when the page or the studio is closed.</p>
<div class="vs-jobs"></div>
"""
_SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "DejaVu Sans", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace")


def build(workspace: Workspace, queue: Queue, frames: Frames) -> gr.Blocks:
    """The page as Gradio has it."""
    with gr.Blocks(title="vidstyle studio", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(_HEAD)
        with gr.Tabs(elem_id="vs-pages") as pages:
            with gr.Tab("Paint", id="paint"):
                PaintTab(workspace, queue, frames, pages).wire(page)
            with gr.Tab("Jobs", id="jobs"):
                gr.HTML(_JOBS, js_on_load="window.vidstyle.jobs(element);")
            with gr.Tab("Compare", id="compare") as tab:
                compare_tab(workspace, queue, frames, pages, tab)
    return page


def look_and_feel() -> dict[str, Any]:
    """What Gradio takes as the look of a page. Its fonts are the system's: none is fetched."""
    theme = gr.themes.Base(
        primary_hue=gr.themes.Color(
            "#fbf3ee",
            "#f5e1d6",
            "#ebc2ac",
            "#dd9c7c",
            "#cb7450",
            "#b55530",
            "#a8401d",
            "#8a3318",
            "#6f2a15",
            "#5a2413",
            "#321108",
            name="brick",
        ),
        neutral_hue=gr.themes.colors.stone,
        font=[*_SANS],
        font_mono=[*_MONO],
        radius_size=gr.themes.sizes.radius_md,
    ).set(
        body_background_fill="#faf6f0",
        body_background_fill_dark="#1d1916",
        body_text_color="#2a2420",
        block_background_fill="#fffdf9",
        block_background_fill_dark="#26211d",
        block_label_text_color="#6d635b",
        block_title_text_weight="500",
        input_background_fill="#ffffff",
        input_background_fill_dark="#1d1916",
        input_border_color="#d8cec1",
        input_border_color_dark="#52483f",
        input_border_width="1px",
        input_border_width_dark="1px",
        block_shadow="none",
        input_border_color_focus="#a8401d",
        button_primary_background_fill="#a8401d",
        button_primary_background_fill_hover="#8a3318",
        button_primary_text_color="#ffffff",
        button_primary_background_fill_dark="#c75f38",
        button_primary_background_fill_hover_dark="#b04e29",
        button_secondary_background_fill="#efe7db",
        button_secondary_background_fill_hover="#e5dac9",
        button_secondary_background_fill_dark="#3a322b",
        button_secondary_background_fill_hover_dark="#463d35",
        button_secondary_text_color="#2a2420",
        checkbox_label_background_fill="#f3ede4",
        checkbox_label_background_fill_dark="#2f2924",
        slider_color="#a8401d",
        checkbox_background_color_selected="#a8401d",
        checkbox_border_color_selected="#a8401d",
    )
    script = (_HERE / "studio.js").read_text(encoding="utf-8")
    style = (_HERE / "studio.css").read_text(encoding="utf-8")
    return {"theme": theme, "css": style, "head": f"<script>{script}</script>"}
