"""Key frames: picked in the page, taken home, painted there, and dropped back."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from vidstyle.errors import UsageError
from vidstyle.studio.api import file_url, picture_url
from vidstyle.studio.draw import Desk
from vidstyle.studio.fields import Field
from vidstyle.studio.looks import save_picture
from vidstyle.studio.telling import told
from vidstyle.studio.workspace import Workspace
from vidstyle.video.pictures import read_picture

METAVAR = "FRAME=PICTURE"
"""Of a field that takes frames that were painted, by their numbers."""
_THUMBNAIL = 256  # pixels


def keyframes(field: Field, components: Mapping[str, Any], workspace: Workspace, desk: Desk) -> None:
    """A place to pick frames and to drop them back, which fills in the component of the field."""
    written = components[field.name]
    gr.HTML(
        '<p class="vs-about">Move to a frame on the right, take it, paint it in the program of your choice, '
        "and drop it back; the number in its name says which frame it is.</p>"
    )
    with gr.Row(equal_height=True):
        take = gr.Button("Take the frame that is seen", size="sm")
        back = gr.UploadButton("Drop painted frames back", file_count="multiple", size="sm")
    picked = gr.State([])
    shown = gr.HTML("")

    def taken(clip: str | None, frame: float, numbers: Sequence[int]) -> list[int]:
        if not clip:
            raise UsageError("choose a clip first")
        place = _place(workspace, clip, int(frame))
        if not place.exists():
            save_picture(desk.picture(clip, int(frame)), place)
        return sorted({*numbers, int(frame)})

    def dropped(uploaded: Sequence[str] | None, text: str) -> str:
        lines = _by_number(text)
        for path in uploaded or ():
            number = number_in(Path(path).stem)
            if number is None:
                raise UsageError(f"{Path(path).name} has no number in its name: which frame is it?")
            read_picture(path)  # told at once where it is none
            lines[number] = f"files/{workspace.take('files', path).name}"
        return "\n".join(f"{number}={lines[number]}" for number in sorted(lines))

    def seen(clip: str | None, numbers: Sequence[int], text: str) -> str:
        painted = _by_number(text)
        every = sorted({*numbers, *painted})
        found = [_card(workspace, clip, number, painted.get(number)) for number in every if clip]
        return f'<div class="vs-gallery vs-keys">{"".join(found)}</div>' if found else ""

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    take.click(told(taken), [desk.clip, desk.frame, picked], [picked], **quiet)
    back.upload(told(dropped), [back, written], [written], **quiet)
    desk.clip.change(lambda: ([], ""), None, [picked, written], **quiet)
    gr.on([picked.change, written.change], seen, [desk.clip, picked, written], [shown], **quiet)


def number_in(name: str) -> int | None:
    """Of the frame that a file's name tells: clip-frame-0012, or the last number in it; None without any."""
    match = re.search(r"frame[-_ ]?(\d{1,9})", name) or re.search(r"(\d{1,9})(?!.*\d)", name)
    return int(match[1]) if match else None


def _by_number(text: str) -> dict[int, str]:
    """ "12=files/a.png" and so on, line by line; what is no such line is left to be told when it is used."""
    found = {}
    for line in text.splitlines():
        number, equals, path = line.strip().partition("=")
        if equals and number.strip().isdecimal():
            found[int(number)] = path.strip()
    return found


def _place(workspace: Workspace, clip: str, number: int) -> Path:
    folder = workspace.folder("cache") / "frames"
    folder.mkdir(exist_ok=True)
    return folder / f"{Path(clip).stem}-frame-{number:04d}.png"


def _card(workspace: Workspace, clip: str | None, number: int, painted: str | None) -> str:
    place = _place(workspace, clip or "", number)
    path = workspace.inside(painted) if painted else place
    image = f'<img src="{html.escape(picture_url(workspace, path, 0, _THUMBNAIL))}" alt="">'
    link = ""
    if place.exists():
        url = html.escape(file_url(workspace, place))
        link = f'<a href="{url}&amp;download=1" download="{html.escape(place.name)}">Download</a>'
    state = "painted" if painted else "to be painted"
    return f"<figure>{image}<figcaption>frame {number}, {state}<br>{link}</figcaption></figure>"
