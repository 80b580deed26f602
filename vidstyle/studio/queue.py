"""Which job runs when: one after the other, in the order in which they were asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vidstyle.errors import JobError, VidstyleError
from vidstyle.studio.jobs import RUNNING, WAITING, Job, make_job
from vidstyle.studio.workspace import Workspace, safe_name

_SECONDS_BETWEEN_LOOKS = 0.3


class Queue:
    """The jobs of a workspace. Its thread starts those that wait, while the studio lives."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def begin(self) -> None:
        """Start those that wait from now on; a job that lives on from an earlier studio is waited for."""
        self._thread.start()

    def end(self) -> None:
        """Start no more. What runs goes on running."""
        self._ended.set()
        self._thread.join()

    def jobs(self) -> list[Job]:
        """All that there are, the newest first. What holds no job is left alone."""
        found = []
        for folder in self._workspace.folder("jobs").iterdir():
            try:
                found.append(Job(folder))
            except JobError:
                continue
        return sorted(found, key=lambda job: job.name, reverse=True)

    def job(self, name: str) -> Job:
        """The one of this name. Raises JobError where there is none."""
        if name != safe_name(name):
            raise JobError("there is no such job")
        return Job(self._workspace.folder("jobs") / name)

    def new_folder(self, title: str) -> Path:
        """For a job, empty; named by the time and the title."""
        with self._lock:
            begin = time.strftime("%Y%m%d-%H%M%S")
            stem = safe_name(f"{begin}-{title}").replace(" ", "_")
            number = 1
            while True:
                folder = self._workspace.folder("jobs") / (stem if number == 1 else f"{stem}-{number}")
                try:
                    folder.mkdir()
                    return folder
                except FileExistsError:
                    number += 1

    def add(self, folder: Path, title: str, words: Sequence[str], output: str, **more: Any) -> Job:
        """A job in a folder that `new_folder` made.

        words: the command line after `vidstyle`. output: the name of the result. more: for the page.
        """
        card: Mapping[str, Any] = {"title": title, "words": list(words), "output": output, **more}
        return make_job(folder, card)

    def go_on(self, name: str) -> None:
        """Let a job that was stopped, or has failed, wait for its turn again."""
        with self._lock:
            job = self.job(name)
            if job.status().state not in (RUNNING, WAITING):
                job.want(True)

    def stop(self, name: str) -> None:
        """Stop a job, or take it out of those that wait."""
        with self._lock:
            self.job(name).stop()

    def remove(self, name: str) -> None:
        """Delete a job and all that it has made. Raises JobError where it is running."""
        with self._lock:
            self.job(name).remove()

    def _work(self) -> None:
        while not self._ended.wait(_SECONDS_BETWEEN_LOOKS):
            with self._lock:
                try:
                    self._start_next()
                except (OSError, VidstyleError):  # a full disk, say; it is tried again
                    continue

    def _start_next(self) -> None:
        jobs = self.jobs()
        waiting = [job for job in jobs if job.waits]
        if not waiting or any(job.process() is not None for job in jobs):
            return
        first = min(waiting, key=lambda job: (job.wanted["since"], job.name))
        first.start()
