"""The commands. torch, cv2 and av are imported inside them, so that --help answers at once."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from vidstyle.cli.batch import batch
from vidstyle.cli.doctor import doctor
from vidstyle.cli.evaluate import evaluate
from vidstyle.cli.options import JsonProgress, Quiet, Verbose, collect, with_options
from vidstyle.cli.progress import Shown
from vidstyle.cli.work import work
from vidstyle.errors import UsageError
from vidstyle.job import JobStore, default_job_directory, job_named
from vidstyle.options import (
    FEATURE_SETS,
    AnalogyOptions,
    DfiOptions,
    EncodeOptions,
    FeaturesOptions,
    FlowOptions,
    NeuralOptions,
    RunOptions,
    TextureOptions,
    TextureRunOptions,
)
from vidstyle.plain import json_text
from vidstyle.text import printable

app = typer.Typer(
    help="Paint a video, or a picture, in the style of a picture.",
    epilog="A run may be stopped at any time; it goes on where it was with: vidstyle resume OUT.vidstyle",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Job = Annotated[
    Path, typer.Argument(metavar="JOB", help="The job: its result OUT, or its directory OUT.vidstyle.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"vidstyle {version('vidstyle')}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """The options that need no command."""


@app.command()
@with_options(Painting=NeuralOptions, Run=RunOptions, Result=EncodeOptions)
def style(
    input: Annotated[
        Path, typer.Argument(metavar="INPUT", help="A video, a picture, a folder of pictures or %04d.png.")
    ],
    styles: Annotated[list[Path], typer.Argument(metavar="STYLE", help="One or more style pictures.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="The result, likewise.")],
    *,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json_progress: JsonProgress = False,
    **values: Any,
) -> int:
    """Paint INPUT in the style of one or more pictures. The same command again goes on where it was."""
    shown = Shown(quiet, verbose, json_progress)
    return _paint(NeuralOptions, input, styles, output, values, shown)


Input = Annotated[
    Path, typer.Argument(metavar="INPUT", help="A video, a picture, a folder of pictures or %04d.png.")
]
Exemplar = Annotated[
    Path, typer.Argument(metavar="EXEMPLAR", help="A picture that shows what is like INPUT.")
]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="The result, likewise.")]


@app.command()
@with_options(Analogy=AnalogyOptions, Run=RunOptions, Result=EncodeOptions)
def analogy(
    input: Input,
    exemplar: Exemplar,
    output: Output,
    *,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json_progress: JsonProgress = False,
    **values: Any,
) -> int:
    """Paint INPUT from patches of EXEMPLAR that show what is like it (Deep Image Analogy)."""
    shown = Shown(quiet, verbose, json_progress)
    return _paint(AnalogyOptions, input, [exemplar], output, values, shown)


@app.command()
@with_options(Analogy=AnalogyOptions, Run=RunOptions, Result=EncodeOptions)
def colorize(
    input: Input,
    exemplar: Exemplar,
    output: Output,
    *,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json_progress: JsonProgress = False,
    **values: Any,
) -> int:
    """Colourise INPUT by EXEMPLAR: vidstyle analogy --color-only."""
    shown = Shown(quiet, verbose, json_progress)
    return _paint(AnalogyOptions, input, [exemplar], output, values | {"color_only": True}, shown)


@app.command()
@with_options(Edit=DfiOptions, Run=RunOptions, Result=EncodeOptions)
def dfi(
    input: Input,
    output: Output,
    *,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json_progress: JsonProgress = False,
    **values: Any,
) -> int:
    """Give INPUT what sets the pictures of TARGET apart from those of SOURCE (Deep Feature Interpolation)."""
    return _paint(DfiOptions, input, [], output, values, Shown(quiet, verbose, json_progress))


app.command()(batch)


@app.command()
@with_options(Texture=TextureOptions, Run=TextureRunOptions, Result=EncodeOptions)
def texture(
    styles: Annotated[list[Path], typer.Argument(metavar="STYLE", help="One or more style pictures.")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="OUT", help="A picture; a video or a folder for --frames."),
    ],
    *,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json_progress: JsonProgress = False,
    **values: Any,
) -> int:
    """Make a texture of any size that looks like one or more pictures; with --frames it moves and loops."""
    shown, run = Shown(quiet, verbose, json_progress), collect(TextureRunOptions, values).for_run()
    return _paint(TextureOptions, None, styles, output, values, shown, run)


@app.command()
def resume(
    job: Job, *, quiet: Quiet = False, verbose: Verbose = False, json_progress: JsonProgress = False
) -> int:
    """Go on with a job that was stopped or killed."""
    job = job_named(job)
    JobStore.load(job)  # a wrong directory is told before torch is imported

    def paint(**hooks: Any) -> Path:
        from vidstyle.pipeline import resume

        return resume(job, **hooks)

    return work(job, paint, Shown(quiet, verbose, json_progress))


def _paint(
    kind: type[Any],
    input: Path | None,
    styles: Sequence[Path],
    output: Path,
    values: Mapping[str, Any],
    shown: Shown,
    run: RunOptions | None = None,
) -> int:
    """Run the method whose options are of this kind; return the exit code. run: if not by the values."""
    options, encode = (collect(each, values) for each in (kind, EncodeOptions))
    run = run or collect(RunOptions, values)
    job = Path(run.job) if run.job else default_job_directory(output)

    def paint(**hooks: Any) -> Path:
        from vidstyle.pipeline import stylize

        return stylize(input, styles, output, options=options, run=run, encode=encode, **hooks)

    return work(job, paint, shown)


@app.command()
def status(job: Job, *, as_json: AsJson = False) -> None:
    """Show how far a job is. It may be running meanwhile."""
    job = job_named(job)
    store = JobStore.load(job)
    running, done = store.running, store.is_done(at_once=True)
    facts = {
        "job": str(job),
        "state": "running" if running else "done" if done else "stopped",
        "process": running,
        "painted": store.painted(),
        "total": _frames_in_all(store.settings),
        "passes": _passes(store.settings),
        "shots": store.shot_starts(),
        "output": str(store.done_output()) if done else store.settings.get("output"),
        "settings": store.settings,
    }
    typer.echo(json_text(facts) if as_json else _status_text(facts))


def _frames_in_all(settings: Mapping[str, Any]) -> int | None:
    """How often a frame is painted in all passes, by the settings of a job; None where it is not known."""
    total = settings.get("total")
    return total * _passes(settings) if isinstance(total, int) else None


def _passes(settings: Mapping[str, Any]) -> int:
    passes = settings.get("passes")
    return passes if isinstance(passes, int) else 1


def _status_text(facts: dict[str, Any]) -> str:
    if facts["state"] == "done":
        return printable(f"done: {facts['output']}")
    count = str(facts["painted"]) + (f" of {facts['total']}" if facts["total"] else "")
    passes = f" in {facts['passes']} passes" if facts["passes"] > 1 else ""
    lines = [f"{count} frames painted{passes}; shots found so far: {len(facts['shots'])}"]
    if facts["state"] == "running":
        lines.append(f"running: process {facts['process']}")
    else:
        lines.append(f"stopped; go on with: {shlex.join(['vidstyle', 'resume', facts['job']])}")
    return "\n".join(map(printable, lines))


app.command()(evaluate)
app.command()(doctor)


@app.command()
@with_options(Flow=FlowOptions)
def flow(
    input: Annotated[
        Path | None,
        typer.Argument(
            metavar="INPUT", help="A video, a folder of pictures or %04d.png.", show_default=False
        ),
    ] = None,
    *,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="Folder for the files; MASK.pgm with --check."),
    ],
    check: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="FLOW.flo REVERSE.flo",
            help="Instead: judge one flow file by that of the opposite direction, as the released program of "
            "Ruder et al. does.",
            show_default=False,
        ),
    ] = None,
    quiet: Quiet = False,
    json_progress: JsonProgress = False,
    **values: Any,
) -> int:
    """Write the optical flow of INPUT: .flo files, masks of where it holds, a picture of each.

    The same command again goes on where it was. `vidstyle style --flow-dir DIR` reads the files.
    """
    options = collect(FlowOptions, values)
    if (input is None) == (check is None):
        raise UsageError("flow takes INPUT, or --check FLOW.flo REVERSE.flo; see vidstyle flow --help")
    if check is not None:
        from vidstyle.pipeline.flow_files import judge

        judge(*check, output, overwrite=options.overwrite)
        return 0

    def write(**hooks: Any) -> Path:
        from vidstyle.pipeline.flow_files import write_flow

        return write_flow(Path(str(input)), output, options=options, **hooks)

    return work(None, write, Shown(quiet, False, json_progress))


@app.command()
@with_options(Features=FeaturesOptions)
def features(*, as_json: AsJson = False, **values: Any) -> None:
    """Show which weights of the feature network are used, which there are, and whether they are whole."""
    from vidstyle.features import weights

    options = collect(FeaturesOptions, values)
    if options.fetch:
        weights.fetch_torchvision(notice=lambda line: typer.echo(line, err=True))
    facts = weights.describe(weights.find(options.features, fetch=False))
    sets = {name: weights.survey(name) for name in FEATURE_SETS}
    if as_json:
        typer.echo(json_text({**facts, "sets": sets}))
        return
    lines = [f"{name}: {value}" for name, value in facts.items()]
    lines += ["", *(f"{name}: {weights.in_one_line(each)}" for name, each in sets.items())]
    typer.echo("\n".join(map(printable, lines)))
