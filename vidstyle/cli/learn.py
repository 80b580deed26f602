"""The commands that make looks, and list those that there are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from vidstyle.cli.options import JsonProgress, Quiet, Verbose, with_options
from vidstyle.cli.progress import Shown
from vidstyle.cli.work import work
from vidstyle.errors import UsageError
from vidstyle.events import Hooks
from vidstyle.job import default_job_directory
from vidstyle.options.learning import LearnOptions
from vidstyle.options.written import collect
from vidstyle.plain import json_text
from vidstyle.text import printable


@with_options(Learning=LearnOptions)
def learn(
    styles: Annotated[list[Path], typer.Argument(metavar="STYLE...", help="One or more style pictures.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="LOOK", help="The file that is learnt: .safetensors.")
    ],
    *,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json_progress: JsonProgress = False,
    **values: Any,
) -> int:
    """Teach a small network the look of a style: it paints a frame in hundredths of a second.

    `vidstyle style INPUT --look LOOK -o OUT` paints with it. The same command again goes on where it was.
    """
    options = collect(LearnOptions, values)
    job = Path(options.job) if options.job else default_job_directory(output)

    def teach(hooks: Hooks) -> Path:
        from vidstyle.learning.learn import learn

        return learn(styles, output, options=options, hooks=hooks)

    return work(job, teach, Shown(quiet, verbose, json_progress))


def looks(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="LOOK...", help="Files made by vidstyle learn.", show_default=False),
    ] = None,
    *,
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE.onnx", help="Write the network of one LOOK for ONNX Runtime, too."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
) -> None:
    """List the looks that come with the package, or tell what is in some files."""
    from vidstyle.learning.looks import described, files_of, shipped

    paths = files_of(files or ())
    if export is not None:
        if len(paths) != 1:
            raise UsageError("--export takes one LOOK: vidstyle looks LOOK --export FILE.onnx")
        from vidstyle.learning.onnx import export_onnx

        export_onnx(paths[0], export)
    found = [described(path) for path in paths] if paths else shipped()
    if as_json:
        typer.echo(json_text({"looks": found}))
        return
    for facts in found:
        how = {**facts["made"], "size": facts["size"]}
        told = ", ".join(f"{key} {value}" for key, value in how.items())
        told += "" if facts["flow"] else ", without flow"
        typer.echo(printable(f"{facts['name']}: {told}; sha256 {facts['digest'][:12]}"))
