"""The job directory: every finished frame, kept so that a run can be killed at any moment and go on.

    OUT.vidstyle/
        job.json                     what makes it this job (fingerprint), how to run it again (settings)
        frames/00000012.png          a painted frame; the name appears when it is whole, and is its done mark
        carry/00000012.safetensors   what the next frame needs of it, written before its picture
        shots/00000120               empty: a shot starts at frame 120
        done                         the result is whole: its files and their digest
        vidstyle.lock                held while a run is working here

Progress is derived by listing; nothing is counted in a ledger that could disagree with the files.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from vidstyle.errors import InputError, JobError, JobMismatch, OutputError
from vidstyle.job.files import Lock, holder, is_held, output_error, read, temporary, write_whole
from vidstyle.job.fingerprint import as_json, differences, digest
from vidstyle.job.record import FORMAT, JOB, LOCK, mismatch, read_job, refuse_foreign, write_job

_DONE = "done"
_SUFFIXES = {"frames": ".png", "carry": ".safetensors", "shots": ""}


class JobStore:
    """The state of one job on disk. A context manager: the lock is held until it is closed.

    Made by `open` (to work on it) or `load` (to look at it). All frame indices count from 0 in the source.

    Attributes:
        directory: the job directory.
        fingerprint: what makes it this job.
        settings: everything needed to run the same command again.
    """

    def __init__(
        self, directory: Path, fingerprint: Mapping[str, Any], settings: Mapping[str, Any], lock: Lock | None
    ) -> None:
        self.directory = directory
        self.fingerprint = fingerprint
        self.settings = settings
        self._lock = lock

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

        Raises:
            JobMismatch: the directory belongs to a job with another fingerprint.
            JobBusy: another run is working on it.
            JobError: the directory is not vidstyle's, or its job.json is damaged or newer than this program.
            OutputError: it cannot be written.
        """
        refuse_foreign(directory)
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise output_error(directory, error) from error
        lock = Lock(directory / LOCK)
        try:
            store = cls(directory, as_json(fingerprint), as_json(settings), lock)
            store._take_over(restart)
        except BaseException:
            lock.release()
            raise
        return store

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Look at a job without locking it; nothing may be saved.

        Raises:
            JobError: there is no job, or its job.json is damaged or newer than this program.
        """
        content = read_job(directory)
        return cls(directory, content["fingerprint"], content["settings"], None)

    def _take_over(self, restart: bool) -> None:
        old = read_job(self.directory) if (self.directory / JOB).exists() else None
        for kind in _SUFFIXES:
            self._check_subdirectory(kind)
        found = differences(old["fingerprint"], self.fingerprint) if old else []
        if found and not restart and (self.frames() or (self.directory / _DONE).exists()):
            raise JobMismatch(mismatch(self.directory, found))
        if found or restart:
            self._clear()  # before the new job.json: a kill in between leaves the old job, with fewer frames
        content = {"format": FORMAT, "fingerprint": self.fingerprint, "settings": self.settings}
        if content != old:
            write_job(self.directory, content)
        for kind in _SUFFIXES:
            try:
                (self.directory / kind).mkdir(exist_ok=True)
            except OSError as error:
                raise output_error(self.directory / kind, error) from error
        self._remove_partials()

    def _check_subdirectory(self, kind: str) -> None:
        path = self.directory / kind
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise JobError(
                f"{path} should be a plain directory; move it away, or name another job with --job DIR"
            )

    def _remove_partials(self) -> None:
        for name in (JOB, _DONE):
            _remove(temporary(self.directory / name))
        for kind, suffix in _SUFFIXES.items():
            for path in list((self.directory / kind).iterdir()):
                if re.fullmatch(rf"\.\d{{8,}}{re.escape(suffix)}\.tmp", path.name):
                    _remove(path)

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
        self.close()

    @property
    def running(self) -> str | None:
        """The process that is working on this job, as "PID on HOST"; None when there is none."""
        path = self.directory / LOCK
        return (holder(path) or "?") if is_held(path) else None

    # Frames

    def _path(self, kind: str, index: int) -> Path:
        return self.directory / kind / f"{index:08d}{_SUFFIXES[kind]}"

    def _indices(self, kind: str) -> list[int]:
        pattern = re.compile(rf"(\d{{8,}}){re.escape(_SUFFIXES[kind])}")
        try:
            names = [path.name for path in (self.directory / kind).iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise JobError(f"cannot list {self.directory / kind}: {error.strerror}") from error
        return sorted(int(match[1]) for match in map(pattern.fullmatch, names) if match)

    def frame_path(self, index: int) -> Path:
        """Where the painted frame is, or will be."""
        return self._path("frames", index)

    def has_frame(self, index: int) -> bool:
        return self.frame_path(index).is_file()

    def frames(self) -> list[int]:
        """The indices of the stored frames, ascending."""
        return self._indices("frames")

    def next_frame(self, start: int, stop: int | None = None) -> int:
        """The first frame of [start, stop) that is not stored; `stop` when all are."""
        stored = set(self.frames())
        index = start
        while index in stored and index != stop:
            index += 1
        return index

    def save_frame(self, index: int, picture: bytes, carry: bytes | None = None) -> None:
        """Store a painted frame (an encoded picture) and what the next frame needs of it.

        Raises:
            OutputError: the disk is full or cannot be written; the frames before are untouched.
        """
        self._require_lock()
        # Never a new carry beside an older picture, whenever the process may be killed.
        self.discard_frame(index)
        if carry is not None:
            write_whole(self._path("carry", index), carry)
        write_whole(self.frame_path(index), picture)

    def load_frame(self, index: int) -> bytes:
        """The encoded picture of a stored frame.

        Raises:
            JobError: it is not stored or cannot be read.
        """
        return read(self.frame_path(index))

    def load_carry(self, index: int) -> bytes | None:
        """What a stored frame left for the next one; None where it left nothing or it was dropped.

        Raises:
            JobError: it cannot be read.
        """
        path = self._path("carry", index)
        return read(path) if path.exists() else None

    def discard_frame(self, index: int) -> None:
        """Forget a stored frame, one that turned out damaged say."""
        self._discard("frames", [index])
        self._discard("carry", [index])

    def discard_from(self, index: int) -> None:
        """Forget this frame and all later ones."""
        # The last first: a kill in between leaves no gap.
        for kind in ("frames", "carry"):
            self._discard(kind, (i for i in reversed(self._indices(kind)) if i >= index))

    def drop_frames(self) -> None:
        """Give the disk back once the result is whole; job.json, the shots and the done mark stay."""
        self.discard_from(0)

    def drop_carry(self, before: int) -> None:
        """Forget what frames before this one left, when no later frame needs it."""
        self._discard("carry", (i for i in self._indices("carry") if i < before))

    def _discard(self, kind: str, indices: Iterable[int]) -> None:
        self._require_lock()
        self._check_subdirectory(kind)
        for index in indices:
            _remove(self._path(kind, index))

    def _require_lock(self) -> None:
        if self._lock is None:
            raise RuntimeError("this JobStore is closed or was made by load(): it must not be written")

    def _clear(self) -> None:
        _remove(self.directory / _DONE)
        self.discard_from(0)
        self._discard("shots", self._indices("shots"))

    # Shots

    def mark_shot(self, start: int) -> None:
        """Note that a shot starts at this frame.

        Raises:
            OutputError: the mark cannot be written.
        """
        self._require_lock()
        path = self._path("shots", start)
        try:
            path.touch()
        except OSError as error:
            raise output_error(path, error) from error

    def shot_starts(self) -> list[int]:
        """The first frames of the shots found so far, ascending."""
        return self._indices("shots")

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

        Raises:
            InputError: a file of the result cannot be read.
            OutputError: the mark cannot be written.
        """
        self._require_lock()
        parts = [path.absolute() for path in ([output] if files is None else files)]
        checksum = digest(parts)  # the first to touch the files: it names the one that cannot be read
        record = {
            "output": str(output.absolute()),
            "files": {str(path): path.stat().st_size for path in parts},
            "sha256": checksum,
            "made_with": as_json(made_with or {}),
        }
        write_whole(self.directory / _DONE, json.dumps(record, ensure_ascii=False).encode())

    def done_output(self) -> Path | None:
        """The result that was finished; None before, or when the mark is damaged."""
        record = self._done_record()
        return Path(record["output"]) if record else None

    def is_done(self, made_with: Mapping[str, Any] | None = None) -> bool:
        """Whether the result was finished (with these settings, if given) and still lies there unchanged."""
        record = self._done_record()
        if record is None or (made_with is not None and as_json(made_with) != record["made_with"]):
            return False
        files = [Path(name) for name in record["files"]]
        try:
            if [path.stat().st_size for path in files] != list(record["files"].values()):
                return False
            return digest(files) == record["sha256"]
        except (OSError, InputError):
            return False

    def _done_record(self) -> dict[str, Any] | None:
        try:
            record = json.loads((self.directory / _DONE).read_bytes())
        except (OSError, ValueError):
            return None
        shape = {"output": str, "files": dict, "sha256": str, "made_with": dict}
        good = isinstance(record, dict) and all(
            isinstance(record.get(key), kind) for key, kind in shape.items()
        )
        return record if good else None

    # The disk

    def check_space(self, bytes_needed: int) -> None:
        """Before starting: is there room for what this job will store?

        Raises:
            OutputError: there is not.
        """
        free = shutil.disk_usage(self.directory).free
        if free < bytes_needed:
            raise OutputError(
                f"not enough disk space in {self.directory}: {_size(bytes_needed)} needed, "
                f"{_size(free)} free; free some, choose a smaller --size, or name another disk with --job DIR"
            )


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(path, error) from error


def _size(count: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
