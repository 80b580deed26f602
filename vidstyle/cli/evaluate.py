"""The command that measures painted clips. torch and matplotlib are imported inside it, for a fast --help."""

from __future__ import annotations

import io
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from vidstyle.atomic import write_whole
from vidstyle.cli.options import JsonProgress, Quiet, with_options
from vidstyle.cli.progress import make_reporter
from vidstyle.errors import OutputError, UsageError
from vidstyle.events import Hooks
from vidstyle.options import EvaluateOptions
from vidstyle.options.written import collect
from vidstyle.plain import json_text

if TYPE_CHECKING:
    from vidstyle.evaluation import Evaluation

_STDOUT = Path("-")
_READABLE = 110  # columns of a line of prose
_WIDE = 200  # columns, where there is no terminal to fit


@with_options(Measuring=EvaluateOptions)
def evaluate(
    original: Annotated[
        Path, typer.Argument(metavar="ORIGINAL", help="The clip that was painted: a video, a folder...")
    ],
    stylized: Annotated[
        list[Path], typer.Argument(metavar="STYLIZED", help="One or more painted clips, to compare.")
    ],
    *,
    style: Annotated[
        list[Path] | None,
        typer.Option("--style", metavar="PIC", help="A style picture, for the style loss (repeat for more)."),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Every figure as JSON; - is stdout.")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="One page with the table, plots and the worst frames."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a FILE that exists.")] = False,
    quiet: Quiet = False,
    json_progress: JsonProgress = False,
    **values: Any,
) -> None:
    """Measure how steady painted clips are, and how like the style, beside the clip they were made from."""
    options = collect(EvaluateOptions, values)
    styles = style or []
    _check(json_file, html, [original, *stylized, *styles], overwrite)
    if json_progress and json_file == _STDOUT:
        raise UsageError("--json - and --json-progress both write to stdout; give one a file")
    reporter = make_reporter(quiet=quiet, as_json=json_progress)
    with closing(reporter):
        from vidstyle.evaluation import evaluate

        found = evaluate(
            original,
            stylized,
            styles=styles,
            options=options,
            hooks=Hooks(progress=reporter.progress, notice=reporter.notice),
        )
    if not (quiet or json_progress or json_file == _STDOUT):
        _show(found)
    if json_file == _STDOUT:
        typer.echo(json_text(found.to_json()))
    elif json_file:
        write_whole(json_file, f"{json_text(found.to_json())}\n".encode())
    if html:
        from vidstyle.evaluation.page import page

        write_whole(html, page(found).encode())
    if json_progress and (result := html or json_file):
        reporter.finished(result)


def _check(json_file: Path | None, html: Path | None, inputs: list[Path], overwrite: bool) -> None:
    """Before anything is measured: the files can be written, and nothing is replaced unasked."""
    if html == _STDOUT:
        raise UsageError("--html takes the name of a file; only --json can be - for stdout")
    if json_file is not None and json_file == html:
        raise UsageError(f"--json and --html are both {html}; give two names")
    for output in (json_file, html):
        if output is None or output == _STDOUT:
            continue
        if output.is_dir():
            raise OutputError(f"{output} is a folder; give the name of a file")
        if not output.parent.is_dir():
            raise OutputError(f"{output} cannot be written: there is no folder {output.parent}")
        from vidstyle.video.formats import check_spared

        check_spared(output, inputs, overwrite)


def _show(found: Evaluation) -> None:
    """The table on stdout, the clips side by side."""
    from vidstyle.evaluation.table import HOW_TO_READ, remark, rows, summary

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without a minus sign is no reason to fail
    console = Console(
        highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else _WIDE
    )
    table = Table("measure", "unit", header_style="bold", box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for name in found.names:
        table.add_column(name, justify="right", overflow="fold")
    for row in rows(found):
        if row.group:
            table.add_section()
            table.add_row()
            table.add_row(row.group, style="bold")
        table.add_row(row.label, row.unit, *row.cells)
    console.print(summary(found))
    console.print(table)
    console.print()
    for line in filter(None, (remark(found), HOW_TO_READ)):
        console.print(line, style="dim", width=min(console.width, _READABLE))
