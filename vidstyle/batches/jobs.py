"""Many stills and clips in many styles: independent jobs, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vidstyle.batches.contact import ContactSheet
from vidstyle.errors import (
    OUT_OF_MEMORY,
    MediaError,
    OutputError,
    Stopped,
    UsageError,
    VidstyleError,
    is_out_of_memory,
)
from vidstyle.events import Hooks, Notice, say_nothing
from vidstyle.features.weights import Weights, load_weights
from vidstyle.job import default_job_directory
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.options import EncodeOptions, RunOptions
from vidstyle.pipeline import execute, is_done
from vidstyle.pipeline.plan import Request
from vidstyle.pipeline.planning import make_plan
from vidstyle.video.formats import check_named, likewise_suffix
from vidstyle.video.numbering import is_pattern, pictures_of_pattern, plain_name
from vidstyle.video.pictures import read_picture
from vidstyle.video.sequences import in_natural_order, media_of_folder, pictures_of_folder


@dataclass(frozen=True)
class BatchJob:
    """One input in one style. number: from 1, of `total`.

    state: "painting" as it begins; then "painted", or "failed", with the `error` in one line; "done" where
    the result lay there already.
    """

    number: int
    total: int
    source: Path
    style: Path
    output: Path
    state: str = "painting"
    error: str | None = None


def batch(
    inputs: Sequence[Path | str],
    styles: Sequence[Path | str],
    folder: Path | str,
    *,
    grid: Path | str | None = None,
    options: NeuralOptions | None = None,
    run: RunOptions | None = None,
    encode: EncodeOptions | None = None,
    hooks: Hooks | None = None,
    each: Callable[[BatchJob], None] = lambda job: None,
) -> list[BatchJob]:
    """Paint every input in every style, each a job of its own; returns how they ended.

    inputs: pictures and clips, folders of such, printf patterns (img_%04d.png) or wildcards (*.jpg). Every
        file is painted on its own: a folder is no sequence here.
    styles: pictures, or folders of such.
    folder: for the results, called INPUT_STYLE.SUFFIX with the suffix of the input, or .png or .mp4 where
        that cannot be written, and with _ for % and # where that would be a pattern. It is made where there
        is none.
    grid: a picture to write of all results, the inputs before the rows and the styles above the columns. One
        that is there already stays as it is, which is told at the beginning, unless `run.overwrite` is set.
    run: `run.job` is a folder for the jobs' directories.
    each: called as every job begins and ends.

    What cannot be read or painted fails alone; the rest goes on. Jobs that are done are skipped, so the same
    call again goes on where an earlier one ended. Raises UsageError, InputError or OutputError, before
    anything is painted, where the whole makes no sense, and Stopped when `hooks.stop` was set.
    """
    check_named(Path(folder))
    tell = (hooks or Hooks()).tell
    sources = find_inputs([Path(name) for name in inputs], Path(folder), tell)
    pictures = find_styles([Path(name) for name in styles], tell)
    jobs = plan_jobs(sources, pictures, Path(folder))
    work = _Jobs(
        options or NeuralOptions(), run or RunOptions(), encode or EncodeOptions(), hooks or Hooks(), each
    )
    sheet = None
    if grid is not None:
        read = [*sources, *pictures, *(job.output for job in jobs)]
        sheet = ContactSheet(Path(grid), Path(folder), read)
        if sheet.path.exists() and not work.run.overwrite:
            work.hooks.tell(f"{grid} is there already and stays as it is; --overwrite makes it anew")
            sheet = None
    _make_folder(Path(folder))
    for job in jobs:
        work.do(job)
    results = {(job.source, job.style): job.output for job in work.ended if not job.error}
    if sheet is not None and results:
        sheet.write(sources, pictures, results, work.run.frames, work.hooks.tell)
    return work.ended


def find_inputs(names: Sequence[Path], folder: Path, notice: Notice = say_nothing) -> list[Path]:
    """The files that are meant, each once. Raises MediaError, or UsageError where results would be read."""
    found: list[Path] = []
    for name in names:
        files = _files(name, notice)
        if files != [name] and folder.exists() and any(f.parent.samefile(folder) for f in files):
            raise UsageError(f"{name} reads from {folder}, where the results go; give them another folder")
        found += files
    return _once(found)


def _files(name: Path, notice: Notice) -> list[Path]:
    if name.exists():
        return media_of_folder(name, notice) if name.is_dir() else [name]
    if is_pattern(name):
        return list(pictures_of_pattern(name).values())
    if any(sign in name.name for sign in "*?["):  # where the shell has not done it
        found = in_natural_order(path for path in name.parent.glob(name.name) if path.is_file())
        if not found:
            raise MediaError(f"{name} names no existing file")
        return found
    return [name]


def find_styles(names: Sequence[Path], notice: Notice = say_nothing) -> list[Path]:
    """The style pictures, each once, and readable. Raises UsageError or MediaError."""
    found = _once(
        [path for name in names for path in (pictures_of_folder(name, notice) if name.is_dir() else [name])]
    )
    if not found:
        raise UsageError("give at least one style picture: --style PICTURE")
    for path in found:
        read_picture(path)
    return found


def plan_jobs(sources: Sequence[Path], styles: Sequence[Path], folder: Path) -> list[BatchJob]:
    """Every source in every style. Raises UsageError where two results would have one name."""
    total = len(sources) * len(styles)
    jobs: list[BatchJob] = []
    taken: dict[str, BatchJob] = {}
    for source in sources:
        for style in styles:
            output = folder / plain_name(f"{source.stem}_{style.stem}{likewise_suffix(source)}")
            job = BatchJob(len(jobs) + 1, total, source, style, output)
            other = taken.setdefault(output.name.casefold(), job)  # some disks do not tell x from X
            if other is not job:
                ways = (f"{one.source} in the style of {one.style}" for one in (other, job))
                raise UsageError(f"{' and '.join(ways)} would both be {output}; rename one of the files")
            jobs.append(job)
    read = {path.resolve() for path in (*sources, *styles)}
    for job in jobs:
        if job.output.resolve() in read:
            raise UsageError(f"{job.output} is read by this run; give the results another folder")
    return jobs


def _once(paths: Sequence[Path]) -> list[Path]:
    return list({path.resolve(): path for path in reversed(paths)}.values())[::-1]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise OutputError(f"{folder} is a file; give a folder for the results") from None
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error


class _Jobs:
    """Does the jobs, with settings that they share; `ended` are those that have come to an end."""

    def __init__(
        self,
        options: NeuralOptions,
        run: RunOptions,
        encode: EncodeOptions,
        hooks: Hooks,
        each: Callable[[BatchJob], None],
    ) -> None:
        self.options, self.run, self.encode, self.hooks, self.each = options, run, encode, hooks, each
        self.ended: list[BatchJob] = []
        self._weights: dict[str, Weights] = {}

    def do(self, job: BatchJob) -> None:
        """Paint it, or find it done. Raises Stopped; UsageError where nothing has worked out so far."""
        self.hooks.check_stop()
        try:
            state, error = self._paint(job), None
        except Stopped:
            raise
        except Exception as problem:
            # The command is wrong, and not the input.
            if isinstance(problem, UsageError) and all(other.error for other in self.ended):
                raise
            if not (isinstance(problem, VidstyleError) or is_out_of_memory(problem)):
                raise
            state, error = "failed", str(problem) if isinstance(problem, VidstyleError) else OUT_OF_MEMORY
        self.ended.append(replace(job, state=state, error=error))
        self.each(self.ended[-1])

    def _paint(self, job: BatchJob) -> str:
        run = self.run
        if run.job is not None:
            run = replace(run, job=str(Path(run.job) / default_job_directory(job.output).name))
        settings = self.options, run, self.encode, self.hooks.tell, self._load
        plan = make_plan(Request(job.source, [job.style], job.output, *settings))
        if is_done(plan):
            return "done"
        self.each(job)
        execute(plan, self.hooks)
        return "painted"

    def _load(self, choice: str, draft: bool, notice: Notice) -> Weights:
        """The weights, read once: whether drafts are painted is the same for all jobs."""
        if choice not in self._weights:
            self._weights[choice] = load_weights(choice, draft, notice)
        return self._weights[choice]
