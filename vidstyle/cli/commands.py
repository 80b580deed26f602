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
from vidstyle.cli.farm import join, shot, shots
from vidstyle.cli.guide import guide
from vidstyle.cli.learn import learn, looks
from vidstyle.cli.live import live
from vidstyle.cli.options import JsonProgress, Quiet, Verbose, with_options
from vidstyle.cli.painting import painting_commands
from vidstyle.cli.progress import Shown
from vidstyle.cli.studio import studio
from vidstyle.cli.work import work
from vidstyle.errors import UsageError
from vidstyle.events import Hooks
from vidstyle.job import JobStore, is_split, job_named
from vidstyle.methods.registry import METHODS
from vidstyle.options import FEATURE_SETS, FeaturesOptions, FlowOptions
from vidstyle.options.written import collect
from vidstyle.plain import json_text
from vidstyle.text import printable

app = typer.Typer(
    help="Paint a video, or a picture, in the style of a picture.",
    epilog="A run may be stopped at any time; it goes on where it was with: vidstyle resume OUT.vidstyle. "
    "How things are done, with examples: vidstyle guide",
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


for _name in METHODS:
    for _called, _command in painting_commands(_name):
        app.command(_called)(_command)
app.command()(batch)
app.command()(learn)
app.command()(looks)
app.command()(live)
app.command()(studio)
app.add_typer(shots, name="shots")
app.command()(shot)
app.command()(join)


@app.command()
def resume(
    job: Job, *, quiet: Quiet = False, verbose: Verbose = False, json_progress: JsonProgress = False
) -> int:
    """Go on with a job that was stopped or killed."""
    job = job_named(job)
    settings = JobStore.load(job).settings  # a wrong directory is told before torch is imported

    def paint(hooks: Hooks) -> Path:
        if is_split(job):
            from vidstyle.farm.film import go_on

            return go_on(job, hooks)
        if "learns" in settings:
            from vidstyle.learning.learn import resume as learn_on

            return learn_on(settings, job, hooks)
        if "fast" in settings:
            from vidstyle.learning.fast import resume as fast_on

            return fast_on(job, hooks)
        from vidstyle.pipeline import resume

        return resume(job, hooks)

    return work(job, paint, Shown(quiet, verbose, json_progress))


@app.command()
def status(job: Job, *, as_json: AsJson = False) -> None:
    """Show how far a job is. It may be running meanwhile."""
    job = job_named(job)
    store, learning = JobStore.load(job), None
    if {"learns", "fast"}.intersection(store.settings):
        from vidstyle.learning.store import LearningStore

        learning = LearningStore.load(job).progress()
    running, done = store.running, store.is_done(at_once=True)
    apart = None
    if is_split(job) and not done:
        from vidstyle.farm.parts import Parts

        apart = Parts.load(job).progress()
        running = running or next((each["process"] for each in apart if each["process"]), None)
    facts = {
        "job": str(job),
        "state": "running" if running else "done" if done else "stopped",
        "process": running,
        "painted": store.painted() if apart is None else sum(each["painted"] for each in apart),
        "total": _frames_in_all(store.settings, apart),
        "passes": _passes(store.settings),
        "shots": store.shot_starts(),
        "apart": apart,
        "learning": learning,
        "output": str(store.done_output()) if done else store.settings.get("output"),
        "settings": store.settings,
    }
    typer.echo(json_text(facts) if as_json else _status_text(facts))


def _frames_in_all(settings: Mapping[str, Any], apart: Sequence[Mapping[str, Any]] | None) -> int | None:
    """How often a frame is painted in all passes, by the settings of a job; None where it is not known.

    apart: its shots, where they are known.
    """
    total = sum(each["stop"] - each["start"] for each in apart) if apart else settings.get("total")
    return total * _passes(settings) if isinstance(total, int) else None


def _passes(settings: Mapping[str, Any]) -> int:
    passes = settings.get("passes")
    return passes if isinstance(passes, int) else 1


def _count(facts: Mapping[str, Any], done: str, total: str = "") -> str:
    """7 of 20, or 7 where it is not known of how many."""
    of = facts[total or f"{done}_total"]
    return f"{facts[done]} of {of}" if of else str(facts[done])


def _status_text(facts: dict[str, Any]) -> str:
    if facts["state"] == "done":
        return printable(f"done: {facts['output']}")
    lines = []
    if facts["learning"]:
        pictures, steps = (_count(facts["learning"], what) for what in ("pictures", "steps"))
        lines.append(f"{pictures} pictures painted to learn from; {steps} steps learnt")
    if "learns" not in facts["settings"]:
        passes = f" in {facts['passes']} passes" if facts["passes"] > 1 else ""
        found = f"shots found so far: {len(facts['shots'])}"
        lines.append(f"{_count(facts, 'painted', 'total')} frames painted{passes}; {found}")
    if facts["apart"]:
        lines += _shots_text(facts["apart"])
    if facts["state"] == "running":
        lines.append(f"running: process {facts['process']}")
    else:
        lines.append(f"stopped; go on with: {shlex.join(['vidstyle', 'resume', facts['job']])}")
    return "\n".join(map(printable, lines))


def _shots_text(apart: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of a job that is painted shot by shot: how many are whole, and each that is begun."""
    whole = sum(not each["left"] for each in apart)
    lines = [f"{whole} of {len(apart)} shots are whole"]
    for each in apart:
        if each["left"] and (each["painted"] or each["process"]):
            at_it = f", process {each['process']}" if each["process"] else ""
            lines.append(f"shot {each['number']}: {each['left']} frames left{at_it}")
    return lines


app.command()(evaluate)
app.command()(doctor)
app.command()(guide)


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
        from vidstyle.flow_export.export import judge

        judge(*check, output, overwrite=options.overwrite)
        return 0

    def write(hooks: Hooks) -> Path:
        from vidstyle.flow_export.export import write_flow

        return write_flow(Path(str(input)), output, options=options, hooks=hooks)

    return work(None, write, Shown(quiet, False, json_progress))


@app.command()
@with_options(Features=FeaturesOptions)
def features(*, as_json: AsJson = False, **values: Any) -> None:
    """Show which weights of the feature network are used, which there are, and whether they are whole."""
    from vidstyle.features import weights

    options = collect(FeaturesOptions, values)
    if options.fetch:
        weights.torchvision().fetch(lambda line: typer.echo(line, err=True))
    facts = weights.describe(weights.find(options.features, fetch=False))
    sets = {name: weights.survey(name) for name in FEATURE_SETS}
    if as_json:
        typer.echo(json_text({**facts, "sets": sets}))
        return
    lines = [f"{name}: {value}" for name, value in facts.items()]
    lines += ["", *(f"{name}: {weights.in_one_line(each)}" for name, each in sets.items())]
    typer.echo("\n".join(map(printable, lines)))
