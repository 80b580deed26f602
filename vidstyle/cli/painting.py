"""A command for every painting method, derived from what it says of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from vidstyle.cli.options import JsonProgress, Quiet, Verbose, collect, required, with_options
from vidstyle.cli.progress import Shown
from vidstyle.cli.work import work
from vidstyle.events import Hooks
from vidstyle.job import default_job_directory
from vidstyle.methods.registry import command
from vidstyle.options import EncodeOptions
from vidstyle.options.base import Command

_INPUT = Annotated[
    Path, typer.Argument(metavar="INPUT", help="A video, a picture, a folder of pictures or %04d.png.")
]
_LIKEWISE = "The result, likewise."
_MADE = "A picture; a video or a folder for --frames."


def painting_commands(method: str) -> Iterator[tuple[str, Callable[..., int]]]:
    """The commands of a method and their names: its own, and those of its presets."""
    own = command(method)
    yield method, _painting(own, own.help, {})
    for name, (help, values) in own.presets.items():
        yield name, _painting(own, help, values)


def _painting(own: Command, help: str, preset: Mapping[str, Any]) -> Callable[..., int]:
    def paint(
        *,
        quiet: Quiet = False,
        verbose: Verbose = False,
        json_progress: JsonProgress = False,
        **values: Any,
    ) -> int:
        return _run(own, {**values, **preset}, Shown(quiet, verbose, json_progress))

    paint.__doc__ = help
    groups = {own.title: own.options, "Run": own.run, "Result": EncodeOptions}
    return with_options(**groups)(required(**_arguments(own))(paint))


def _arguments(own: Command) -> dict[str, Any]:
    """What a command needs beside its options, by name: its type, as Typer takes it."""
    found: dict[str, Any] = {"input": _INPUT} if own.source else {}
    if own.pictures.most != 0:
        kind = Path if own.pictures.most == 1 else list[Path]
        argument = typer.Argument(metavar=own.pictures.metavar, help=own.pictures.help)
        found["pictures"] = Annotated[kind, argument]
    help = _LIKEWISE if own.source else _MADE
    found["output"] = Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help=help)]
    return found


def _run(own: Command, values: Mapping[str, Any], shown: Shown) -> int:
    """Run the method with what was given on the command line; return the exit code."""
    options, run, encode = (collect(kind, values) for kind in (own.options, own.run, EncodeOptions))
    run = run.for_run() if hasattr(run, "for_run") else run
    output: Path = values["output"]
    pictures = values.get("pictures") or []

    def paint(hooks: Hooks) -> Path:
        from vidstyle.pipeline import stylize

        return stylize(
            values.get("input"),
            [pictures] if isinstance(pictures, Path) else pictures,
            output,
            options=options,
            run=run,
            encode=encode,
            hooks=hooks,
        )

    return work(Path(run.job) if run.job else default_job_directory(output), paint, shown)
