"""The pictures and the looks that a form can be given, to be chosen by eye."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from vidstyle.looks.shipped import BASE, SHIPPED, SUFFIX
from vidstyle.methods.registry import METHODS, command
from vidstyle.studio.api import picture_url
from vidstyle.studio.requests import Form
from vidstyle.studio.workspace import Workspace

_THUMBNAIL = 256  # pixels
_TEMPLATE = """
<div class="vs-gallery" role="group" aria-label="{{value.label}}">
{{#each value.items}}
{{#if this.title}}<h4>{{this.title}}</h4>{{/if}}
<button type="button" data-name="{{this.name}}" aria-pressed="{{this.on}}" title="{{this.label}}">
{{#if this.url}}<img src="{{this.url}}" alt="" loading="lazy">
{{else}}<div class="vs-blank">no picture</div>{{/if}}
<span>{{this.label}}</span></button>
{{/each}}
</div>
"""
_ON_LOAD = "window.vidstyle.picker(element, props, trigger);"


def takes_looks(form: Form) -> bool:
    """Whether a look may be chosen in place of pictures."""
    return any(own.within == form.method and own.asked == "look" for own in map(command, METHODS))


def gallery(form: Form, workspace: Workspace) -> gr.HTML:
    """The gallery of a form; its value holds what there is and what is chosen."""
    return gr.HTML(value_of(form, workspace, ()), html_template=_TEMPLATE, js_on_load=_ON_LOAD)


def value_of(form: Form, workspace: Workspace, chosen: Sequence[str]) -> dict[str, Any]:
    """What a gallery shows. chosen: names of items, as `chosen_in` gives them."""
    pictures = [
        {
            "name": f"pictures/{path.name}",
            "label": path.stem,
            "url": picture_url(workspace, path, 0, _THUMBNAIL),
        }
        for path in workspace.listed("pictures")
    ]
    items: list[dict[str, Any]] = [{**each, "kind": "picture"} for each in pictures]
    if items:
        items[0]["title"] = "Pictures" if form.own.pictures.most == 1 else "Pictures: one, or several to mix"
    if takes_looks(form):
        looks = _looks(workspace)
        looks[0]["title"] = "Looks: learnt before, quick, and steady"
        items += looks
    for item in items:
        item["on"] = item["name"] in chosen
    most = form.own.pictures.most
    return {
        "label": form.own.pictures.metavar.lower(),
        "items": items,
        "chosen": [item["name"] for item in items if item["on"]],
        "most": most,
    }


def _looks(workspace: Workspace) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in SHIPPED:
        if name != BASE:
            place = workspace.root / "cache" / "looks" / f"{name}.jpg"
            url = picture_url(workspace, place, 0, _THUMBNAIL) if place.exists() else ""
            found.append({"name": f"look:{name}", "label": name, "url": url, "kind": "look"})
    own = [path for path in workspace.listed("files") if path.suffix == SUFFIX]
    found += [
        {"name": f"look:files/{path.name}", "label": path.stem, "url": "", "kind": "look"} for path in own
    ]
    return found


def chosen_in(value: Any) -> list[str]:
    """The names of what is chosen, whatever the page has sent."""
    chosen = value.get("chosen", ()) if isinstance(value, dict) else ()
    return [name for name in chosen if isinstance(name, str)]


def chosen_files(workspace: Workspace, value: Any) -> tuple[list[Path], str | None]:
    """The pictures that are chosen, or the look. Raises UsageError for what lies elsewhere."""
    names = chosen_in(value)
    look = next((name.removeprefix("look:") for name in names if name.startswith("look:")), None)
    if look is not None and look not in SHIPPED:
        look = str(workspace.inside(look))
    pictures = [workspace.inside(name) for name in names if not name.startswith("look:")]
    return ([] if look else pictures), look
