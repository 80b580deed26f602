"""Runs that can be watched and struck: forks of this process, which has imported everything."""

from __future__ import annotations

import functools
import mmap
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forks import about_to_change, enter, fork

from vidstyle import pipeline
from vidstyle.cli import main as command_line
from vidstyle.job import FrameStore, JobStore
from vidstyle.methods.registry import METHODS, method
from vidstyle.pipeline import frame_order
from vidstyle.video.writer import Writer

# Where each phase happens, the innermost first; what is in none of them is planning.
PHASES: dict[str, list[tuple[Any, str]]] = {
    "saving": [(FrameStore, "save_frame")],
    "pruning": [(FrameStore, "remove"), (JobStore, "drop_frames")],
    "final rename": [
        (Writer, "__exit__"),
        (JobStore, "mark_done"),
        *((type(method(name)), "beside") for name in METHODS),
    ],
    "flow": [(frame_order, "_links")],
    "painting": [(pipeline, "_paint")],
    "encoding": [(pipeline, "write_result")],
}
NAMES = [*PHASES, "planning"]
_SECONDS_PER_RUN = 300


class Board:
    """What a run does at this moment, in memory that it shares with the process watching it."""

    def __init__(self) -> None:
        self._cells = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("q")
        part = len(NAMES) + 1
        self.active, self.entered, self.nanoseconds, self.changes = (
            self._cells[i * part : (i + 1) * part] for i in range(4)
        )

    def clear(self) -> None:
        for i in range(len(self._cells)):
            self._cells[i] = 0

    @property
    def phase(self) -> int:
        """Index of the innermost phase that the run is in."""
        return next((i for i in range(len(PHASES)) if self.active[i]), len(PHASES))

    @property
    def struck(self) -> bool:
        """Whether the run has sent itself the signal that it was to."""
        return bool(self.active[len(NAMES)])

    def strike(self, number: int) -> None:
        self.active[len(NAMES)] = 1
        os.kill(os.getpid(), number)

    def watch(self, phase: int, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, noting here that it runs."""

        @functools.wraps(function)
        def watched(*arguments: Any, **named: Any) -> Any:
            self.entered[phase] += 1
            self.active[phase] += 1
            begun = time.monotonic_ns()
            try:
                return function(*arguments, **named)
            finally:
                self.active[phase] -= 1
                self.nanoseconds[phase] += time.monotonic_ns() - begun

        return watched


@dataclass(frozen=True)
class Moment:
    """When a run is struck: `seconds` after its start, after phase `phase` is entered for the `count`th time,
    or, where `seconds` is None, right before the `count`th change to a file within that phase."""

    seconds: float | None
    phase: int | None = None
    count: int = 0


@dataclass
class Ended:
    """How a run ended. code: exit code, or minus the signal; phase: that it was struck in, if it was."""

    code: int
    phase: int | None
    shown: str


class Arena:
    """Runs command lines as forks of this process, in folders under `root`."""

    def __init__(self, root: Path) -> None:
        self.root, self.board = root, Board()

    def run(
        self,
        folder: Path,
        arguments: list[str],
        moment: Moment | None = None,
        strikes: list[int] | None = None,
    ) -> Ended:
        """Run one command line in `folder`, struck at that moment by these signals."""
        self.board.clear()
        shown = self.root / "shown.txt"
        numbers = strikes or []
        pid = fork(lambda: self._program(folder, arguments, shown, moment, numbers))
        status, phase = self._see_to(pid, moment, numbers)
        text = shown.read_text("utf-8", errors="replace")
        return Ended(os.waitstatus_to_exitcode(status), phase, text)

    def _program(
        self, folder: Path, arguments: list[str], shown: Path, moment: Moment | None, numbers: list[int]
    ) -> int:
        enter(folder, shown)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored
        for phase, places in enumerate(PHASES.values()):
            for owner, name in places:
                setattr(owner, name, self.board.watch(phase, getattr(owner, name)))
        sys.addaudithook(self._listener(moment, numbers))
        return command_line(arguments)

    def _listener(self, moment: Moment | None, numbers: list[int]) -> Callable[[str, tuple[Any, ...]], None]:
        """Counts changes to files under `root`, and strikes before the one that the moment names."""
        board, root = self.board, str(self.root)

        def listen(event: str, given: tuple[Any, ...]) -> None:
            path = about_to_change(event, given)
            if path is None or not path.startswith(root):
                return
            phase = board.phase
            board.changes[phase] += 1
            by_change = moment is not None and moment.seconds is None
            if by_change and (moment.phase, moment.count) == (phase, board.changes[phase]):
                board.strike(numbers[0])

        return listen

    def _see_to(self, pid: int, moment: Moment | None, numbers: list[int]) -> tuple[int, int | None]:
        """Strike a run when it is time; returns its wait status and the phase it was struck in."""
        begun, left, phase, due = time.monotonic(), list(numbers), None, None
        while True:
            now = time.monotonic()
            ended, status = os.waitpid(pid, os.WNOHANG)
            if phase is None and self.board.struck:
                assert moment is not None
                phase, left, due = moment.phase, left[1:], now + random.random() * 0.03
            if ended:
                return status, phase
            if due is None and moment is not None and self._has_come(moment):
                due = (begun if moment.phase is None else now) + (moment.seconds or 0)
            if left and due is not None and now >= due:
                self._send(pid, left.pop(0))
                phase = self.board.phase if phase is None else phase
                due = now + random.random() * 0.03
            if now - begun > _SECONDS_PER_RUN:
                os.kill(pid, signal.SIGKILL)
                raise SystemExit(f"crash_test: a run hangs, {NAMES[self.board.phase]}")
            time.sleep(0.0002)

    def _has_come(self, moment: Moment) -> bool:
        """Whether the delay of this moment has begun; a run strikes itself before a change to a file."""
        if moment.seconds is None:
            return False
        return moment.phase is None or self.board.entered[moment.phase] >= moment.count

    @staticmethod
    def _send(pid: int, number: int) -> None:
        os.kill(pid, number)  # not waited for yet, so the number is still this run's
        if number == signal.SIGKILL:
            # The phase is read when nothing moves any more.
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
