"""What is asked for on the page, as the command that does it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from vidstyle.errors import UsageError
from vidstyle.methods.registry import METHODS, asked_for, command
from vidstyle.options import EncodeOptions, files_read, files_written
from vidstyle.options.base import Command
from vidstyle.options.written import arguments, collect
from vidstyle.studio.workspace import Workspace

OWN = ("job", "overwrite", "restart")
"""What the studio sees to itself, and the page does not ask."""


@dataclass(frozen=True)
class Form:
    """What one tab of the page asks for: the command of a method, or a preset of it.

    name: of the command. method: in the registry. preset: what it sets.
    """

    name: str
    method: str
    help: str
    preset: Mapping[str, Any]

    @property
    def own(self) -> Command:
        """How its method is called."""
        return command(self.method)

    @property
    def groups(self) -> dict[str, type[Any]]:
        """The dataclasses of its options, by their titles."""
        inside = [each for each in map(command, METHODS) if each.within == self.method]
        found = {self.own.title: self.own.options, **{each.title: each.options for each in inside}}
        if self.own.taught is not None:
            found[self.own.taught.title] = self.own.taught
        return {**found, "Run": self.own.run, "Result": EncodeOptions}


def forms() -> list[Form]:
    """All of them, in the registry's order."""
    found = []
    for name in METHODS:
        own = command(name)
        if not own.within:
            found.append(Form(name, name, own.help, {}))
            found += [Form(called, name, *given) for called, given in own.presets.items()]
    return found


@dataclass(frozen=True)
class Asked:
    """A form that was filled in, and is right.

    options: the dataclasses of its method's group, of the run, of the result and of what it learns.
    """

    form: Form
    source: Path | None
    pictures: tuple[Path, ...]
    options: tuple[Any, ...]

    def arguments(self, output: Path | str) -> list[str]:
        """The command line after `vidstyle`."""
        own = [arguments(each) for each in self.options]
        paths = [str(path) for path in (self.source, *self.pictures) if path is not None]
        given = [word for words in own for word in words if word not in _flags(self.form.preset)]
        return [self.form.name, *paths, "-o", str(output), *given]

    def value(self, name: str, default: Any = None) -> Any:
        """Of the first of its options that has such a field."""
        return next((getattr(each, name) for each in self.options if hasattr(each, name)), default)

    @property
    def shows_in_one_frame(self) -> bool:
        """Whether one frame tells what it will look like: not where others are named by their numbers."""
        specs = [spec for each in self.options for spec in fields(each)]
        return not any((spec.metadata["metavar"] or "").startswith("FRAME=") for spec in specs)

    @property
    def method(self) -> str:
        """That paints."""
        return asked_for(self.form.method, {s: self.value(s) for s in _asking(self.form.method)})


def _asking(method: str) -> list[str]:
    return [own.asked for own in map(command, METHODS) if own.within == method]


def _flags(preset: Mapping[str, Any]) -> set[str]:
    return {"--" + name.replace("_", "-") for name in preset}


def ask(
    form: Form,
    workspace: Workspace,
    source: Path | None,
    pictures: Sequence[Path],
    values: Mapping[str, Any],
) -> Asked:
    """What a form asks for. values: texts of all its fields, by name, as for `collect`.

    Raises UsageError, in one line, where a value is wrong, something is missing, or a file lies elsewhere.
    """
    given = {**values, **form.preset, "job": None, "overwrite": False, "restart": False}
    given |= dict.fromkeys(form.own.instead)  # what the command could do other than paint
    method = asked_for(form.method, given)
    own = command(method)
    if own.source and source is None:
        raise UsageError("choose a clip or a picture first")
    if method == form.method:
        own.pictures.check(form.name, len(pictures))
    else:
        pictures = ()
    kinds = [own.options, own.run, EncodeOptions, *filter(None, [own.taught])]
    options = tuple(collect(kind, given) for kind in kinds)
    for each in options:
        workspace.check_inside([*files_read(each), *files_written(each)])
    workspace.check_inside([*pictures, *filter(None, [source])])
    return Asked(form, source if own.source else None, tuple(pictures), options)


def command_line(words: Sequence[str]) -> str:
    """To be pasted into a terminal."""
    return shlex.join(["vidstyle", *words])
