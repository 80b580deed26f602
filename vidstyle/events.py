"""What a run says of itself, and what it asks its caller. No torch, so that the command line stays fast."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from vidstyle.errors import Stopped

if TYPE_CHECKING:
    from torch import Tensor


Notice = Callable[[str], None]
"""Takes what the user should know, a line at a time."""


def say_nothing(line: str) -> None:
    """The notice of those who do not listen."""


PHASES = {
    "paint": "painting",
    "encode": "encoding",
    "measure": "measuring",
    "flow": "estimating flow",
    "learn": "learning",
    "shots": "finding shots",
    "join": "joining shots",
    "keys": "painting key frames",
}
"""What a run does, in words, by the phase that its progress tells."""


@dataclass(frozen=True)
class Progress:
    """A frame was finished. phase: "paint", "encode", "measure", "flow", "shots" (it was looked at to find
    them), "keys" (a key frame was painted), "join" (it was painted apart, and brought to the others) or, of
    steps, "learn".

    done, total: frames of this phase, of all passes; total is None where the source does not say, and an
    estimate for most videos. pass_number: from 1. frame, shot: indices from 0. loss, steps: of this frame;
    None and 0 unless it was painted by a method that has them.
    seconds_per_frame, seconds_left: by the pace of this run; None before it is known.
    """

    phase: str
    done: int
    total: int | None
    frame: int
    shot: int
    loss: float | None = None
    steps: int = 0
    seconds_per_frame: float | None = None
    seconds_left: float | None = None
    pass_number: int = 1


@dataclass(frozen=True)
class StepInfo:
    """One step of a search, as an observer sees it.

    step: from 1, counted anew in every search. losses: the weighted terms that the step began with, scalars
    on the device. image: gives the picture that the search would return if it ended now, float32 (3, H, W) in
    [0, 1]; it is made when asked for.
    """

    step: int
    losses: Mapping[str, Tensor]
    image: Callable[[], Tensor]


Observer = Callable[[StepInfo], None]
"""Called after every step; it may look, and must not change what it is shown."""


@dataclass(frozen=True)
class SearchLosses:
    """One search of a picture, or of features, of this size. losses: each weighted term at every step."""

    height: int
    width: int
    losses: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class FrameLosses:
    """How a frame was painted. frame, shot: indices from 0; pass_number: from 1.

    searches: in their order, coarse to fine. steps, losses: of the frame as it was kept.
    """

    frame: int
    shot: int
    pass_number: int
    steps: int
    losses: Mapping[str, float]
    searches: Sequence[SearchLosses]


class StopSignal(Protocol):
    """Like a threading.Event: once set, the run stops after the frame in hand."""

    def is_set(self) -> bool: ...


@dataclass(frozen=True)
class Hooks:
    """How a run speaks to its caller; whatever is None is not wanted.

    progress: takes every frame that is finished. notice: takes lines for the user. stop: asked after every
    frame. begun: takes the job directory, once everything has been checked and painting begins or goes on.
    losses: takes how the losses of each frame fell.
    """

    progress: Callable[[Progress], None] | None = None
    notice: Notice | None = None
    stop: StopSignal | None = None
    begun: Callable[[Path], None] | None = None
    losses: Callable[[FrameLosses], None] | None = None

    def report(self, event: Progress) -> None:
        """A frame was finished. Raises Stopped where the caller wants to stop."""
        if self.progress is not None:
            self.progress(event)
        self.check_stop()

    def tell(self, line: str) -> None:
        """A line for the user."""
        if self.notice is not None:
            self.notice(line)

    def begin(self, directory: Path) -> None:
        """The job in this directory begins or goes on."""
        if self.begun is not None:
            self.begun(directory)

    def check_stop(self) -> None:
        """Raises Stopped where the caller wants to stop."""
        if self.stop is not None and self.stop.is_set():
            raise Stopped("stopped; everything finished is saved")


class Pace:
    """Counts the frames that a phase of a run finishes, and foretells the rest by the time they took.

    total: frames in all; None where it is not known. done: those that an earlier run has finished.
    """

    def __init__(self, phase: str, total: int | None, done: int = 0) -> None:
        self.phase, self.total, self.done = phase, total, done
        self._before, self._started = done, time.monotonic()

    def finished(self, frame: int, shot: int, **more: Any) -> Progress:
        """The event of one more frame. more: further fields of `Progress`."""
        self.done += 1
        each = (time.monotonic() - self._started) / (self.done - self._before)
        left = None if self.total is None else max(0, self.total - self.done) * each
        times = {"seconds_per_frame": each, "seconds_left": left}
        return Progress(self.phase, self.done, self.total, frame, shot, **(times | more))
