"""A command for every painting method, derived from what it says of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from vidstyle.cli.options import JsonProgress, Quiet, Verbose, as_text, required, with_options
from vidstyle.cli.progress import Shown
from vidstyle.cli.work import work
from vidstyle.errors import UsageError
from vidstyle.events import Hooks, Notice
from vidstyle.job import default_job_directory
from vidstyle.methods.registry import METHODS, asked_for, command, instead, lenders
from vidstyle.options import EncodeOptions
from vidstyle.options.base import Command, called, option_name, part_of
from vidstyle.options.farm import FarmOptions
from vidstyle.options.written import collect

if TYPE_CHECKING:
    from vidstyle.pipeline.plan import Request

_INPUT = Annotated[
    Path, typer.Argument(metavar="INPUT", help="A video, a picture, a folder of pictures or %04d.png.")
]
_LIKEWISE = "The result, likewise."
_MADE = "A picture; a video or a folder for --frames."


@dataclass(frozen=True)
class Asked:
    """What a command that paints was given.

    method: whose command it is. source: None for one that makes pictures from none. taught: how a network
    learns it first, where the method knows of that.
    """

    method: str
    source: Path | None
    pictures: Sequence[Path]
    output: Path
    options: Any
    run: Any
    encode: EncodeOptions
    taught: Any | None

    @property
    def job(self) -> Path:
        """Its directory."""
        return Path(self.run.job) if self.run.job else default_job_directory(self.output)

    def request(self, notice: Notice) -> Request:
        """The same for the pipeline."""
        from vidstyle.pipeline.plan import Request

        return Request(self.source, self.pictures, self.output, self.options, self.run, self.encode, notice)


Do = Callable[[Asked, Shown, Mapping[str, Any]], int]
"""Does what was asked for, also by the values of the command's further options; returns the exit code."""


def painting_commands(method: str) -> Iterator[tuple[str, Callable[..., int]]]:
    """The commands of a method and their names: its own, and those of its presets."""
    return commands_of(method, _paint, {"Machines": FarmOptions} if command(method).source else {})


def commands_of(
    method: str, do: Do, further: Mapping[str, type[Any]]
) -> Iterator[tuple[str, Callable[..., int]]]:
    """Commands that take what the method does, and do something with it.

    further: the titles of further options, and the dataclasses of these.
    """
    own = command(method)
    if own.within:
        return
    yield method, _command(method, own.help, {}, method, do, further)
    for name, (help, values) in own.presets.items():
        yield name, _command(method, help, values, name, do, further)


def _within(method: str) -> list[Command]:
    """The methods that the command of this one calls, each by an option of its own."""
    return [own for own in map(command, METHODS) if own.within == method]


def _command(
    method: str, help: str, preset: Mapping[str, Any], name: str, do: Do, further: Mapping[str, type[Any]]
) -> Callable[..., int]:
    """The command `name`. preset: options that it sets."""
    own, lent = command(method), {lender: each.lent[name] for lender, each in lenders(name)}
    otherwise = next((lender for lender, each in lenders(name) if each.otherwise == name), None)

    def paint(
        *,
        quiet: Quiet = False,
        verbose: Verbose = False,
        json_progress: JsonProgress = False,
        **values: Any,
    ) -> int:
        given = values
        lender = next((each for each, names in lent.items() if any(values[name] for name in names[:2])), None)
        if lender is None and not values.get("pictures"):
            lender = otherwise
        if lender is not None:
            values = _as_lent(method, lender, lent[lender], values)
        asked = _asked(lender or method, {**values, **preset})
        return do(asked, Shown(quiet, verbose, json_progress), given)

    paint.__doc__ = help
    inside = {each.title: each.options for each in _within(method)}
    groups = {own.title: own.options, **inside, "Run": own.run, "Result": EncodeOptions}
    if own.taught is not None:
        groups[own.taught.title] = own.taught
    for lender, names in lent.items():
        groups[f"Or with --{names[0]}"] = part_of(command(lender).options, names)
    arguments = required(**_arguments(own, optional=bool(inside or lent)))
    return with_options(**groups, **further)(arguments(paint))


