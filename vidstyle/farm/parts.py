"""Where a job is kept whose shots are painted apart, and how far they are.

OUT.vidstyle/
    job.json, frames/ ...         as of any job; frames once the shots are joined
    parts/
        shots.json                what looking through the clip has found, and the work that each shot is
        0001/                     the first shot: a job directory as this one, with a lock of its own

What is painted is known by listing, as everywhere: a frame is painted where it lies in its part or, once the
shots are joined, in the job itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidstyle.errors import JobError, UsageError
from vidstyle.job import LOCK, FrameStore, JobStore, is_split, shots_file
from vidstyle.job.files import read, write_state
from vidstyle.job.lock import holder, is_held
from vidstyle.job.record import JOB
from vidstyle.pipeline.known import Known
from vidstyle.plain import json_text, parse_json
from vidstyle.types import Shot


@dataclass(frozen=True)
class Part:
    """A shot of a job. work: its share of that of the whole, above 0 to 1. folder: where it is painted."""

    shot: Shot
    work: float
    folder: Path

    @property
    def number(self) -> int:
        """As it is called, from 1."""
        return self.shot.index + 1

    @property
    def frames(self) -> range:
        assert self.shot.stop is not None
        return range(self.shot.start, self.shot.stop)

    def __str__(self) -> str:
        return f"shot {self.number} (frames {self.frames[0]} to {self.frames[-1]})"


@dataclass(frozen=True)
class Parts:
    """The shots of a job.

    directory: of the job; folder: in it, of its parts. work: of each shot, together 1. passes: of painting.
    digest: of what they are painted from and may change within a job, as when they were found.
    """

    directory: Path
    folder: Path
    known: Known
    work: Sequence[float]
    passes: int
    digest: str

    @classmethod
    def load(cls, job: Path) -> Parts:
        """Of a job that is split. Raises JobError where it is not, or what was found is damaged."""
        store = JobStore.load(job)
        path = shots_file(job)
        if not is_split(job):
            raise JobError(f"{job} is not split into shots; vidstyle shots INPUT ... does it")
        try:
            found = parse_json(read(path))
            known, work = Known.from_json(found), [float(each) for each in found["work"]]
            passes, digest = int(store.settings["passes"]), str(found["digest"])
            if len(work) != len(known.shots) or min(work) <= 0:
                raise ValueError("the work of its shots")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise JobError(
                f"{path} is damaged ({error}); vidstyle shots --restart finds them anew"
            ) from error
        return cls(job, store.parts, known, work, passes, digest)

    @classmethod
    def made(cls, store: JobStore, known: Known, work: Sequence[float], passes: int, digest: str) -> Parts:
        """Those that were found, written into a job. work: of each shot, in any unit."""
        shares = [each / sum(work) for each in work]
        store.parts.mkdir(exist_ok=True)
        found = {**known.to_json(), "work": shares, "digest": digest}
        write_state(shots_file(store.directory), json_text(found).encode())
        return cls(store.directory, store.parts, known, shares, passes, digest)

    @property
    def all(self) -> list[Part]:
        """In the order of the clip."""
        return [self._part(index) for index in range(len(self.known.shots))]

    def longest_first(self) -> list[Part]:
        """As they are best given out: what takes longest is not left for the end."""
        return sorted(self.all, key=lambda part: part.work, reverse=True)

    def part(self, number: int) -> Part:
        """Raises UsageError where there is none of this number."""
        if not 1 <= number <= len(self.known.shots):
            raise UsageError(f"{self.directory} has shots 1 to {len(self.known.shots)}, and no shot {number}")
        return self._part(number - 1)

    def _part(self, index: int) -> Part:
        return Part(self.known.shots[index], self.work[index], self.folder / f"{index + 1:04d}")

    def missing(self) -> list[Part]:
        """Those of which not all frames are painted, in the order of the clip."""
        return [part for part, left in self.left(self.all) if left]

    def is_whole(self, part: Part) -> bool:
        """Whether all frames of a shot are painted."""
        return not self.left([part])[0][1]

    def left(self, parts: Sequence[Part]) -> list[tuple[Part, int]]:
        """How many frames of each of these are not painted yet."""
        # First the parts, then the job: a frame that is moved meanwhile is seen in one of the two.
        apart = [(part, set(part.frames).difference(self._frames(part.folder))) for part in parts]
        joined = self._frames(self.directory) if any(left for _, left in apart) else []
        return [(part, len(left.difference(joined))) for part, left in apart]

    def progress(self) -> list[dict[str, Any]]:
        """How far each shot is, as JSON values.

        painted: how often a frame of it has been, in all passes. left: frames that are not, in the last one.
        """
        return [
            {
                "number": part.number,
                "start": part.frames.start,
                "stop": part.frames.stop,
                "painted": self._painted(part, left),
                "left": left,
                "process": self.running(part),
            }
            for part, left in self.left(self.all)
        ]

    def _painted(self, part: Part, left: int) -> int:
        if not left:
            return self.passes * len(part.frames)
        return JobStore.load(part.folder).painted() if (part.folder / JOB).is_file() else 0

    def _frames(self, folder: Path) -> list[int]:
        return FrameStore(folder, self.passes, _only_looked_at).frames()

    def running(self, part: Part) -> str | None:
        """The process that is painting a shot, as "PID on HOST"; None where there is none."""
        lock = part.folder / LOCK
        return (holder(lock) or "?") if is_held(lock) else None


def _only_looked_at() -> None:
    raise RuntimeError("this store of frames is only looked at")
