"""A job of the studio: a folder in the workspace, and a `vidstyle` process that works in it.

    jobs/20261127-140312-valley/
        card.json       what it is: title, command line, result; written once
        wanted.json     whether it is to run, since when, and the process that was started for it
        events.jsonl    what the process says: --json-progress
        errors.txt      what it says on stderr
        valley.mp4      its result, and beside it valley.mp4.vidstyle, the state that makes it go on

Nothing else is kept: what a job is doing is derived from these files and from the processes
that there are, so that a studio that is started anew knows all that the one before knew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from vidstyle.atomic import write_whole
from vidstyle.errors import JobError
from vidstyle.plain import json_text, parse_json, read_plain

_CARD, _WANTED, _EVENTS, _ERRORS = "card.json", "wanted.json", "events.jsonl", "errors.txt"
_OWN_FILES = {_CARD, _WANTED, _EVENTS, _ERRORS}
_MOST_OF_A_CARD = 2**20  # bytes
_TAIL = 2**14  # bytes of events that are looked at
_MOST_ERRORS = 2**14
_STARTING = 0  # in place of the number of a process that is just being started
_SAME_BIRTH_SECONDS = 2.0  # two readings of when a process began
_PATIENCE_SECONDS = (0.7, 0.6)  # after which a stop is asked for again, and then made

RUNNING, WAITING, DONE, STOPPED, FAILED = "running", "waiting", "done", "stopped", "failed"


@dataclass(frozen=True)
class Status:
    """What a job is doing. state: one of the above. progress: the last event of progress, if any.

    error: the one line of a failed job. notices: lines for the user, the last ones. result: the file.
    """

    state: str
    progress: Mapping[str, Any] | None = None
    error: str = ""
    notices: Sequence[str] = ()
    result: Path | None = None


class Job:
    """One folder in `jobs`. Raises JobError where it holds no job."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card = _read(folder / _CARD)
        if not isinstance(self.card, dict) or not isinstance(self.card.get("words"), list):
            raise JobError(f"{folder} holds no job of the studio")

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def output(self) -> Path:
        """The result, where it will be."""
        return self.folder / self.card["output"]

    @property
    def state_folder(self) -> Path:
        """Where its process keeps its state."""
        return self.folder / f"{self.card['output']}.vidstyle"

    # What is wanted

    @property
    def wanted(self) -> dict[str, Any]:
        """{"run": whether, "since": seconds, "process": number, "born": seconds}"""
        found = _read(self.folder / _WANTED)
        return found if isinstance(found, dict) else {"run": False, "since": 0.0}

    def want(self, run: bool, **more: Any) -> None:
        """Note whether it is to run."""
        content = {"run": run, "since": time.time(), **more}
        write_whole(self.folder / _WANTED, json_text(content).encode())

    def process(self) -> psutil.Process | None:
        """The process that is working on it; None where there is none."""
        wanted = self.wanted
        if "process" not in wanted:
            return None
        if wanted["process"] == _STARTING:
            return next(filter(self._works_here, psutil.process_iter()), None)
        try:
            found = psutil.Process(wanted["process"])
            same = abs(found.create_time() - wanted["born"]) < _SAME_BIRTH_SECONDS
            return found if same and found.status() != psutil.STATUS_ZOMBIE else None
        except (psutil.Error, KeyError, TypeError, ValueError):
            return None

    def _works_here(self, process: psutil.Process) -> bool:
        """Whether a process was started for this job: of a studio that was killed as it started it."""
        try:
            return process.status() != psutil.STATUS_ZOMBIE and str(self.output) in process.cmdline()
        except psutil.Error:
            return False

    @property
    def waits(self) -> bool:
        """Whether it is to be started when its turn comes."""
        wanted = self.wanted
        return bool(wanted["run"]) and "process" not in wanted

    def status(self) -> Status:
        """What it is doing."""
        process = self.process()
        if self.waits:
            return Status(WAITING, self._event("progress"))
        events = self._events()
        last = {event["event"]: event for event in events}
        told = [str(event["text"]) for event in events if event["event"] == "notice"]
        progress = last.get("progress")
        if process is not None:
            return Status(RUNNING, progress, notices=told)
        if "finished" in last and self.output.exists():
            return Status(DONE, progress, notices=told, result=self.output)
        if error := self._error():
            return Status(FAILED, progress, error, told)
        return Status(STOPPED, progress, notices=told)

    def _event(self, kind: str) -> dict[str, Any] | None:
        return next((event for event in reversed(self._events()) if event["event"] == kind), None)

    def _events(self) -> list[dict[str, Any]]:
        """The last ones that the process has told."""
        found = []
        for line in _tail(self.folder / _EVENTS, _TAIL).split(b"\n"):
            try:
                event = parse_json(line)
            except ValueError:  # half a line, at either end
                continue
            if isinstance(event, dict) and isinstance(event.get("event"), str):
                found.append(event)
        return found

    def _error(self) -> str:
        lines = _tail(self.folder / _ERRORS, _MOST_ERRORS).decode(errors="replace").splitlines()
        told = [line.removeprefix("vidstyle: ") for line in lines if line.startswith("vidstyle: ")]
        return told[-1] if told else (lines[-1] if lines else "")

    # Doing it

    def start(self) -> None:
        """Start its process, which outlives the studio."""
        command = [sys.executable, "-m", "vidstyle", *self.card["words"], "--json-progress"]
        self.want(True, process=_STARTING, born=0.0)
        with (self.folder / _EVENTS).open("wb") as events, (self.folder / _ERRORS).open("wb") as errors:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=events,
                stderr=errors,
                env=child_environment(),
                **detached(),
            )
        # Before anybody takes note of its end, until when it can be looked at.
        born = psutil.Process(process.pid).create_time()
        # Somebody has to, as long as the studio lives; else it stays as a zombie.
        threading.Thread(target=process.wait, daemon=True).start()
        self.want(True, process=process.pid, born=born)

    def stop(self) -> None:
        """End its process, which saves what is finished; returns at once, and within two seconds it has."""
        process = self.process()
        wanted = self.wanted
        known = {key: wanted[key] for key in ("process", "born") if key in wanted}
        self.want(False, **known)
        if process is not None:
            threading.Thread(target=end_process, args=(process,), daemon=True).start()

    def files(self) -> list[Path]:
        """What it has made, the result first."""
        found = [p for p in self.folder.iterdir() if p.name not in _OWN_FILES and p.suffix != ".vidstyle"]
        shown = [path for path in found if path.is_file() and not path.name.startswith(".")]
        return sorted(shown, key=lambda path: (path != self.output, path.name))

    def remove(self) -> None:
        """Delete it with all that it has made. Raises JobError where it is running."""
        if self.process() is not None:
            raise JobError("it is running; stop it first")
        shutil.rmtree(self.folder)


