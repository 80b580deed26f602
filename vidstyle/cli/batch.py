"""The command that paints many pictures and clips in many styles."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidstyle.batches import METHOD
from vidstyle.cli.options import JsonProgress, Quiet, Verbose, with_options
from vidstyle.cli.progress import Shown
from vidstyle.cli.work import EXIT_FAILED, work
from vidstyle.errors import UsageError
from vidstyle.events import Hooks
from vidstyle.methods.registry import command
from vidstyle.options import EncodeOptions, RunOptions
from vidstyle.options.written import collect

if TYPE_CHECKING:
    from vidstyle.batches.jobs import BatchJob

_PAINTED_BY = command(METHOD).options


@with_options(Painting=_PAINTED_BY, Run=RunOptions, Result=EncodeOptions)
def batch(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...",
            help="Pictures and videos, folders of such, img_%04d.png or '*.jpg': each is painted on its own.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="For the results: INPUT_STYLE.SUFFIX.")
    ],
    *,
    style: Annotated[
        list[Path] | None,
        typer.Option("--style", metavar="PICTURE", help="A style, or a folder of styles (repeat for more)."),
    ] = None,
    grid: Annotated[
        Path | None,
        typer.Option(
            "--grid", metavar="SHEET", help="Also a picture of all: inputs in rows, styles in columns."
        ),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json_progress: JsonProgress = False,
    **values: Any,
) -> int:
    """Paint every INPUT in every style, each as a job of its own. The same command again goes on."""
    if not style:
        raise UsageError("give at least one style picture: --style PICTURE; see vidstyle batch --help")
    options, run, encode = (collect(kind, values) for kind in (_PAINTED_BY, RunOptions, EncodeOptions))
    shown = Shown(quiet, verbose, json_progress)
    ended: list[BatchJob] = []

    reporter = shown.reporter()

    def paint(hooks: Hooks) -> Path | None:
        from vidstyle.batches.jobs import batch

        given = {"options": options, "run": run, "encode": encode, "each": reporter.job}
        ended.extend(batch(inputs, style, output, grid=grid, hooks=hooks, **given))
        return None if all(job.error for job in ended) else output

    code = work(None, paint, shown, "--restart", reporter)
    return code or _summary(ended, shown)


def _summary(ended: list[BatchJob], shown: Shown) -> int:
    """Say on stderr how the jobs ended; return the exit code."""
    counts = {state: sum(job.state == state for job in ended) for state in ("painted", "done", "failed")}
    words = {"painted": "painted", "done": "done before", "failed": "failed"}
    told = ", ".join(f"{counts[state]} {word}" for state, word in words.items() if counts[state])
    if not (shown.quiet or shown.as_json):
        sys.stderr.write(f"{told}, of {len(ended)}\n")
    if not shown.as_json:
        for line in dict.fromkeys(job.error for job in ended if job.error):
            sys.stderr.write(f"vidstyle: {line}\n")
    return EXIT_FAILED if counts["failed"] else 0
