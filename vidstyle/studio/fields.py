"""The fields of a form, made from the options classes: what each shows, and what is written in it as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field as Spec
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

import gradio as gr

from vidstyle.errors import UsageError
from vidstyle.methods.registry import METHODS, command
from vidstyle.options.base import check_value
from vidstyle.options.values import value_of
from vidstyle.options.written import kind_of, parsed
from vidstyle.studio.requests import OWN, Form
from vidstyle.studio.workspace import Workspace

DRAWN = ("MASK", "MAP", "MAP,...")
"""By its metavar: a picture that can be drawn in the page."""
_FOLDERS = ("SET", "DIR", "FOLDER")
_FEW = 4  # choices that are shown side by side


@dataclass(frozen=True)
class Field:
    """A field of one of a form's options. title: of its group."""

    title: str
    spec: Spec[Any]
    hint: Any

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def label(self) -> str:
        """style_scale -> Style scale"""
        return self.name.replace("_", " ").capitalize()

    @property
    def often(self) -> bool:
        """Whether it is in view, and not folded away."""
        return bool(self.spec.metadata["often"])

    @property
    def metavar(self) -> str:
        return self.spec.metadata["metavar"] or ""

    @property
    def is_file(self) -> bool:
        """Whether it names files that are read, and nothing around them."""
        meta = self.spec.metadata
        return bool(meta["parts"]) and meta["role"] != "written" and "=" not in self.metavar

    @property
    def is_drawn(self) -> bool:
        """Whether it can be drawn in the page."""
        return self.is_file and self.metavar in DRAWN

    def text(self, shown: Any) -> Any:
        """What the component holds, as the command line would have it: text, several, a bool or None."""
        kind, several = kind_of(self.hint)
        if kind is bool:
            return bool(shown)
        if several:
            items = shown if isinstance(shown, list) else str(shown or "").splitlines()
            return [text for text in (_plain(item) for item in items) if text]
        return _plain(shown) or None

    def problem(self, shown: Any) -> str:
        """What is wrong with what the component holds, in one line; empty where nothing is."""
        try:
            value = parsed(self.spec, self.hint, self.text(shown))
            check_value(self.spec, value_of(self.hint, value))
        except UsageError as error:
            return str(error)
        except TypeError as error:
            return f"it {error}"
        return ""

    def component(self, workspace: Workspace) -> gr.components.Component:
        """What shows it, with its help as a tooltip."""
        kind, several = kind_of(self.hint)
        meta: Any = self.spec.metadata
        default: Any = self.spec.default
        shared: dict[str, Any] = {
            "label": self.label,
            "info": meta["help"],
            "elem_classes": ["vs-field"],
            "elem_id": None,
        }
        if kind is bool:
            return gr.Checkbox(value=default, **shared)
        if self.is_file:
            return gr.Dropdown(
                self.files(workspace),
                value=list(default) if several else default or "",
                multiselect=several,
                allow_custom_value=True,
                **shared,
            )
        if meta["choices"]:
            few = len(meta["choices"]) <= _FEW
            return (gr.Radio if few else gr.Dropdown)(list(meta["choices"]), value=default, **shared)
        # Gradio has no empty number: it would be 0.
        if not several and kind in (int, float) and default is not None:
            return self._number(kind, shared)
        if "|" in self.metavar and kind is str:
            words = [word for word in self.metavar.split("|") if word.islower()]
            return gr.Dropdown(words, value=default, allow_custom_value=True, **shared)
        value = "\n".join(map(str, default)) if meta["whole"] else ",".join(map(str, default or ()))
        return gr.Textbox(
            value=value if several else default or "",
            placeholder=self.metavar or "automatic",
            lines=2 if meta["whole"] else 1,
            max_lines=6,
            **shared,
        )

    def _number(self, kind: type, shared: dict[str, Any]) -> gr.components.Component:
        meta: Any = self.spec.metadata
        default: Any = self.spec.default
        least, most = meta["minimum"], meta["maximum"]
        if kind is float and None not in (least, most):
            return gr.Slider(least, most, value=default, step=0.05, buttons=[], **shared)
        step = 1 if kind is int else 0.1
        return gr.Number(value=default, step=step, **shared)

    def files(self, workspace: Workspace) -> list[tuple[str, str]]:
        """What may be chosen for a field that names files: words, and what lies in the workspace."""
        metavar = self.metavar
        words = [word for word in metavar.split("|") if word.islower()]
        folders = ("sets",) if metavar in _FOLDERS else ("files", "pictures")
        if metavar in DRAWN:
            folders = ("files",)
        found = [("none", "")] if self.spec.default is None else []
        found += [(word, word) for word in words]
        for folder in folders:
            found += [(path.name, f"{folder}/{path.name}") for path in workspace.listed(folder)]
        return found


def _plain(shown: Any) -> str:
    if isinstance(shown, float) and shown.is_integer():
        return str(int(shown))
    return "" if shown is None else str(shown).strip()


def fields_of(form: Form) -> list[Field]:
    """All fields that a form shows, group by group; what the studio sees to, and its gallery, left out."""
    gallery = {own.asked for own in map(command, METHODS) if own.within == form.method}
    hidden = {*OWN, *gallery, *form.preset, *form.own.instead}
    found: dict[str, Field] = {}
    for title, kind in form.groups.items():
        hints = get_type_hints(kind)
        for spec in fields(kind):
            if spec.name not in hidden and spec.name not in found:
                found[spec.name] = Field(title, spec, hints[spec.name])
    return list(found.values())


def texts(form: Form, shown: Mapping[str, Any]) -> dict[str, Any]:
    """By the names of the fields, what `ask` takes. shown: what their components hold."""
    return {field.name: field.text(shown[field.name]) for field in fields_of(form)}


def located(workspace: Workspace, form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """The same with every file as it is found in the workspace, and what is written by its name alone."""
    found = dict(values)
    for field in fields_of(form):
        value, parts = values.get(field.name), field.spec.metadata["parts"]
        if not (parts and value):
            continue
        if field.spec.metadata["role"] == "written":
            found[field.name] = Path(value).name
            continue
        several = isinstance(value, list)
        each = [_located(workspace, parts, text) for text in (value if several else [value])]
        found[field.name] = each if several else each[0]
    return found


def _located(workspace: Workspace, parts: Any, text: str) -> str:
    cut = parts(text)
    cut[1::2] = [str(workspace.inside(path)) for path in cut[1::2]]
    return "".join(cut)
