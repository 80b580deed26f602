"""The commands by which any number of machines paint one film."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from vidstyle.cli.options import JsonProgress, Quiet, Verbose
from vidstyle.cli.painting import Asked, commands_of
from vidstyle.cli.progress import Shown
from vidstyle.cli.work import work
from vidstyle.errors import UsageError
from vidstyle.events import Hooks
from vidstyle.job import job_named
from vidstyle.methods.registry import METHODS, command, instead
from vidstyle.options.base import option_name
from vidstyle.options.farm import QueueOptions
from vidstyle.options.written import collect

if TYPE_CHECKING:
    from vidstyle.farm.queues import Tasks

_USUAL = "style"

Job = Annotated[
    Path, typer.Argument(metavar="JOB", help="What vidstyle shots has split: OUT, or OUT.vidstyle.")
]


class _ByMethod(TyperGroup):
    """Commands of which one is meant where none is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = [_USUAL, *args]
        return super().parse_args(ctx, args)


shots = typer.Typer(
    cls=_ByMethod,
    help="Split a clip into its shots, for many machines to paint: vidstyle shots INPUT STYLE... -o OUT; by "
    "another method with its name and arguments, vidstyle shots analogy INPUT EXEMPLAR -o OUT.",
    epilog="Prints a command for each shot, for any queue or shell, and then one that joins them. The same "
    "command again prints those that are left.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _split(asked: Asked, shown: Shown, values: Mapping[str, Any]) -> int:
    queue: QueueOptions = collect(QueueOptions, values)
    if instead(asked.method, asked.options) is not None:
        names = " or ".join(map(option_name, command(asked.method).instead))
        raise UsageError(f"{names} paints nothing; leave it out")
    reporter = shown.reporter()
    found: list[Tasks] = []

    def find(hooks: Hooks) -> None:
        from vidstyle.farm.queues import Tasks, check_queue
        from vidstyle.farm.split import described, split

        check_queue(queue, asked.job, asked.run.overwrite)
        if (parts := split(asked.request(hooks.tell), asked.taught, hooks)) is not None:
            hooks.tell(described(parts))
            found.append(Tasks.of(parts))

    code = work(None, find, shown, "--restart", reporter)
    for tasks in found:
        lines = tasks.written(queue)
        if shown.as_json:
            reporter.split(tasks.to_json())
        else:
            typer.echo("\n".join(lines))
    return code


for _method in METHODS:
    for _called, _command in commands_of(_method, _split, {"Commands": QueueOptions}):
        shots.command(_called)(_command)


def shot(
    job: Job,
    numbers: Annotated[
        list[int] | None,
        typer.Argument(
            metavar="NUMBER...",
            help="Which, from 1; without any, all that are missing and that nobody is painting.",
            show_default=False,
        ),
    ] = None,
    *,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json_progress: JsonProgress = False,
) -> int:
    """Paint shots of a job that vidstyle shots has split. A shot that is painted already is left as it is.

    Exit codes: 0 painted; 75 another process is painting it; 1 a file or the disk, 2 usage, 130 stopped: the
    same command goes on.
    """
    job = job_named(job)

    def paint(hooks: Hooks) -> None:
        from vidstyle.farm.shot import paint_shots

        paint_shots(job, numbers or None, hooks)

    return work(None, paint, Shown(quiet, verbose, json_progress))


def join(
    job: Job, *, quiet: Quiet = False, verbose: Verbose = False, json_progress: JsonProgress = False
) -> int:
    """Write the result of a job whose shots are all painted.

    Exit codes: 0 written; 75 shots are missing, which are named, or are being painted or joined; else as
    vidstyle shot.
    """
    job = job_named(job)

    def write(hooks: Hooks) -> Path:
        from vidstyle.farm.join import join

        return join(job, hooks)

    return work(None, write, Shown(quiet, verbose, json_progress))
