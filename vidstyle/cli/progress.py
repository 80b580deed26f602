"""What a run shows: a bar on a terminal, plain lines in a log, JSON for programs, or nothing."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from vidstyle.cli.losses import loss_lines
from vidstyle.errors import UsageError
from vidstyle.events import PHASES, FrameLosses, Progress
from vidstyle.plain import json_text
from vidstyle.text import duration, printable

if TYPE_CHECKING:
    from rich.progress import TaskID

    from vidstyle.batches.jobs import BatchJob

_STOPPING = "finishing this frame; press Ctrl-C again to stop now"
_SECONDS_BETWEEN_LINES = 5.0


class Reporter:
    """Where the events of a run go. This one shows nothing: --quiet."""

    def started(self, job: Path) -> None:
        """The job begins, or goes on; its state is kept in `job`."""

    def notice(self, text: str) -> None:
        """A line for the user."""

    def progress(self, event: Progress) -> None:
        """A frame was painted, encoded or measured, or its flow was written."""

    def losses(self, event: FrameLosses) -> None:
        """--verbose: how a frame was painted."""

    def job(self, event: BatchJob) -> None:
        """A job of a batch begins, or has ended."""

    def split(self, facts: Mapping[str, Any]) -> None:
        """The shots of a job were found: all of them, as JSON values."""

    def stopping(self) -> None:
        """Answer the first Ctrl-C. Called by a signal handler, so it may only write to a descriptor."""

    def stopped(self, command: str) -> None:
        """The run was stopped; `command` goes on with it."""

    def finished(self, output: Path) -> None:
        """The result is whole."""

    def close(self) -> None:
        """Leave the terminal as it was found."""


@dataclass(frozen=True)
class Shown:
    """What the options say about the display. Raises UsageError where they contradict each other."""

    quiet: bool
    verbose: bool
    as_json: bool

    def __post_init__(self) -> None:
        if self.quiet and self.verbose:
            raise UsageError("--quiet shows nothing and --verbose shows more; give one of the two")

    def reporter(self) -> Reporter:
        """The one that suits them, and the terminal."""
        return make_reporter(quiet=self.quiet, as_json=self.as_json)


def make_reporter(*, quiet: bool, as_json: bool) -> Reporter:
    """The one that suits the options and the terminal."""
    if as_json:
        return JsonLines()
    if quiet:
        return Reporter()
    console = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
    return Bar(console) if console.is_terminal and not console.is_dumb_terminal else Lines(console)


class JsonLines(Reporter):
    """--json-progress: one JSON object per event and line on stdout."""

    def started(self, job: Path) -> None:
        self._write("started", job=str(job))

    def notice(self, text: str) -> None:
        self._write("notice", text=text)

    def progress(self, event: Progress) -> None:
        values = asdict(event)
        if event.loss is not None and not math.isfinite(event.loss):
            values["loss"] = None  # JSON has no such numbers
        self._write("progress", **values)

    def losses(self, event: FrameLosses) -> None:
        self._write("losses", **asdict(event))

    def job(self, event: BatchJob) -> None:
        paths = {"source": str(event.source), "style": str(event.style), "output": str(event.output)}
        self._write("job", **asdict(event) | paths)

    def split(self, facts: Mapping[str, Any]) -> None:
        self._write("split", **facts)

    def stopped(self, command: str) -> None:
        self._write("stopped", resume=command)

    def finished(self, output: Path) -> None:
        self._write("finished", output=str(output))

    def _write(self, event: str, **values: Any) -> None:
        sys.stdout.write(json_text({"event": event, **values}) + "\n")
        sys.stdout.flush()


class Lines(Reporter):
    """Plain lines every few seconds, without control characters, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._phase = ""
        self._due = 0.0

    def started(self, job: Path) -> None:
        self.notice(f"job directory: {job}")

    def notice(self, text: str) -> None:
        self._console.print(printable(text))

    def progress(self, event: Progress) -> None:
        now = time.monotonic()
        if now < self._due and event.phase == self._phase and event.done != event.total:
            return
        self._phase, self._due = event.phase, now + _SECONDS_BETWEEN_LINES
        count = f"{event.done}" if event.total is None else f"{event.done}/{event.total}"
        self.notice(", ".join([f"{PHASES.get(event.phase, event.phase)} {count}", *_figures(event)]))

    def losses(self, event: FrameLosses) -> None:
        for line in loss_lines(event, "utf" in self._console.encoding.lower()):
            self.notice(line)

    def job(self, event: BatchJob) -> None:
        begins = f"{event.number} of {event.total}: {event.output}"
        ends = {"done": f"{begins} is done already", "failed": f"{begins} failed: {event.error}"}
        if event.state != "painted":
            self.notice(ends.get(event.state, begins))

    def stopping(self) -> None:
        os.write(sys.stderr.fileno(), f"{_STOPPING}\n".encode())

    def stopped(self, command: str) -> None:
        self.notice(f"stopped; go on with: {command}")

    def finished(self, output: Path) -> None:
        self.notice(f"done: {output}")


class Bar(Lines):
    """A progress bar at the bottom of the terminal; notices scroll by above it."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        super().__init__(console)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}", markup=False),
            TimeElapsedColumn(),
        )
        self._bar = RichProgress(*columns, console=console, expand=True, refresh_per_second=4)
        self._task = self._add_task("starting")
        self._bar.start()

    def _add_task(self, description: str) -> TaskID:
        return self._bar.add_task(description, total=None, figures="")

    def progress(self, event: Progress) -> None:
        if event.phase != self._phase:
            self._bar.remove_task(self._task)
            self._task = self._add_task(PHASES.get(event.phase, event.phase))
        self._phase = event.phase
        self._bar.update(
            self._task,
            completed=event.done,
            total=event.total,
            figures="  ".join(_figures(event)),
        )

    def stopping(self) -> None:
        # Over the bar's line; it draws itself anew on the next.
        os.write(sys.stderr.fileno(), f"\r\x1b[2K{_STOPPING}\r\n".encode())

    def close(self) -> None:
        self._bar.stop()


def _figures(event: Progress) -> list[str]:
    """What is known of the frame: "shot 2", "loss 0.0123", "3.20 s/frame", "1 h 02 min left"."""
    figures = [f"pass {event.pass_number}"] if event.pass_number > 1 else []
    if event.phase not in ("encode", "learn", "shots", "join"):
        figures.append(f"shot {event.shot + 1}")
    if event.loss is not None:
        figures.append(f"loss {event.loss:.4g}")
    if event.seconds_per_frame is not None:
        what = "step" if event.phase == "learn" else "frame"
        figures.append(f"{event.seconds_per_frame:.{1 if event.seconds_per_frame >= 10 else 2}f} s/{what}")
    if event.seconds_left is not None:
        figures.append(f"{duration(event.seconds_left)} left")
    return figures
