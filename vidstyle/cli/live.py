"""The command that paints what a camera sees."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from vidstyle.cli.options import JsonProgress, Quiet, with_options
from vidstyle.cli.progress import Shown
from vidstyle.cli.work import work
from vidstyle.events import Hooks
from vidstyle.options.live import LiveOptions
from vidstyle.options.written import collect


@with_options(Painting=LiveOptions)
def live(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A camera (camera, camera:1, 0, /dev/video0; on Windows also camera:NAME) or a file.",
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="OUT", help="Also write it into this file.", show_default=False
        ),
    ] = None,
    quiet: Quiet = False,
    json_progress: JsonProgress = False,
    **values: Any,
) -> int:
    """Paint a camera, or a film, as it comes, into a window: n and p change the look, q or Escape ends it.

    Frames are dropped rather than shown late; a file plays at its own pace. With a file, -o and --no-window
    every frame is painted, as fast as possible.
    """
    options = collect(LiveOptions, values)

    def paint(hooks: Hooks) -> Path | None:
        from vidstyle.live.live import live

        return live(source, output, options=options, hooks=hooks)

    return work(None, paint, Shown(quiet, False, json_progress))
