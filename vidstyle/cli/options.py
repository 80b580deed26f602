"""The command line's options, derived from the dataclasses that hold their defaults.

A field may be a bool, int, float or str, one of these or None, or a tuple of one of these. In its metadata:
help, choices, metavar, and flag (a short name).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import Field, fields
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import typer

from vidstyle.options.base import called, option_name
from vidstyle.options.written import kind_of

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Show nothing but errors.", rich_help_panel="Display")
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Show how the losses of every frame fell.", rich_help_panel="Display"
    ),
]
JsonProgress = Annotated[
    bool,
    typer.Option(
        "--json-progress",
        help="One JSON object per event and line on stdout, for programs.",
        rich_help_panel="Display",
    ),
]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def with_options(**groups: type[Any]) -> Callable[[_Command], _Command]:
    """Give a command one option for every field of some dataclasses, in place of its `**values`.

    groups: the title of a panel in --help, and what is shown in it. Every field reaches the command under its
    own name, as text (a bool as a bool); `collect` makes the dataclasses out of them.
    """

    def decorate(command: _Command) -> _Command:
        signature = inspect.signature(command, eval_str=True)
        own = list(signature.parameters.values())
        first = [p for p in own if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
        last = [p for p in own if p.kind is inspect.Parameter.KEYWORD_ONLY]
        derived = [
            _parameter(title, spec, get_type_hints(options)[spec.name])
            for title, options in groups.items()
            for spec in fields(options)
        ]
        command.__signature__ = signature.replace(parameters=[*first, *derived, *last])  # type: ignore[attr-defined]
        return command

    return decorate


def required(**arguments: Any) -> Callable[[_Command], _Command]:
    """Give a command what it needs beside its options: by name, the annotated type; in `**values`.

    What may be None comes last.
    """

    def decorate(command: _Command) -> _Command:
        signature = inspect.signature(command, eval_str=True)
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        first = [
            inspect.Parameter(name, kind, annotation=given, default=_absent(get_args(given)[0]))
            for name, given in arguments.items()
        ]
        command.__signature__ = signature.replace(parameters=[*first, *signature.parameters.values()])  # type: ignore[attr-defined]
        return command

    return decorate


def _absent(hint: Any) -> Any:
    """The default of what may be left out; none for what may not."""
    return None if type(None) in get_args(hint) else inspect.Parameter.empty


def as_text(*kinds: type[Any]) -> dict[str, Any]:
    """The options of some dataclasses as `with_options` brings them to a command where none is given."""
    return {
        spec.name: _parameter("", spec, get_type_hints(kind)[spec.name]).default
        for kind in kinds
        for spec in fields(kind)
    }


def _parameter(title: str, spec: Field[Any], hint: Any) -> inspect.Parameter:
    kind, several = kind_of(hint)
    name = called(spec)
    if spec.default is True:
        name += "/" + option_name(f"no_{spec.name}")
    default: Any = spec.default
    if several:
        default = [str(value) for value in default]
    shown = "" if default in (None, []) else default if several else str(default)
    option = typer.Option(
        *filter(None, [name, spec.metadata.get("flag")]),
        help=spec.metadata["help"],
        metavar=None if kind is bool else _metavar(spec, kind, several),
        show_default=spec.default is True if kind is bool else bool(shown),
        rich_help_panel=title,
    )
    text = list[str] if several else str
    return inspect.Parameter(
        spec.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=spec.default if kind is bool else shown or None,
        annotation=Annotated[bool if kind is bool else text | None, option],
    )


def _metavar(spec: Field[Any], kind: type, several: bool) -> str:
    choices = "|".join(spec.metadata.get("choices") or ())
    word = ("NAME" if kind is str else "NUMBER") + (",..." if several else "")
    return spec.metadata.get("metavar") or choices or word