def make_job(folder: Path, card: Mapping[str, Any]) -> Job:
    """Put a job into a folder that lies there empty, to run when its turn comes."""
    write_whole(folder / _CARD, json_text(card, indent=2).encode())
    job = Job(folder)
    job.want(True)
    return job


def end_process(process: psutil.Process) -> None:
    """Ask it to end after its frame, soon after to end at once, and soon after that make it.

    Every finished frame is saved, so nothing more is lost than the one in hand.
    """
    try:
        for seconds in _PATIENCE_SECONDS:
            if os.name == "nt":
                break
            process.send_signal(2)
            if _gone(process, seconds):
                return
        process.kill()
    except psutil.Error:
        return  # it has gone by itself


def _gone(process: psutil.Process, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def detached() -> dict[str, Any]:
    """For Popen: a process that does not end with the studio, nor by its Ctrl-C."""
    if os.name == "nt":
        return {"creationflags": 0x00000200 | 0x08000000}  # CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW
    return {"start_new_session": True}


def child_environment() -> dict[str, str]:
    """Of the processes; this very package is found by them from any folder."""
    home = str(Path(__file__).parents[2])
    before = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{home}{os.pathsep}{before}" if before else home}


def _read(path: Path) -> Any:
    try:
        return parse_json(read_plain(path, _MOST_OF_A_CARD))
    except (OSError, ValueError):
        return None


def _tail(path: Path, count: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - count))
            return file.read(count)
    except OSError:
        return b""
