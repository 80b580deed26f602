"""Masks and maps of regions, drawn on the frame that is seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from vidstyle.errors import UsageError
from vidstyle.studio.fields import Field
from vidstyle.studio.looks import save_picture
from vidstyle.studio.telling import told
from vidstyle.studio.workspace import Workspace

COLOURS = ("#ffffff", "#e6194b", "#00a0ff", "#3cb44b", "#ffe119", "#911eb4")
"""Of the brush: white for a mask, any for regions."""
_BACKGROUND = "#000000"
_OPAQUE = 128  # of 255, from which on a pixel counts as drawn


@dataclass(frozen=True)
class Desk:
    """What all forms share: the components of the clip and of the frame's number, and how to see the frame.

    picture: takes the values of the two.
    """

    clip: Any
    frame: Any
    picture: Callable[[str, int], Image.Image]


def drawing(fields: Sequence[Field], components: Mapping[str, Any], workspace: Workspace, desk: Desk) -> None:
    """A place to draw what the fields take, below the others. fields: those that can be drawn."""
    names = [field.name for field in fields]
    styles = components.get("label_styles")
    with gr.Accordion("Draw a mask or regions", open=False):
        gr.HTML(
            '<p class="vs-about">Draw on the frame: white for a mask, as only what is white is changed; for '
            "regions a colour for each. Each region is painted by the picture of its number: what is left "
            "plain by the first, the first colour by the second, and so on.</p>"
        )
        load = gr.Button("Draw on this frame", size="sm")
        editor = gr.ImageEditor(
            type="numpy",
            image_mode="RGBA",
            sources=(),
            transforms=(),
            layers=False,
            brush=gr.Brush(colors=list(COLOURS), color_mode="fixed", default_size=24),
            label="Drawing",
            show_label=False,
            buttons=[],
        )
        with gr.Row():
            use = gr.Radio([(f.label, f.name) for f in fields], value=names[0], label="Use it as")
            take = gr.Button("Use the drawing", size="sm")
        said = gr.HTML('<p class="vs-note"></p>')

    def background(clip: str | None, frame: float) -> Any:
        if not clip:
            raise UsageError("choose a clip or a picture first")
        image = desk.picture(clip, int(frame))
        return {"background": np.asarray(image.convert("RGBA")), "layers": [], "composite": None}

    def taken(drawn: Any, name: str) -> list[Any]:
        map_, colours = _map(drawn, is_mask=name != "labels")
        place = workspace.folder("files") / f"{name}-{time.strftime('%H%M%S')}.png"
        save_picture(map_, place)
        value = f"files/{place.name}"
        found = []
        for field in fields:
            choices = gr.update(choices=field.files(workspace))
            found.append(
                gr.update(choices=choices["choices"], value=value) if field.name == name else choices
            )
        line = f'<p class="vs-note">{place.name} is used as {name.replace("_", " ")}.</p>'
        if styles is None:
            return [*found, line]
        text = ",".join(f"{colour}={number}" for number, colour in enumerate([_BACKGROUND, *colours], 1))
        return [*found, line, text if name == "labels" else gr.update()]

    outputs = [*(components[name] for name in names), said, *([styles] if styles is not None else [])]
    load.click(told(background), [desk.clip, desk.frame], [editor], api_visibility="private")
    take.click(told(taken), [editor, use], outputs, api_visibility="private")


def _map(drawn: Any, is_mask: bool) -> tuple[Image.Image, list[str]]:
    """The picture of what was drawn, in plain colours, and those colours, as #rrggbb.

    Raises UsageError where nothing was.
    """
    layers = [np.asarray(layer) for layer in (drawn or {}).get("layers", ()) if layer is not None]
    layers = [layer for layer in layers if layer.ndim == 3 and layer.shape[2] == 4]
    if not layers or not any((layer[..., 3] >= _OPAQUE).any() for layer in layers):
        raise UsageError("draw something on the frame first")
    height, width = layers[0].shape[:2]
    palette = np.array([_rgb(colour) for colour in COLOURS], np.int32)
    picture = np.zeros((height, width, 3), np.uint8)
    found: list[int] = []
    for layer in layers:
        opaque = layer[..., 3] >= _OPAQUE
        far = np.abs(layer[opaque][:, None, :3].astype(np.int32) - palette).sum(axis=2)
        nearest = far.argmin(axis=1)
        picture[opaque] = (255, 255, 255) if is_mask else palette[nearest]
        found += [index for index in np.unique(nearest).tolist() if index not in found]
    return Image.fromarray(picture), [COLOURS[index] for index in sorted(found)]


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))
