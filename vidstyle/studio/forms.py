"""The tab of one method: its gallery and its fields, and what is done when they change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from vidstyle.methods.registry import METHODS, command
from vidstyle.options.base import Command
from vidstyle.studio.draw import Desk, drawing
from vidstyle.studio.fields import Field, fields_of, located
from vidstyle.studio.gallery import chosen_files, chosen_in, gallery, value_of
from vidstyle.studio.keyframes import METAVAR, keyframes
from vidstyle.studio.requests import Asked, Form, ask
from vidstyle.studio.telling import told
from vidstyle.studio.workspace import Workspace
from vidstyle.video.formats import ANIMATIONS, CONTAINERS, likewise_suffix
from vidstyle.video.pictures import WRITABLE_SUFFIXES, read_picture

_AS_INPUT = "as the input"
_SUFFIXES = [_AS_INPUT, *CONTAINERS, *ANIMATIONS, *sorted(WRITABLE_SUFFIXES - set(ANIMATIONS))]


class FormView:
    """The components of a form, made in the context of its tab.

    desk: what all forms share: which clip, which frame of it, and how to get at that.
    """

    def __init__(self, form: Form, workspace: Workspace, desk: Desk) -> None:
        self.form, self._workspace = form, workspace
        self.fields = fields_of(form)
        self._components: dict[str, Any] = {}
        self._groups: dict[str, gr.Group] = {}
        self.gallery = self._gallery()
        self._often()
        for field in self.fields:
            if field.metavar == METAVAR:
                keyframes(field, self._components, workspace, desk)
        self._more()
        self.suffix = self._components["suffix"]
        drawn = [field for field in self.fields if field.is_drawn]
        if drawn:
            drawing(drawn, self._components, workspace, desk)
        self._files()
        self.inputs = [self.gallery, self.suffix, *(self._components[f.name] for f in self.fields)]

    # What it is made of

    def _gallery(self) -> Any:
        if self.form.own.pictures.most == 0:
            return gr.State(None)
        shown = gallery(self.form, self._workspace)
        add = gr.UploadButton("Add pictures", file_count="multiple", size="sm", elem_classes=["vs-add"])
        add.upload(
            self._take_pictures, [add, shown], [shown], show_progress="minimal", api_visibility="private"
        )
        return shown

    def _often(self) -> None:
        for title in self.form.groups:
            found = [field for field in self.fields if field.title == title and field.often]
            if found:
                with gr.Group(visible=title not in self._inside_titles) as group:
                    self._rows(found)
                self._groups[f"often {title}"] = group

    def _more(self) -> None:
        for title in self.form.groups:
            found = [field for field in self.fields if field.title == title and not field.often]
            is_result = title == list(self.form.groups)[-1]
            if found or is_result:
                seen = title not in self._inside_titles
                with gr.Accordion(f"More: {title.lower()}", open=False, visible=seen) as folded:
                    if is_result:
                        self._components["suffix"] = gr.Dropdown(
                            _SUFFIXES,
                            value=_AS_INPUT,
                            label="File type",
                            info="How the result is stored.",
                            elem_classes=["vs-field"],
                        )
                    self._rows(found)
                self._groups[f"more {title}"] = folded

    def _rows(self, found: Sequence[Field]) -> None:
        for at in range(0, len(found), 2):
            with gr.Row(equal_height=True):
                for field in found[at : at + 2]:
                    self._components[field.name] = field.component(self._workspace)

    def _files(self) -> None:
        """What is uploaded for the fields that name files."""
        named = [field for field in self.fields if field.is_file]
        shown = [self._components[field.name] for field in named]
        if not named:
            return
        with gr.Row():
            add = gr.UploadButton("Add files: maps, masks, weights", file_count="multiple", size="sm")
            add_set = gr.UploadButton("Add a folder of pictures", file_count="directory", size="sm")

        def updates() -> list[Any]:
            return [gr.update(choices=field.files(self._workspace)) for field in named]

        def take(uploaded: list[str] | None) -> list[Any]:
            for path in uploaded or ():
                self._workspace.take("files", path)
            return updates()

        def take_set(uploaded: list[str] | None) -> list[Any]:
            if uploaded:
                self._workspace.take_set(uploaded, _folder_name(uploaded))
            return updates()

        for button, taken in ((add, take), (add_set, take_set)):
            button.upload(told(taken), [button], shown, show_progress="minimal", api_visibility="private")

    # What is done

    def _take_pictures(self, uploaded: list[str] | None, shown: Any) -> Any:
        def take() -> Any:
            added = []
            for path in uploaded or ():
                read_picture(path)  # told at once where it is none
                added.append(f"pictures/{self._workspace.take('pictures', path).name}")
            chosen = added[-1:] if self.form.own.pictures.most == 1 else [*chosen_in(shown), *added]
            plain = [name for name in chosen if not name.startswith("look:")]
            return value_of(self.form, self._workspace, plain)

        return told(take)()

    def with_look(self, shown: Any) -> list[Any]:
        """Which groups are seen: some mean nothing where a look is chosen, some something only there."""
        has_look = any(name.startswith("look:") for name in chosen_in(shown))
        inside = self._inside_titles
        own = {self.form.own.title, *([taught.title] if (taught := self.form.own.taught) else [])}
        found = []
        for key in self._groups:
            title = key.partition(" ")[2]
            seen = has_look if title in inside else not has_look if title in own else True
            found.append(gr.update(visible=seen))
        return found

    def _inside(self) -> list[Command]:
        return [own for own in map(command, METHODS) if own.within == self.form.method]

    @property
    def _inside_titles(self) -> set[str]:
        return {own.title for own in self._inside()}

    @property
    def groups(self) -> list[Any]:
        """The components that `with_look` tells of."""
        return list(self._groups.values())

    def asked(self, clip: str | None, shown: Sequence[Any]) -> Asked:
        """What the form asks for; shown: what its inputs hold. Raises UsageError."""
        picked, _, *held = shown
        values = {f.name: f.text(value) for f, value in zip(self.fields, held, strict=True)}
        values = located(self._workspace, self.form, values)
        pictures, look = chosen_files(self._workspace, picked)
        values |= {own.asked: look for own in self._inside()}
        source = self._workspace.inside(clip) if clip else None
        return ask(self.form, self._workspace, source, pictures, values)

    def output_name(self, asked: Asked, shown: Sequence[Any]) -> str:
        """The name of the result."""
        suffix, source = shown[1], asked.source
        if source is None:
            moving = asked.options[0].frames > 1
            return f"{self.form.name}{suffix if suffix in _SUFFIXES[1:] else '.mp4' if moving else '.png'}"
        chosen = suffix if suffix in _SUFFIXES[1:] else likewise_suffix(source)
        return f"{source.stem}-{self.form.name}{chosen}"

    def problems(self, clip: Any, frame: Any, *shown: Any) -> list[Any]:
        """For Gradio: what is wrong in which of the fields."""
        lines = [field.problem(value) for field, value in zip(self.fields, shown[2:], strict=True)]
        return [gr.validate(not line, line) for line in ("", "", "", "", *lines)]


def _folder_name(uploaded: Sequence[str]) -> str:
    parents = {Path(path).parent.name for path in uploaded}
    return parents.pop() if len(parents) == 1 else "set"
