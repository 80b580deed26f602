"""What the tests of the spine share: stopping after some frames, and looking at what is stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from vidstyle.events import Progress
from vidstyle.video.reader import open_clip

Paint = Callable[..., Path]


class StopAfter:
    """A progress hook and a stop signal: set once `count` frames have been painted."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __call__(self, event: Progress) -> None:
        self.left -= event.phase == "paint"

    def is_set(self) -> bool:
        return self.left <= 0


class StopWhileEncoding:
    """A progress hook and a stop signal: set once a frame has been encoded. painted: frames until then."""

    def __init__(self) -> None:
        self.painted, self._encoded = 0, False

    def __call__(self, event: Progress) -> None:
        self.painted += event.phase == "paint"
        self._encoded |= event.phase == "encode"

    def is_set(self) -> bool:
        return self._encoded


def stored(job: Path, folder: str = "frames") -> dict[str, bytes]:
    """The painted frames in a job directory by name; `folder` for those of a later pass."""
    return {path.name: path.read_bytes() for path in sorted((job / folder).iterdir())}


def pictures(path: Path) -> list[np.ndarray]:
    return [frame.pixels for frame in open_clip(path).frames()]
