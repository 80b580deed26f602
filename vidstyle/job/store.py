"""The job directory: every finished frame, kept so that a run can be killed at any moment and go on.

    OUT.vidstyle/
        job.json                     what makes it this job (fingerprint), how to run it again (settings), and
                                     which folder of the disk this is (inode): a copy of it is another
        frames/00000012.png          a painted frame; the name appears when it is whole, and is its done mark
        carry/00000012.safetensors   what the next frame needs of it, written before its picture
        frames-2/, carry-2/ ...      the same of later passes; of the last two only
        shots/00000120               empty: a shot starts at frame 120
        times/00000150               the pts of frame 150 in the source, by which it is found again quickly
        learning/                    of a job that teaches a network, see `vidstyle.learning.store`
        parts/                       of one whose shots are painted apart, see `vidstyle.farm.parts`
        end                          how many frames there are, known after the first pass
        narrowed                     how often less memory had to do than was planned for
        done                         the result is whole: its files and their digest
        vidstyle.lock                held while a run is working here

Progress is derived by listing; nothing is counted in a ledger that could disagree with the files.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from vidstyle.atomic import clear_leftovers
from vidstyle.errors import JobMismatch, OutputError, Stopped
from vidstyle.job.files import output_error, write_state
from vidstyle.job.fingerprint import as_json, differences
from vidstyle.job.frames import FOLDERS, FrameStore, remove_file
from vidstyle.job.lock import Lock, holder, is_held
from vidstyle.job.record import FORMAT, JOB, LOCK, PARTS, mismatch, read_job, refuse_foreign, write_job
from vidstyle.job.result import Result
from vidstyle.plain import absolute, exists, read_plain
from vidstyle.text import size

_DONE, _LEARNING = "done", "learning"
_END, _NARROWED = "end", "narrowed"
_MOST_OF_A_NUMBER = 100  # bytes
_COUNT = re.compile(rb"\d{1,18}")


class JobStore(FrameStore):
    """The state of one job on disk. A context manager: the lock is held until it is closed.

    Made by `open` (to work on it) or `load` (to look at it). All frame indices count from 0 in the source.

    directory: the job directory. fingerprint: what makes it this job. settings: everything needed to run the
    same command again.
    """

    def __init__(
        self,
        directory: Path,
        fingerprint: Mapping[str, Any],
        settings: Mapping[str, Any],
        lock: Lock | None,
        inode: int | None = None,
    ) -> None:
        super().__init__(directory, 1, self._require_lock)
        self._made: list[Path] | None = None  # the directories made for it, innermost first, where it is new
        self.fingerprint = fingerprint
        self.settings = settings
        self._lock = lock
        self._inode = inode

    @classmethod
    def open(
        cls,
        directory: Path,
        fingerprint: Mapping[str, Any],
        settings: Mapping[str, Any],
        *,
        restart: bool = False,
    ) -> Self:
        """Create a job, or go on with it when it has the same fingerprint; `settings` replace the old ones.

        A job that has painted nothing yet is replaced by any other.

        restart: drop what an earlier job left in this directory.

        Raises JobMismatch where the directory belongs to a job with another fingerprint; JobBusy where
        another run is working on it; JobError where the directory is not vidstyle's, or its job.json is
        damaged or of another version; OutputError where it cannot be written.
        """
        refuse_foreign(directory)
        made = [path for path in (directory, *directory.parents) if not path.exists()]
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise output_error(directory, error) from error
        lock = Lock(directory / LOCK)
        try:
            store = cls(directory, as_json(fingerprint), as_json(settings), lock)
            if not (directory / JOB).exists():
                store._made = made
            store._take_over(restart)
        except BaseException:
            lock.release()
            raise
        return store

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Look at a job without locking it; nothing may be saved.

        Raises JobError where there is no job, or its job.json is damaged or of another version.
        """
        content = read_job(directory)
        return cls(directory, content["fingerprint"], content["settings"], None, content.get("inode"))

    def _take_over(self, restart: bool) -> None:
        old = read_job(self.directory) if (self.directory / JOB).exists() else None
        for kind in (*FOLDERS, _LEARNING, PARTS):
            self._check_folder(kind)
        found = differences(old["fingerprint"], self.fingerprint) if old else []
        if found and not restart and self.begun:
            raise JobMismatch(mismatch(self.directory, found))
        if found or restart:
            self._clear()  # before the new job.json: a kill in between leaves the old job, with fewer frames
        self._inode = self.directory.stat().st_ino
        content = {"format": FORMAT, "fingerprint": self.fingerprint, "settings": self.settings}
        content |= {"inode": self._inode}
        if content != old:
            write_job(self.directory, content)
        for kind in FOLDERS:
            self._make(kind)
        for number in self.passes()[1:]:
            self.of_pass(number).prepare()
        clear_leftovers(self.directory / name for name in (JOB, _DONE, _END, _NARROWED))

    def close(self) -> None:
        """Let go of the lock."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # One that is stopped is to go on; one that fails with nothing painted is as good as not begun.
        failed = isinstance(error, Exception) and not isinstance(error, Stopped)
        if failed and self._made is not None and not self.begun:
            self._withdraw(self._made)
        self.close()

    def _withdraw(self, made: Iterable[Path]) -> None:
        """Delete all of this job, and the directories that were made for it."""
        with contextlib.suppress(OSError):
            for path in self.directory.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            for path in made:
                path.rmdir()

    @property
    def running(self) -> str | None:
        """The process that is working on this job, as "PID on HOST"; None when there is none."""
        path = self.directory / LOCK
        return (holder(path) or "?") if is_held(path) else None

    @property
    def made_here(self) -> bool:
        """Whether a run on this machine has worked in this directory, and no copy of it was brought here.

        Nobody can know beforehand which inode a directory will have that he sends.
        """
        return self._inode == self.directory.stat().st_ino

    @property
    def begun(self) -> bool:
        """Whether there is anything painted that another job may not replace unasked."""
        learnt_from = any((self.learning / "pictures").glob("*.png"))
        apart = any(self.parts.glob("*/frames/*.png"))
        return learnt_from or apart or bool(self.frames()) or (self.directory / _DONE).exists()

    @property
    def learning(self) -> Path:
        """The folder of what a network is taught by."""
        return self.directory / _LEARNING

    def drop_learning(self) -> None:
        """Give it back to the disk."""
        self._require_lock()
        self._check_folder(_LEARNING)
        shutil.rmtree(self.learning, ignore_errors=True)

    @property
    def parts(self) -> Path:
        """The folder of what is painted apart: see `vidstyle.job.record.shots_file`."""
        return self.directory / PARTS

    def drop_parts(self) -> None:
        """Give it back to the disk. Raises JobBusy, before anything is deleted, where a run works in one."""
        self._require_lock()
        self._check_folder(PARTS)
        for lock in self.parts.glob(f"*/{LOCK}"):
            Lock(lock).release()
        shutil.rmtree(self.parts, ignore_errors=True)

    # Passes

    def of_pass(self, number: int) -> FrameStore:
        """The frames of pass `number`, from 1; this object itself holds those of the first."""
        return self if number == 1 else FrameStore(self.directory, number, self._require_lock)

    def passes(self) -> list[int]:
        """The passes that have begun, ascending."""
        names = (path.name for path in self.directory.glob("frames-*") if path.is_dir())
        later = (int(name[7:]) for name in names if name[7:].isdecimal())
        return sorted({1, *later})

    def drop_frames(self) -> None:
        """Give the disk back once the result is whole; job.json, the shots and the done mark stay."""
        # The last pass first: a kill in between leaves no pass without the one that it began with.
        for number in reversed(self.passes()):
            if number > 1:
                self.of_pass(number).remove()
        self.discard_from(0)

    def _require_lock(self) -> None:
        if self._lock is None:
            raise RuntimeError("this JobStore is closed or was made by load(): it must not be written")

    def _clear(self) -> None:
        self.drop_parts()  # first: nothing is lost where another machine is still painting
        remove_file(self.directory / _DONE)
        remove_file(self.directory / _END)
        remove_file(self.directory / _NARROWED)
        self.drop_frames()
        self.drop_learning()
        for kind in ("shots", "times"):
            self._discard(kind, self._indices(kind))

    # Shots

    def mark_shot(self, start: int) -> None:
        """Note that a shot starts at this frame. Raises OutputError where the mark cannot be written."""
        self._require_lock()
        path = self._path("shots", start)
        try:
            path.touch()
        except OSError as error:
            raise output_error(path, error) from error

    def shot_starts(self) -> list[int]:
        """The first frames of the shots found so far, ascending."""
        return self._indices("shots")

    def mark_time(self, index: int, pts: int) -> None:
        """Note when this frame of the source is shown.

        Raises OutputError where the mark cannot be written.
        """
        self._require_lock()
        write_state(self._path("times", index), str(pts).encode())

    def times(self) -> dict[int, int]:
        """The pts of the frames that were noted, by their indices; unreadable notes are none."""
        found = {}
        for index in self._indices("times"):
            with contextlib.suppress(OSError):
                text = read_plain(self._path("times", index), _MOST_OF_A_NUMBER)
                if re.fullmatch(rb"-?\d{1,18}", text):
                    found[index] = int(text)
        return found

    def mark_end(self, stop: int) -> None:
        """Note that there is no frame from `stop` on: the first pass has come to the end.

        Raises OutputError where the mark cannot be written.
        """
        self._require_lock()
        write_state(self.directory / _END, str(stop).encode())

    def end(self) -> int | None:
        """One past the last frame; None until the first pass has found the end."""
        return self._number(_END)

    def mark_narrowed(self, times: int) -> None:
        """Note how often less memory had to do: whoever goes on goes on with that.

        Raises OutputError where the mark cannot be written.
        """
        self._require_lock()
        write_state(self.directory / _NARROWED, str(times).encode())

    def narrowed(self) -> int:
        """How often less memory had to do than was planned for."""
        return self._number(_NARROWED) or 0

    def _number(self, name: str) -> int | None:
        try:
            text = read_plain(self.directory / name, _MOST_OF_A_NUMBER)
        except OSError:
            return None
        return int(text) if _COUNT.fullmatch(text) else None

    def painted(self) -> int:
        """How many frames have been painted, each counted once for every pass."""
        number = self.passes()[-1]
        each = (self.end() or 0) - (self.shot_starts() or [0])[0]
        return len(self.of_pass(number).frames()) + (number - 1) * each

    # The result

    def mark_done(
        self,
        output: Path,
        files: Iterable[Path] | None = None,
        made_with: Mapping[str, Any] | None = None,
    ) -> None:
        """Note that the result is whole.

        output: as the user named it. files: what it consists of, where it is more than the one file.
        made_with: the settings beyond the fingerprint that it depends on, its codec say; JSON values.

        Raises InputError where a file of the result cannot be read, OutputError where the mark cannot be
        written.
        """
        self._require_lock()
        files = [output] if files is None else files
        Result.of(self.directory, output, files, made_with or {}).write(self.directory / _DONE)

    def done_output(self) -> Path | None:
        """The result that was finished; None before, or when the mark is damaged."""
        result = self._result()
        return result.now_at(result.output, self.directory) if result else None

    def is_done(self, made_with: Mapping[str, Any] | None = None, *, at_once: bool = False) -> bool:
        """Whether the result was finished (with these settings, if given) and still lies there unchanged.

        at_once: look at the sizes of its files, not into them.
        """
        result = self._result()
        if result is None or (made_with is not None and as_json(made_with) != result.made_with):
            return False
        return result.is_unchanged(self.directory, at_once=at_once)

    def may_replace(self, paths: Iterable[Path]) -> bool:
        """Whether all that lies under these names, of files or folders, is known to be this job's to replace.

        A job of this machine was told which names are its own. What else job.json says may be anybody's word:
        then only the unchanged files of a finished result are the job's.
        """
        if self.made_here:
            return True
        result = self._result() if self.is_done() else None
        own = set(result.paths(self.directory)) if result else set()
        lying = [each for path in map(absolute, paths) if exists(path) for each in _files_at(path)]
        return own.issuperset(lying)

    def _result(self) -> Result | None:
        return Result.read(self.directory / _DONE)

    # The disk

    def check_space(self, bytes_needed: int) -> None:
        """Before starting: is there room for what this job will store?

        Raises OutputError where there is not.
        """
        free = shutil.disk_usage(self.directory).free
        if free < bytes_needed:
            raise OutputError(
                f"not enough disk space in {self.directory}: {size(bytes_needed)} needed, "
                f"{size(free)} free; free some, choose a smaller --size, or name another disk with --job DIR"
            )


def _files_at(path: Path) -> list[Path]:
    """A file, or all that lies in a folder."""
    return list(path.iterdir()) if path.is_dir() else [path]
