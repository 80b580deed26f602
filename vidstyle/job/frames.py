"""The painted frames of one pass, on disk."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from vidstyle.atomic import final_of
from vidstyle.errors import FrameDamaged, JobError
from vidstyle.job.checksum import Checksums, checksums_at, fits, verified, with_checksums
from vidstyle.job.files import output_error, read, write_state

FOLDERS = ("frames", "carry", "shots", "times")
_KINDS = ("frames", "carry")  # those that every pass has its own of
# A damaged picture is put aside, among the pictures: its checksums tell whether the new one is the same.
_SUFFIXES = {"frames": ".png", "carry": ".safetensors", "shots": "", "times": "", "damaged": ".damaged"}


class FrameStore:
    """Painted frames and what they leave for later ones: frames/ and carry/, of later passes frames-2/ ...

    A frame's name appears when it is whole, and is its done mark. Indices count from 0 in the source.

    directory: the job directory. number: of the pass, from 1.
    require_lock: raises where nothing may be written.
    """

    def __init__(self, directory: Path, number: int, require_lock: Callable[[], None]) -> None:
        self.directory = directory
        self.number = number
        self._require_lock = require_lock

    def _folder(self, kind: str) -> Path:
        if kind == "damaged":
            kind = "frames"
        several = kind in _KINDS and self.number > 1
        return self.directory / (f"{kind}-{self.number}" if several else kind)

    def _path(self, kind: str, index: int) -> Path:
        return self._folder(kind) / f"{index:08d}{_SUFFIXES[kind]}"

    def _indices(self, kind: str) -> list[int]:
        pattern = re.compile(rf"(\d{{8,}}){re.escape(_SUFFIXES[kind])}")
        try:
            with os.scandir(self._folder(kind)) as entries:
                matches = [pattern.fullmatch(entry.name) for entry in entries]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise JobError(f"cannot list {self._folder(kind)}: {error.strerror}") from error
        return sorted(int(match[1]) for match in matches if match)

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

    def save_frame(
        self, index: int, picture: bytes, carry: bytes | None = None, *, flush: bool = True
    ) -> None:
        """Store a painted frame (an encoded picture) and what the next frame needs of it.

        flush: wait until it is on the disk. A frame that a stopped machine has not written is found damaged
        by its checksums, and painted anew: that is cheaper where a frame is painted faster than written.
        Raises OutputError where the disk is full or cannot be written; the frames before are untouched.
        """
        self._require_lock()
        # Never a new carry beside an older picture, whenever the process may be killed.
        self._discard("frames", [index])
        self._discard("carry", [index])
        if carry is not None:
            write_state(self._path("carry", index), carry, flush)
        write_state(self.frame_path(index), with_checksums(picture, carry), flush)
        self._discard("damaged", [index])

    def load_frame(self, index: int) -> bytes:
        """The encoded picture of a stored frame.

        Raises FrameDamaged where it is not what was stored, JobError where it is not stored or cannot be
        read.
        """
        try:
            return verified(read(self.frame_path(index)))
        except ValueError as error:
            raise self.damaged(index) from error

    def load_carry(self, index: int) -> bytes | None:
        """What a stored frame left for the next one; None where it left nothing.

        Raises FrameDamaged where it is not what was stored, JobError where it cannot be read.
        """
        path = self._path("carry", index)
        carry = read(path) if path.exists() else None
        if not fits(self.frame_path(index), carry):
            raise self.damaged(index)
        return carry

    def discard_from(self, index: int) -> None:
        """Forget this frame and all later ones."""
        # The last first: a kill in between leaves no gap.
        self.discard(i for i in reversed(self._indices("frames")) if i >= index)
        self._discard("carry", (i for i in self._indices("carry") if i >= index))
        self._discard("damaged", (i for i in self._indices("damaged") if i >= index))

    def discard(self, indices: Iterable[int]) -> None:
        """Forget these frames, in this order."""
        for index in indices:
            self._discard("frames", [index])
            self._discard("carry", [index])

    def adopt(self, index: int, other: FrameStore) -> None:
        """Take a frame over from another store on the same disk, checked; once more where a run was killed.

        Raises FrameDamaged where it is not what was stored, and has been put aside there; JobError where it
        is not stored or cannot be read; OutputError where it cannot be moved.
        """
        self._require_lock()
        moves = [(other._path(kind, index), self._path(kind, index)) for kind in ("carry", "frames")]
        (carry, own_carry), (picture, _) = moves
        other.load_frame(index)
        # Where it was moved without its picture it lies here already.
        if not carry.exists() and own_carry.exists() and fits(picture, read(own_carry)):
            moves = moves[1:]
        else:
            other.load_carry(index)
            self.discard([index])
        try:
            for before, now in moves:
                if before.exists():
                    before.replace(now)
        except OSError as error:
            raise output_error(picture, error) from error

    # Damage

    def damaged(self, index: int) -> FrameDamaged:
        """Put a stored frame aside that is not what was stored; returns the error to raise."""
        self._require_lock()
        self._check_folder("frames")
        try:
            self.frame_path(index).replace(self._path("damaged", index))
        except OSError as error:
            raise output_error(self.frame_path(index), error) from error
        self._discard("carry", [index])
        number = f" of pass {self.number}" if self.number > 1 else ""
        return FrameDamaged(f"painted frame {index}{number} was damaged on disk: it is painted anew")

    def differs_from_damaged(self, index: int, picture: bytes, carry: bytes | None) -> bool:
        """Whether this is to replace a damaged frame that was different, or may have been.

        What was painted from that one should then be painted anew.
        """
        aside = self._path("damaged", index)
        return aside.exists() and checksums_at(aside) != Checksums.of(picture, carry)

    def prepare(self) -> None:
        """Make the folders, and clear away what a killed run left half written.

        Raises JobError where a folder is a link or a file, which is not ours to write through; OutputError
        where they cannot be made.
        """
        self._require_lock()
        for kind in _KINDS:
            self._make(kind)

    def remove(self) -> None:
        """Forget the whole pass, its folders included."""
        self.discard_from(0)
        for kind in _KINDS:
            if self._folder(kind).is_dir() and not any(self._folder(kind).iterdir()):
                self._folder(kind).rmdir()

    def _make(self, kind: str) -> None:
        folder = self._folder(kind)
        self._check_folder(kind)
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise output_error(folder, error) from error
        for path in list(folder.iterdir()):
            final = final_of(path)
            if final and re.fullmatch(rf"\d{{8,}}{re.escape(_SUFFIXES[kind])}", final.name):
                remove_file(path)

    def _check_folder(self, kind: str) -> None:
        folder = self._folder(kind)
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise JobError(
                f"{folder} should be a plain directory; move it away, or name another job with --job DIR"
            )

    def _discard(self, kind: str, indices: Iterable[int]) -> None:
        self._require_lock()
        self._check_folder(kind)
        for index in indices:
            remove_file(self._path(kind, index))


def remove_file(path: Path) -> None:
    """Delete a file that may be gone already. Raises OutputError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(path, error) from error