def _arguments(own: Command, optional: bool) -> dict[str, Any]:
    """What a command needs beside its options, by name: its type, as Typer takes it.

    optional: whether pictures are, because a method within the command does without.
    """
    help = _LIKEWISE if own.source else _MADE
    found: dict[str, Any] = {"input": _INPUT} if own.source else {}
    found["output"] = Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help=help)]
    if own.pictures.most != 0:
        kind: Any = Path if own.pictures.most == 1 else list[Path]
        argument = typer.Argument(metavar=own.pictures.metavar, help=own.pictures.help)
        found["pictures"] = Annotated[kind | None if optional else kind, argument]
    return found


def _asked(method: str, values: Mapping[str, Any]) -> Asked:
    """What was given on the command line of a method. Raises UsageError."""
    name = asked_for(method, values)
    own = command(name)
    if name != method:
        _refuse_both(command(method), own, values)
    options, run, encode = (collect(kind, values) for kind in (own.options, own.run, EncodeOptions))
    pictures = values.get("pictures") or []
    return Asked(
        method=method,
        source=values.get("input"),
        pictures=[pictures] if isinstance(pictures, Path) else pictures,
        output=values["output"],
        options=options,
        run=run.for_run() if hasattr(run, "for_run") else run,
        encode=encode,
        taught=None if own.taught is None else collect(own.taught, values),
    )


def _paint(asked: Asked, shown: Shown, values: Mapping[str, Any]) -> int:
    farm = collect(FarmOptions, values) if "on" in values else FarmOptions()
    if (other := instead(asked.method, asked.options)) is not None:
        do, value = other
        given = asked.source, asked.output, value, asked.run
        return work(None, lambda hooks: cast(Path, do(*given, hooks)), shown)

    def paint(hooks: Hooks) -> Path:
        from vidstyle.farm.film import paint_film

        return paint_film(asked.request(hooks.tell), asked.taught, farm, hooks)

    if farm.on is not None:  # it goes on by the same command
        return work(None, paint, shown, "--restart")
    return work(asked.job, paint, shown)


def _as_lent(method: str, lender: str, names: Sequence[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """What was given to a command of `method` as that of `lender` takes it. names: the options that it lends.

    Raises UsageError for what means nothing to it.
    """
    host, own = command(method), command(lender)
    asked = next((option_name(name) for name in names if values[name]), None)
    if asked and values.get("pictures"):
        raise UsageError(f"{asked} takes the place of an exemplar; give the one or the other")
    found = as_text(own.options, own.run, *filter(None, [own.taught]))
    given = {name: values[name] for name in (*names, "input", "output")}
    given |= {spec.name: values[spec.name] for spec in fields(EncodeOptions)}
    for kind in (host.options, host.run):
        options, usual = collect(kind, values), kind()
        for spec in fields(usual):
            if getattr(options, spec.name) == getattr(usual, spec.name):
                continue
            if spec.name not in found:
                how = f"with {asked}" if asked else "without an exemplar"
                raise UsageError(f"{called(spec)} does nothing {how}; leave it out")
            given[spec.name] = values[spec.name]
    return found | given


def _refuse_both(host: Command, own: Command, values: Mapping[str, Any]) -> None:
    """Raise UsageError for what only the method means that `own` takes the place of."""
    asked = option_name(own.asked)
    if values.get("pictures"):
        raise UsageError(f"{asked} takes the place of style pictures; give the one or the others")
    for kind in filter(None, (host.options, host.taught)):
        given, usual = collect(kind, values), kind()
        for spec in fields(usual):
            if getattr(given, spec.name) != getattr(usual, spec.name):
                raise UsageError(f"{called(spec)} does nothing with {asked}; leave it out")
