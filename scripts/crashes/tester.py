"""Strikes the jobs of a trial, goes on with them, and compares what they make."""

from __future__ import annotations

import hashlib
import itertools
import random
import shutil
import signal
import time
from pathlib import Path

import numpy as np
from forks import apart
from safetensors import safe_open

from crashes.arena import NAMES, Arena, Ended, Moment
from crashes.trials import Trial
from vidstyle.cli.work import EXIT_STOPPED
from vidstyle.video.reader import open_clip

STRIKES = {
    "SIGKILL": [signal.SIGKILL],
    "SIGTERM": [signal.SIGTERM],
    "SIGHUP": [signal.SIGHUP],
    "SIGINT": [signal.SIGINT],
    "SIGINT twice": [signal.SIGINT, signal.SIGINT],
}
_MOST_STRIKES_PER_JOB = 12


class Tester:
    """Strikes the jobs of one trial until it has had its fill."""

    def __init__(self, arena: Arena, trial: Trial, chance: random.Random) -> None:
        self.arena, self.trial, self.chance = arena, trial, chance
        self.folder = arena.root / trial.name
        self.whole = self._left_alone()
        self.turns: list[int] = []

    def _left_alone(self) -> dict[str, str]:
        """What the job makes, and how long it takes, from the second run: the first has filled caches."""
        for attempt in ("first", "whole"):
            folder = self.folder / attempt
            folder.mkdir(parents=True)
            begun = time.monotonic()
            ended = self.arena.run(folder, self.trial.arguments)
            self.seconds = time.monotonic() - begun
            if ended.code:
                raise SystemExit(f"crash_test: {self.trial.name} fails when left alone: {ended.shown}")
        board = self.arena.board
        self.entered, self.nanoseconds = list(board.entered), list(board.nanoseconds)
        self.changes = list(board.changes)
        return self._contents(self.folder / "whole")

    def go(self, kills: int, others: int) -> None:
        """Strike with `kills` SIGKILL, and with `others` of the other signals, all mixed."""
        rest = itertools.cycle(name for name in STRIKES if name != "SIGKILL")
        waiting = ["SIGKILL"] * kills + list(itertools.islice(rest, others))
        self.chance.shuffle(waiting)
        while waiting:
            self._job(waiting)

    def _job(self, waiting: list[str]) -> None:
        """One job from its start to its end, struck on the way."""
        self.trial.jobs += 1
        folder = self.folder / f"job{self.trial.jobs}"
        folder.mkdir()
        history: list[str] = []
        while True:
            name = waiting[-1] if waiting and len(history) < _MOST_STRIKES_PER_JOB else None
            ended = self._run(folder, name)
            if ended.phase is not None and name is not None:
                waiting.pop()
                history.append(f"{name} while {NAMES[ended.phase]}")
                self.trial.struck[name, NAMES[ended.phase]] += 1
            if fault := self._fault_of(ended, name):
                self.trial.faults.append(f"{folder}: {fault} (after {', '.join(history)})")
                return
            if ended.code == 0:
                break
        if fault := self._difference(folder):
            self.trial.faults.append(f"{folder}: {fault} (after {', '.join(history)})")
            return
        shutil.rmtree(folder)

    def _run(self, folder: Path, name: str | None) -> Ended:
        job = f"{self.trial.output}.vidstyle"
        begun = (folder / job / "job.json").exists()
        again = begun and self.chance.random() < 0.5
        arguments = ["resume", job, "--json-progress"] if again else self.trial.arguments
        moment = None if name is None else self._moment()
        return self.arena.run(folder, arguments, moment, [] if name is None else list(STRIKES[name]))

    def _moment(self) -> Moment:
        """Anywhere, or in one of the phases by turns: inside it, or right before a change to a file."""
        if self.chance.random() < 1 / 3:
            return Moment(self.chance.random() * self.seconds)
        if not self.turns:
            self.turns = [i for i in range(len(NAMES)) if self.entered[i] or self.changes[i]]
            self.chance.shuffle(self.turns)
        phase = self.turns.pop()
        entered, changes = self.entered[phase], self.changes[phase]
        if changes and (not entered or self.chance.random() < 0.5):
            return Moment(None, phase, self.chance.randint(1, changes))
        each = self.nanoseconds[phase] / entered / 1e9
        return Moment(self.chance.random() * each, phase, self.chance.randint(1, entered))

    def _fault_of(self, ended: Ended, name: str | None) -> str:
        """What is wrong with how a run ended; empty if nothing is."""
        if "Traceback" in ended.shown or "this is a bug" in ended.shown:
            return f"a traceback: {ended.shown}"
        allowed = {0}
        if ended.phase is not None and name is not None:
            # Before there is a job to go on with, SIGTERM ends a process as it ends any other.
            allowed |= {EXIT_STOPPED, -STRIKES[name][0]} if name != "SIGKILL" else {-signal.SIGKILL}
        return "" if ended.code in allowed else f"exit code {ended.code}: {ended.shown}"

    def _difference(self, folder: Path) -> str:
        """How what lies there differs from what the run left alone has made; empty if it does not."""
        found = self._contents(folder)
        wrong = {
            "left over": sorted(found.keys() - self.whole.keys()),
            "missing": sorted(self.whole.keys() - found.keys()),
            "different": sorted(n for n in found.keys() & self.whole.keys() if found[n] != self.whole[n]),
        }
        return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in wrong.items() if names)

    def _contents(self, folder: Path) -> dict[str, str]:
        """Every file by its path, with a digest of what must be the same: not of the job's own notes."""
        listing = self.arena.root / "contents.txt"

        def look() -> None:
            files = sorted(path for path in folder.rglob("*") if path.is_file())
            lines = (f"{self._digest(path, folder)} {path.relative_to(folder)}\n" for path in files)
            listing.write_text("".join(lines))

        apart(look)
        lines = listing.read_text().splitlines()
        return {line.split(" ", 1)[1]: line.split(" ", 1)[0] for line in lines}

    def _digest(self, path: Path, folder: Path) -> str:
        if path.is_relative_to(folder / f"{self.trial.output}.vidstyle"):
            return "-"
        if path.suffix == ".safetensors":  # the order of its metadata is another in every process
            return _digest_of_tensors(path)
        if path.suffix not in (".mp4", ".mkv"):
            return hashlib.sha256(path.read_bytes()).hexdigest()
        total = hashlib.sha256()
        for frame in open_clip(path).frames():
            total.update(f"{frame.pixels.shape} {frame.pixels.dtype} {frame.pts_seconds}".encode())
            total.update(np.ascontiguousarray(frame.pixels).tobytes())
        return total.hexdigest()


def _digest_of_tensors(path: Path) -> str:
    total = hashlib.sha256()
    with safe_open(path, "numpy") as tensors:
        total.update(repr(sorted(tensors.metadata().items())).encode())
        for name in sorted(tensors.keys()):
            total.update(name.encode() + tensors.get_tensor(name).tobytes())
    return total.hexdigest()
